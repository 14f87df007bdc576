"""Lessons as the timetable knows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, or_, select, union_all

from server.domain.lesson import Phase
from server.domain.schedule import ScheduledLesson, ScheduledRoom
from server.store.database import Database, chunks
from server.store.tables import booking, classroom, lesson, lesson_room, org

_FIELDS = (
    "id",
    "name",
    "phase",
    "version",
    "org",
    "course",
    "slot",
    "day",
    "period",
    "starts_at",
    "ends_at",
    "unit",
    "subject",
    "stage",
    "grade",
    "edition",
    "volume",
    "teacher",
    "instead_of",
    "master_classroom",
    "school_class",
    "rehearsal",
    "moved",
    "live_at",
    "ended_at",
)


_WITH_ORG = lesson.outerjoin(org, org.c.id == lesson.c.org)
LONGEST_MS = 24 * 3_600_000
"""No lesson lasts longer: what touches a moment began within this time before it, so that an index finds it."""


@dataclass(frozen=True, slots=True)
class Outline:
    """Lessons that counting and ordering need not tell apart: bells ring at the same time for many."""

    phase: Phase
    starts_at: int
    ends_at: int
    lessons: int
    """How many."""

    def covers(self, phase: Phase, starts_at: int, ends_at: int) -> bool:
        """Whether such a lesson is one of these."""
        return (self.phase, self.starts_at, self.ends_at) == (phase, starts_at, ends_at)


@dataclass(frozen=True, slots=True)
class MadeLesson:
    """As much of a course's lesson as `server.domain.replan` compares."""

    phase: Phase
    course: str
    slot: str
    day: str
    starts_at: int
    ends_at: int
    moved: bool
    live_at: int | None


def room_resource(classroom_id: str) -> str:
    """What is booked: a classroom."""
    return f"room:{classroom_id}"


def class_resource(class_id: str) -> str:
    """What is booked: a class."""
    return f"class:{class_id}"


def teacher_resource(person_id: str) -> str:
    """What is booked: a teacher."""
    return f"teacher:{person_id}"


