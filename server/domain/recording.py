"""A lesson's recording, from its first take to its removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

State = Literal["live", "ended", "making", "ready", "failed", "empty"]
"""`live`: is captured now, or paused. `ended`: waits to be made playable. `empty`: nothing was captured of it."""
STATES: tuple[State, ...] = get_args(State)

Thin = Literal["waiting", "making", "done", "failed", "off"]
"""Films for weak links, of a recording that is `ready`: `done` also where none is needed, `off` where the installation makes none. What is kept
elsewhere waits until it is none of the first two.
"""
CutState = Literal["waiting", "making", "ready", "failed", "going"]
"""`going`: no resource needs it any more."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One row of the table. Times are UTC ms."""

    id: str
    lesson: str
    begun: int
    ended: int | None
    state: State
    error: str = ""
    """Why it could not be made playable: the code of an error."""
    lease_until: int = 0
    """While it is made: until when whoever makes it may be silent."""
    tries: int = 0
    octets: int = 0
    """Of its playable files."""
    duration_ms: int = 0
    missing_ms: int = 0
    """Of the duration, in which something is missing that nobody wanted to be."""
    keep_until: int | None = None
    """None: for good."""
    removed: int | None = None
    """Its files are gone since."""
    thin: Thin = "waiting"
    thin_lease: int = 0
    thin_tries: int = 0

    @property
    def playable(self) -> bool:
        """Whether there is something to be watched."""
        return self.state == "ready" and self.removed is None


@dataclass(frozen=True, slots=True)
class Cut:
    """A row of the table of cuts: a span of a recording, on the lesson clock."""

    recording: str
    begin_ms: int
    end_ms: int
    state: CutState = "waiting"
    lease_until: int = 0
    tries: int = 0
    made: int | None = None
    """Since when there is one, UTC ms."""

    @property
    def usable(self) -> bool:
        """Whether it can be played, even while it is made anew."""
        return self.made is not None and self.state != "going"


@dataclass(frozen=True, slots=True)
class Viewing:
    """What one person watched of a recording."""

    person: str
    """Or a student."""
    first_at: int
    last_at: int
    position_ms: int
    """Where they were last, on the lesson clock."""
    times: int
