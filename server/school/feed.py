"""Lessons as iCalendar (RFC 5545): what a phone's calendar subscribes to. No personal names: the file leaves the system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from icalendar import Calendar, Event

from server.accounts.caller import Caller
from server.accounts.office import Office
from server.domain.orgs import Classroom, Org
from server.domain.schedule import ScheduledLesson
from server.school.today import today

BACK_DAYS, AHEAD_DAYS = 14, 120
AGAIN = timedelta(hours=1)
"""How often programs are asked to look again (RFC 7986 section 5.7)."""
STATUS = {True: "CANCELLED", False: "CONFIRMED"}


@dataclass(frozen=True, slots=True)
class Words:
    """What the file says in the reader's language."""

    name: str
    cancelled: str
    substitute: str


async def feed(office: Office, who: Caller, zone: tzinfo, host: str, words: Words) -> bytes:
    """The caller's lessons from two weeks back to four months ahead, as UTF-8 text with CRLF."""
    now = office.now()
    since = now - int(timedelta(days=BACK_DAYS).total_seconds() * 1000)
    found = [item.lesson for item in (await today(office, who, zone, BACK_DAYS + AHEAD_DAYS, since, own=True)).items]
    rooms = await office.rooms.many({room for one in found for room in (*one.rooms, one.master_classroom or "")})
    homes = await office.orgs.many({room.org for room in rooms.values()})
    return as_ical(found, rooms, homes, datetime.fromtimestamp(now / 1000, UTC), host, words)


def as_ical(
    lessons: Sequence[ScheduledLesson], rooms: Mapping[str, Classroom], homes: Mapping[str, Org], now: datetime, host: str, words: Words
) -> bytes:
    """The file."""
    calendar = Calendar()
    calendar.add("prodid", "-//shuangshi//timetable//")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", words.name)
    calendar.add("refresh-interval", AGAIN, parameters={"VALUE": "DURATION"})
    for lesson in lessons:
        if lesson.starts_at is not None and lesson.ends_at is not None:
            calendar.add_component(_event(lesson, rooms, homes, now, host, words))
    return bytes(calendar.to_ical())


def _event(
    lesson: ScheduledLesson, rooms: Mapping[str, Classroom], homes: Mapping[str, Org], now: datetime, host: str, words: Words
) -> Event:
    cancelled = lesson.phase == "cancelled"
    marks = [words.cancelled] * cancelled + [words.substitute] * bool(lesson.instead_of)
    event = Event()
    event.add("uid", f"{lesson.id}@{host}")
    event.add("dtstamp", now)
    event.add("dtstart", datetime.fromtimestamp((lesson.starts_at or 0) / 1000, UTC))
    event.add("dtend", datetime.fromtimestamp((lesson.ends_at or 0) / 1000, UTC))
    event.add("summary", " ".join([lesson.name, *(f"（{mark}）" for mark in marks)]))
    event.add("sequence", lesson.version)
    event.add("status", STATUS[cancelled])
    if places := [_called(room, rooms, homes) for room in (lesson.master_classroom or "", *lesson.rooms) if room in rooms]:
        event.add("location", "；".join(places))
    return event


def _called(room: str, rooms: Mapping[str, Classroom], homes: Mapping[str, Org]) -> str:
    return f"{homes[rooms[room].org].name} {rooms[room].name}"
