"""Lessons as the timetable knows them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, or_, select

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
    "grade",
    "teacher",
    "instead_of",
    "master_classroom",
    "school_class",
    "rehearsal",
    "live_at",
    "ended_at",
)


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
        """Lessons of rooms, classes or teachers that touch the time from `begin` to `end` (UTC ms); cancelled ones are booked no more."""
        found: dict[str, ScheduledLesson] = {}
        for chunk in chunks(resources):
            mine = select(booking.c.lesson).where(booking.c.resource.in_(chunk), booking.c.starts_at < end, booking.c.ends_at > begin)
            found.update({one.id: one for one in await self._lessons(_query().where(lesson.c.id.in_(mine)))})
        return sorted(found.values(), key=lambda one: (one.starts_at or 0, one.id))

    async def under(self, paths: Sequence[str], begin: int, end: int) -> list[ScheduledLesson]:
        """Lessons that a school under one of the paths teaches or attends between `begin` and `end`, cancelled ones too."""
        if not paths:
            return []
        attends = (
            select(lesson_room.c.lesson)
            .select_from(lesson_room.join(classroom, classroom.c.id == lesson_room.c.classroom).join(org, org.c.id == classroom.c.org))
            .where(or_(*(org.c.path.startswith(path, autoescape=True) for path in paths)))
        )
        mine = or_(lesson.c.id.in_(attends), *(org.c.path.startswith(path, autoescape=True) for path in paths))
        return await self._lessons(_query().where(lesson.c.starts_at < end, lesson.c.ends_at > begin, mine))

    async def of_course(self, course_id: str) -> list[ScheduledLesson]:
        """Every lesson made of a course, cancelled ones too."""
        return await self._lessons(_query().where(lesson.c.course == course_id))

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


def _query() -> Select[Any]:
    return select(*(lesson.c[name] for name in _FIELDS), org.c.path).select_from(lesson.outerjoin(org, org.c.id == lesson.c.org))


def _lesson(row: Row[Any], rooms: dict[str, ScheduledRoom]) -> ScheduledLesson:
    return ScheduledLesson(**{name: getattr(row, name) for name in _FIELDS}, path=row.path or "", rooms=rooms)
