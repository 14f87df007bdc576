"""A lesson follows the master's bell. Where a remote school rings otherwise, the lesson cuts its periods, and that is named (S9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from server.accounts.office import Office
from server.domain.calendar import Period, bell_on, cut
from server.domain.schedule import ScheduledLesson
from server.school.terms import calendar


@dataclass(frozen=True, slots=True)
class OtherBell:
    """A remote classroom that rings otherwise while the lesson is held."""

    classroom: str
    begins: str
    """Of the lesson, `HH:MM` in the school's time zone."""
    ends: str
    periods: tuple[Period, ...]
    """The room's own periods that the lesson touches; none: there is a break then."""


async def other_bells(office: Office, lessons: Iterable[ScheduledLesson], zone: tzinfo) -> list[OtherBell]:
    """Each remote classroom and time once, in the order of the lessons. A school without a bell of its own or above it has no say."""
    planned = [one for one in lessons if one.day and one.starts_at is not None and one.ends_at is not None]
    bells = await calendar(office).bells_of({path for one in planned for path in (one.path, *(room.path for room in one.rooms.values()))})
    found: dict[OtherBell, None] = {}
    for one in planned:
        day = date.fromisoformat(one.day or "")
        begins, ends = (datetime.fromtimestamp((at or 0) / 1000, zone).strftime("%H:%M") for at in (one.starts_at, one.ends_at))
        masters = bell_on(bells[one.path], day)
        for room in one.rooms.values():
            theirs = bell_on(bells[room.path], day)
            touched = None if theirs is None or theirs == masters else cut(theirs, begins, ends)
            if touched is not None:
                found[OtherBell(room.classroom, begins, ends, touched)] = None
    return list(found)