class Schedule:
    """Reads; every list is in the order of time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lesson(self, lesson_id: str) -> ScheduledLesson | None:
        """The lesson of this id, made by hand or not."""
        found = await self._lessons(_query().where(lesson.c.id == lesson_id))
        return found[0] if found else None

    async def many(self, lesson_ids: Collection[str]) -> list[ScheduledLesson]:
        """These lessons."""
        found: list[ScheduledLesson] = []
        for chunk in chunks(lesson_ids):
            found += await self._lessons(_query().where(lesson.c.id.in_(chunk)))
        return sorted(found, key=lambda one: (one.starts_at or 0, one.id))

    async def booked(self, resources: Collection[str], begin: int, end: int) -> list[ScheduledLesson]:
        """Lessons of rooms, classes or teachers that touch the time from `begin` to `end` (UTC ms), to be listed: cancelled ones too,
        which hold nothing any more.
        """
        found: dict[str, ScheduledLesson] = {}
        for chunk in chunks(resources):
            mine = select(booking.c.lesson).where(booking.c.resource.in_(chunk), *_touches(booking.c, begin, end))
            c = lesson.alias("gone").c
            gone = select(c.id).where(c.cancelled_at.is_not(None), *_touches(c, begin, end), _needs(c, chunk))
            query = _query().where(
                lesson.c.id.in_(union_all(mine, gone))
            )  # one statement: each costs a page more than it costs the database
            found.update({one.id: one for one in await self._lessons(query)})
        return sorted(found.values(), key=lambda one: (one.starts_at or 0, one.id))

    async def under(self, paths: Sequence[str], begin: int, end: int) -> list[ScheduledLesson]:
        """Lessons that a school under one of the paths teaches or attends between `begin` and `end`, cancelled ones too."""
        return await self._lessons(_query().where(*_touches(lesson.c, begin, end), _under(paths))) if paths else []

    async def outlines(self, paths: Sequence[str], begin: int, end: int) -> list[Outline]:
        """The same lessons, thousands of them, counted."""
        if not paths:
            return []
        c = lesson.c
        alike = (c.phase, c.cancelled_at.is_not(None).label("cancelled"), c.starts_at, c.ends_at)
        query = select(*alike, func.count().label("lessons")).select_from(_WITH_ORG).where(*_touches(c, begin, end), _under(paths))
        rows = await self._database.read(query.group_by(*alike))
        found = Counter[tuple[Phase, int, int]]()
        for row in rows:
            found[_shown(row.phase, cancelled=row.cancelled), row.starts_at, row.ends_at] += row.lessons
        return [Outline(*about, lessons) for about, lessons in found.items()]

    async def outlined(self, paths: Sequence[str], outlines: Sequence[Outline]) -> list[str]:
        """Ids of the lessons under the paths that these few are made of, in their order."""
        if not paths or not outlines:
            return []
        c = lesson.c
        begins = {one.starts_at for one in outlines}
        query = select(c.id, c.phase, c.cancelled_at, c.starts_at, c.ends_at).select_from(_WITH_ORG)
        rows = await self._database.read(query.where(c.starts_at.in_(begins), _under(paths)).order_by(c.id))
        found = [(row.id, (_shown(row.phase, cancelled=row.cancelled_at is not None), row.starts_at, row.ends_at)) for row in rows]
        return [lesson_id for one in outlines for lesson_id, about in found if one.covers(*about)]

    async def of_course(self, course_id: str) -> list[ScheduledLesson]:
        """Every lesson made of a course, cancelled ones too."""
        return await self._lessons(_query().where(lesson.c.course == course_id))

    async def made_of(self, course_ids: Collection[str]) -> dict[str, list[MadeLesson]]:
        """The lessons that stand for an occurrence of these courses, thousands of them: course → its lessons."""
        found: dict[str, list[MadeLesson]] = {}
        c = lesson.c
        columns = (c.phase, c.cancelled_at, c.course, c.slot, c.day, c.starts_at, c.ends_at, c.moved, c.live_at)
        for chunk in chunks(course_ids):
            rows = await self._database.read(select(*columns).where(c.course.in_(chunk), c.slot.is_not(None)))
            for row in rows:
                phase, cancelled_at, *rest = tuple(row)
                one = MadeLesson(_shown(phase, cancelled=cancelled_at is not None), *rest)
                found.setdefault(one.course, []).append(one)
        return found

    async def _lessons(self, query: Select[Any]) -> list[ScheduledLesson]:
        rows = await self._database.read(query.order_by(lesson.c.starts_at, lesson.c.id))
        parts = await self._rooms([row.id for row in rows])
        return [_lesson(row, parts.get(row.id, {})) for row in rows]

    async def _rooms(self, lesson_ids: Sequence[str]) -> dict[str, dict[str, ScheduledRoom]]:
        found: dict[str, dict[str, ScheduledRoom]] = {}
        for chunk in chunks(lesson_ids):
            query = (
                select(lesson_room, org.c.path)
                .select_from(lesson_room.join(classroom, classroom.c.id == lesson_room.c.classroom).join(org, org.c.id == classroom.c.org))
                .where(lesson_room.c.lesson.in_(chunk))
                .order_by(org.c.path, classroom.c.code)
            )
            for row in await self._database.read(query):
                part = ScheduledRoom(row.classroom, row.participant, row.school_class, row.path)
                found.setdefault(row.lesson, {})[row.classroom] = part
        return found


def _touches(c: Any, begin: int, end: int) -> tuple[ColumnElement[bool], ...]:
    return (c.starts_at < end, c.starts_at > begin - LONGEST_MS, c.ends_at > begin)


def _under(paths: Sequence[str]) -> ColumnElement[bool]:
    """A school under one of the paths teaches the lesson, or attends it; asked of each lesson of the day, not of every room ever."""
    room_org = org.alias("room_org")
    rooms = lesson_room.join(classroom, classroom.c.id == lesson_room.c.classroom).join(room_org, room_org.c.id == classroom.c.org)
    own = or_(*(room_org.c.path.startswith(path, autoescape=True) for path in paths))
    attends = exists().select_from(rooms).where(lesson_room.c.lesson == lesson.c.id, own)
    return or_(*(org.c.path.startswith(path, autoescape=True) for path in paths), attends)


def _query() -> Select[Any]:
    columns = (*(lesson.c[name] for name in _FIELDS), lesson.c.cancelled_at, org.c.path)
    return select(*columns).select_from(_WITH_ORG)


def _needs(c: Any, resources: Collection[str]) -> ColumnElement[bool]:
    """The lesson with these columns is one of these rooms, classes or teachers, whether it is booked or not.

    Asked of the few cancelled ones of some days: `coalesce` keeps databases from going through all that a teacher ever taught instead.
    """
    kinds: dict[str, list[str]] = {}
    for resource in resources:
        kind, _, row = resource.partition(":")
        kinds.setdefault(kind, []).append(row)
    part, own = lesson_room.c, {"room": c.master_classroom, "class": c.school_class, "teacher": c.teacher}
    remote = {"room": part.classroom, "class": part.school_class}
    asked = [func.coalesce(own[kind], "").in_(rows) for kind, rows in kinds.items()]
    there = [remote[kind].in_(rows) for kind, rows in kinds.items() if kind in remote]
    return or_(*asked, exists().where(part.lesson == c.id, or_(*there))) if there else or_(*asked)


def _lesson(row: Row[Any], rooms: dict[str, ScheduledRoom]) -> ScheduledLesson:
    said = {name: getattr(row, name) for name in _FIELDS} | {"phase": _shown(row.phase, cancelled=row.cancelled_at is not None)}
    return ScheduledLesson(**said, path=row.path or "", rooms=rooms)


def _shown(phase: Phase, *, cancelled: bool) -> Phase:
    """For lists: what the office cancelled is cancelled at once; the log says so when the clock has been there."""
    return "cancelled" if cancelled and phase in ("scheduled", "open") else phase
