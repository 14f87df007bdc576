"""What a home page shows: today's lessons of whoever asks, the next one first of all; for offices the board of now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import accumulate

from server.accounts.caller import Caller
from server.accounts.office import Office
from server.accounts.residents import own_rooms, principal_of
from server.domain.lesson_view import project
from server.domain.plan import OPENS_MS
from server.domain.schedule import ScheduledLesson
from server.store.schedule import Outline, class_resource, room_resource, teacher_resource

LATE_MS = 5 * 60_000
"""A lesson that is not live so long after its start is late."""


BOARD = 60
"""Lessons on an office's board."""
ORDER = ("late", "live", "soon", "later", "missed", "over", "cancelled")
"""States on the board: what needs somebody first."""


@dataclass(frozen=True, slots=True)
class Item:
    """One lesson on somebody's page."""

    lesson: ScheduledLesson
    """As far as this one may see it."""
    door: str
    """Where its button leads: `/teach/ID`, `/class/ID`, `/watch/ID`; empty: nothing to enter."""
    state: str
    """`later`, `soon` (the waiting room is open), `live`, `late`, `over`, `missed`, `cancelled`."""


@dataclass(frozen=True, slots=True)
class Today:
    """A home page's lessons."""

    items: tuple[Item, ...]
    next: Item | None
    """The one to enter next."""


def day_bounds(now: int, zone: tzinfo, days: int = 1) -> tuple[int, int]:
    """The day of `now` (and so many in all) in the school's time zone, UTC ms: begin and end."""
    local = datetime.fromtimestamp(now / 1000, zone)
    begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(begin.timestamp() * 1000), int((begin + timedelta(days=days)).timestamp() * 1000)


def state_of(lesson: ScheduledLesson | Outline, now: int) -> str:
    """In one word, for a list."""
    if lesson.phase in ("cancelled", "live", "break"):
        return "cancelled" if lesson.phase == "cancelled" else "live"
    if lesson.phase in ("ended", "archived"):
        return "over"
    if lesson.ends_at is not None and now >= lesson.ends_at:
        return "missed"
    if lesson.starts_at is not None and now >= lesson.starts_at + LATE_MS:
        return "late"
    if lesson.starts_at is None:
        return "soon" if lesson.phase == "open" else "later"
    return "soon" if now >= lesson.starts_at - OPENS_MS else "later"  # one that is open and was moved to the evening is later


async def today(
    office: Office, who: Caller, zone: tzinfo, days: int = 1, since: int | None = None, *, own: bool = False, within: str = ""
) -> Today:
    """Today's lessons of whoever asks; or of so many days from `since` (UTC ms) on. `own`: without those one only
    looks after; `within`: those that a school under this path of the caller's scope teaches or attends.
    """
    now = office.now()
    begin, end = day_bounds(now if since is None else since, zone, days)
    lessons = await office.schedule.under([within], begin, end) if within else await _lessons(office, who, begin, end, own=own)
    items = tuple(_item(who, lesson, now) for lesson in without_replaced(lessons))
    coming = [item for item in items if item.door and item.state in ("live", "late", "soon", "later")]
    running = [item for item in coming if item.state in ("live", "late", "soon")]
    return Today(items, min(running, key=lambda item: _overrun(item, now), default=next(iter(coming), None)))


def _overrun(item: Item, now: int) -> tuple[bool, int]:
    """A lesson that should be over comes after the one whose time it is."""
    lesson = item.lesson
    return lesson.ends_at is not None and now >= lesson.ends_at, lesson.starts_at or 0


def without_replaced(lessons: Iterable[ScheduledLesson]) -> list[ScheduledLesson]:
    """Without those cancelled ones whose course holds another lesson at that time: a day off that became usual again."""
    known = list(lessons)
    held = {(one.course, one.starts_at) for one in known if one.phase != "cancelled" and one.course}
    return [one for one in known if one.phase != "cancelled" or (one.course, one.starts_at) not in held]


