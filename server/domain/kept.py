"""Where the playable files of one folder of a recording are kept, and what is still to be done for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

KeptState = Literal["waiting", "keeping", "kept", "leaving"]
"""`waiting`: to be kept, now or at the next try. `leaving`: its files are to be deleted wherever they are."""
KEPT_STATES: tuple[KeptState, ...] = get_args(KeptState)
Place = Literal["local", "s3"]


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of the table. Times are UTC ms."""

    recording: str
    folder: str
    """`play`, or a cut's."""
    mark: str
    """SHA-256 of its manifest: another one when it is made anew."""
    state: KeptState
    place: Place
    """Where all of it is; before it is kept elsewhere, here."""
    key_id: str
    """The key that its own key is sealed under; empty: the files are plain."""
    key: bytes | None
    """Its own key, sealed."""
    manifest: bytes | None
    """As it was when it was kept: it is there when the store is not."""
    octets: int
    """As stored, sealing included."""
    lease_until: int
    due: int
    """Not tried again before."""
    tries: int
    """In vain, since it was last well."""
    error: str
    """Code of the error of the last try."""
    damaged: int
    """So many times something in it did not open, or was not what it should be."""
    kept_at: int | None
    captured: bool
    """What it was made of is still there."""

    @property
    def sealed(self) -> bool:
        """Its files do not open without our keys."""
        return bool(self.key_id)
