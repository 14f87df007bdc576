"""A lesson as the timetable knows it: when, where, who. What happens in it is the log's matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.domain.lesson import Phase
from server.domain.permissions import Where


@dataclass(frozen=True, slots=True)
class ScheduledRoom:
    """One remote classroom of a lesson."""

    classroom: str
    participant: str
    """The classroom's id in the lesson's log: opaque, of this lesson only."""
    school_class: str | None
    path: str
    """Path of the organisation the room belongs to."""


@dataclass(frozen=True, slots=True)
class ScheduledLesson:
    """One row of the timetable. A lesson made by hand has no organisation, no times and no rooms."""

    id: str
    name: str
    phase: Phase
    version: int
    org: str | None = None
    path: str = ""
    """Path of the master's organisation."""
    course: str | None = None
    slot: str | None = None
    """`SLOT@DAY` of the course's plan that it was made for, wherever it is held: DAY is the day whose timetable it follows."""
    day: str | None = None
    """`YYYY-MM-DD` in the school's time zone."""
    period: int | None = None
    starts_at: int | None = None
    """UTC ms."""
    ends_at: int | None = None
    unit: str = ""
    subject: str = ""
    stage: str = ""
    """`primary`, `junior`, `senior`; empty: not said."""
    grade: str = ""
    edition: str = ""
    """Textbook edition 教材版本."""
    volume: str = ""
    """册次."""
    teacher: str | None = None
    """Who teaches: the substitute where one is named."""
    instead_of: str | None = None
    master_classroom: str | None = None
    school_class: str | None = None
    rehearsal: bool = False
    moved: bool = False
    """An office moved it by hand: publishing its course leaves it there."""
    live_at: int | None = None
    ended_at: int | None = None
    rooms: Mapping[str, ScheduledRoom] = field(default_factory=dict)
    """Remote classroom → its part."""

    def where(self) -> Where:
        """What permissions ask about."""
        rooms = {room.classroom: room.path for room in self.rooms.values()}
        if self.master_classroom:
            rooms[self.master_classroom] = self.path
        people = frozenset({self.teacher} if self.teacher else ())
        classes = frozenset(one for one in (self.school_class, *(room.school_class for room in self.rooms.values())) if one)
        return Where(self.path, self.id, people, rooms, classes)
