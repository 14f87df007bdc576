"""The sessions of the worker, as this process knows them: from replies, events and snapshots."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from media.client.messages import SessionState, SlotPlan, SlotState
from server.domain.media_plan import Place, WantedSource, source_key
from server.live.presence import Health
from server.live.tags import Tag, decode_tag

_REMEMBER_CLOSED = 1024


@dataclass(frozen=True, slots=True)
class Configured:
    """What a watcher was last told."""

    labels: tuple[str, ...]
    slots: dict[str, SlotPlan]


@dataclass(slots=True)
class Session:
    """One WHIP or WHEP session."""

    id: str
    tag: Tag
    state: Literal["new", "connected", "disconnected"] = "new"
    slots: dict[str, SlotState] = field(default_factory=dict)
    rtt: int = -1
    loss: float = 0.0
    wall_rooms: tuple[str, ...] = ()
    applied: Configured | None = None
    """None: unknown, so it has to be told again."""

    @property
    def publishes(self) -> bool:
        """It is a publisher's."""
        return self.tag.direction == "publish"

    def places(self) -> list[Place]:
        """The places it feeds."""
        who = self.tag.participant
        return [Place(who, name) for name in self.tag.names] if self.publishes and who else []

    def source_keys(self) -> list[str]:
        """The worker's keys of what it feeds."""
        return [source_key(self.tag.lesson, place) for place in self.places()]

    def health(self) -> Health:
        """For presence."""
        return Health("none" if self.state == "new" else self.state, self.rtt, self.loss)


class Registry:
    """Sessions by id and by lesson."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._lessons: dict[str, dict[str, Session]] = {}
        self._closed: deque[str] = deque(maxlen=_REMEMBER_CLOSED)
        self.sources: dict[str, WantedSource] = {}
        """What the worker was last told about each source key."""

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, session: str) -> Session | None:
        """The session of this id."""
        return self._sessions.get(session)

    def of(self, lesson: str) -> list[Session]:
        """Sessions of a lesson."""
        return list(self._lessons.get(lesson, {}).values())

    def all(self) -> list[Session]:
        """Every session."""
        return list(self._sessions.values())

    def lessons(self) -> list[str]:
        """Lessons with sessions."""
        return list(self._lessons)

    def add(self, session: Session) -> Session | None:
        """Keep a session made by a reply; None if it has closed meanwhile. One known from an event before keeps its state."""
        if session.id in self._closed:
            return None
        known = self._sessions.get(session.id)
        if known:
            known.applied = session.applied
            return known
        self._sessions[session.id] = session
        self._lessons.setdefault(session.tag.lesson, {})[session.id] = session
        return session

    def take(self, state: SessionState) -> Session | None:
        """Update or adopt a session from what the worker says; None if its tag is not ours."""
        known = self._sessions.get(state.session)
        if known is None:
            tag = decode_tag(state.tag)
            if tag is None or tag.direction != state.direction:
                return None
            known = Session(state.session, tag)
            self._sessions[known.id] = known
            self._lessons.setdefault(tag.lesson, {})[known.id] = known
        known.state, known.slots = state.state, dict(state.slots)
        return known

    def drop(self, session: str) -> Session | None:
        """Forget a session that is gone; None if it was not known."""
        self._closed.append(session)
        known = self._sessions.pop(session, None)
        if known is None:
            return None
        mates = self._lessons[known.tag.lesson]
        del mates[session]
        if not mates:
            del self._lessons[known.tag.lesson]
        fed = set(self.fed_keys(known.tag.lesson))
        for key in known.source_keys():
            if key not in fed:
                self.sources.pop(key, None)
        return known

    def replace(self, states: Iterable[SessionState]) -> tuple[list[Session], list[str]]:
        """Take a snapshot for the truth: sessions that are gone, and ids of sessions that are not ours."""
        seen, foreign = set(), []
        for state in states:
            if self.take(state):
                seen.add(state.session)
            else:
                foreign.append(state.session)
        gone = [s for s in self.all() if s.id not in seen]
        for session in gone:
            self.drop(session.id)
        self.forget_applied()
        return gone, foreign

    def forget_applied(self) -> None:
        """Whatever was told may not have arrived: tell it again."""
        for session in self._sessions.values():
            session.applied = None
        self.sources.clear()

    def disconnect_all(self) -> None:
        """The worker is out of sight: nobody is known to be connected."""
        for session in self._sessions.values():
            session.state = "disconnected"

    def fed_places(self, lesson: str) -> set[Place]:
        """Places that have a publisher."""
        return {place for session in self.of(lesson) for place in session.places()}

    def fed_keys(self, lesson: str) -> Iterator[str]:
        """Keys of those places."""
        return (key for session in self.of(lesson) for key in session.source_keys())

    def holders(self, lesson: str, participant: str | None, names: Iterable[str]) -> list[Session]:
        """Publishers of any of these places (S4)."""
        wanted = set(names)
        return [s for s in self.of(lesson) if s.publishes and s.tag.participant == participant and wanted & set(s.tag.names)]