@dataclass(frozen=True, slots=True)
class Board:
    """What an office's home page shows of all its schools."""

    items: tuple[Item, ...]
    """What needs somebody first, at most `BOARD` of them."""
    counts: Mapping[str, int]
    """State → how many in all."""

    @property
    def more(self) -> int:
        """How many are not among `items`."""
        return sum(self.counts.values()) - len(self.items)


async def board(office: Office, who: Caller, zone: tzinfo) -> Board:
    """Today's lessons below the caller's organisations, of which only so many as a person can look through are read in full."""
    now = office.now()
    begin, end = day_bounds(now, zone)
    outlines = await office.schedule.outlines(_offices(who), begin, end)
    counts = Counter[str]()
    for one in outlines:
        counts[state_of(one, now)] += one.lessons
    urgent = sorted(outlines, key=lambda one: (ORDER.index(state_of(one, now)), one.starts_at))
    ids = (await office.schedule.outlined(_offices(who), _first(urgent, BOARD)))[:BOARD]
    lessons = _by_id(await office.schedule.many(ids))
    return Board(tuple(_item(who, lessons[one], now) for one in ids if one in lessons), counts)


def _first(outlines: Sequence[Outline], lessons: int) -> list[Outline]:
    """So many of them as hold that many lessons."""
    before = accumulate((one.lessons for one in outlines), initial=0)
    return [one for one, seen in zip(outlines, before, strict=False) if seen < lessons]


def _offices(who: Caller) -> list[str]:
    return [grant.path for grant in who.grants if grant.role in ("admin", "inspector") and grant.path]


async def _lessons(office: Office, who: Caller, begin: int, end: int, *, own: bool) -> list[ScheduledLesson]:
    """By what one is: own lessons for a teacher, the school's for others, the class's for students. Parents have a page of their own."""
    roles = who.roles
    if "device" in roles:
        rooms = [grant.subject for grant in who.grants if grant.role == "device"]
        return await office.schedule.booked([room_resource(room) for room in rooms], begin, end)
    found: dict[str, ScheduledLesson] = {}
    if "student" in roles:
        found |= _by_id(await _of_classes(office, who, begin, end))
    if "teacher" in roles:
        found |= _by_id(await office.schedule.booked([teacher_resource(who.id)], begin, end))
    named = await office.schedule.many([g.subject for g in who.grants if g.role == "assistant" and g.subject])
    found |= _by_id([one for one in named if begin < (one.ends_at or 0) and (one.starts_at or 0) < end])
    looks_after = ("assistant",) if own else ("admin", "inspector", "assistant")
    scopes = [g.path for g in who.grants if g.role in looks_after and g.path]
    if scopes:
        found |= _by_id(await office.schedule.under(scopes, begin, end))
    return sorted(found.values(), key=lambda one: (one.starts_at or 0, one.id))


async def _of_classes(office: Office, who: Caller, begin: int, end: int) -> list[ScheduledLesson]:
    students = await office.students.many([grant.subject for grant in who.grants if grant.role == "student"])
    return await office.schedule.booked([class_resource(one.school_class) for one in students.values()], begin, end)


def _by_id(lessons: Sequence[ScheduledLesson]) -> dict[str, ScheduledLesson]:
    return {one.id: one for one in lessons}


def _item(who: Caller, lesson: ScheduledLesson, now: int) -> Item:
    state = state_of(lesson, now)
    return Item(project(lesson, who.grants, who.id), "" if state in ("over", "missed", "cancelled") else door_of(who, lesson), state)


def door_of(who: Caller, lesson: ScheduledLesson) -> str:
    """The address of the caller's own place in the lesson; empty: none."""
    if principal_of(who, lesson, "master"):
        return f"/teach/{lesson.id}"
    rooms = own_rooms(who, lesson)
    if rooms and principal_of(who, lesson, "classroom"):
        return f"/class/{lesson.id}" + (f"?room={rooms[0].classroom}" if len(rooms) > 1 else "")
    return f"/watch/{lesson.id}" if principal_of(who, lesson, "viewer") else ""
