"""One WHIP or WHEP session as the control protocol knows it, and the bounded table of them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from media.client.messages import SessionState, SlotState, SourceState
from media.errors import NoSuchSession, TableFull

CAPACITY = 2000
"""Sessions of one worker."""


@dataclass(slots=True)
class Session:
    """One WHIP or WHEP session as the control protocol knows it."""

    number: int
    name: str
    direction: Literal["publish", "watch"]
    owner: str
    tag: str
    token_hash: str
    state: Literal["new", "connected", "disconnected"] = "new"
    transport: Literal["", "udp", "tcp"] = ""
    generation: int = 1
    """Counts ICE restarts: part of the ETag."""
    as_of: int = 0
    """How new the newest decision about it is, in the controllers' count."""
    labels: tuple[str, ...] = ()
    mids: tuple[str, ...] = ()
    sources: dict[str, SourceState] = field(default_factory=dict)
    """By key."""
    slots: dict[str, SlotState] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        """Names the ICE session (RFC 9725 4.3.1), quotes included."""
        return f'"{self.name}-{self.generation}"'

    def overtaken(self, as_of: int) -> bool:
        """Whether a newer decision about this session was carried out already; otherwise this one is the newest now."""
        if as_of < self.as_of:
            return True
        self.as_of = as_of
        return False

    def describe(self) -> SessionState:
        """The session as snapshots and events tell it."""
        return SessionState(
            session=self.name,
            direction=self.direction,
            state=self.state,
            etag=self.etag,
            owner=self.owner,
            tag=self.tag,
            token_hash=self.token_hash,
            labels=self.labels,
            sources=tuple(self.sources.values()),
            slots=dict(self.slots),
            transport=self.transport,
        )


class SessionTable:
    """Sessions by name and by number. Numbers are never used twice in one process."""

    def __init__(self, worker_id: str, capacity: int = CAPACITY) -> None:
        self._worker_id = worker_id
        self._capacity = capacity
        self._by_name: dict[str, Session] = {}
        self._by_number: dict[int, Session] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._by_name.values()))

    def new(self, direction: Literal["publish", "watch"], owner: str, tag: str, token_hash: str) -> Session:
        """A session with a fresh name, not yet in the table; raises `TableFull`."""
        if len(self) >= self._capacity:
            raise TableFull(f"{self._capacity} sessions")
        self._last += 1
        name = f"{self._worker_id}-{secrets.token_hex(8)}"
        return Session(self._last, name, direction, owner, tag, token_hash)

    def add(self, session: Session) -> None:
        """Make the session findable."""
        self._by_name[session.name] = self._by_number[session.number] = session

    def remove(self, session: Session) -> bool:
        """Forget it; False if it was gone already."""
        self._by_number.pop(session.number, None)
        return self._by_name.pop(session.name, None) is not None

    def named(self, name: str) -> Session:
        """The session of this name; raises `NoSuchSession`."""
        session = self._by_name.get(name)
        if session is None:
            raise NoSuchSession(name)
        return session

    def numbered(self, number: int) -> Session | None:
        """The session of this number, None if it is gone."""
        return self._by_number.get(number)

    def feeding(self, key: str) -> Session | None:
        """The publisher of a source key, if there is one."""
        return next((session for session in self._by_name.values() if key in session.sources), None)
