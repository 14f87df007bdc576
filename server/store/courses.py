"""Courses, their remote classrooms and weekly slots."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.calendar import Slot
from server.domain.course import Course
from server.errors import EditConflict
from server.store.bulk import insert_many
from server.store.database import Database, chunks
from server.store.orgs import within
from server.store.tables import classroom, course, course_room, course_slot, org

_FIELDS = (
    "id",
    "org",
    "term",
    "name",
    "subject",
    "stage",
    "grade",
    "edition",
    "volume",
    "teacher",
    "master_classroom",
    "school_class",
    "standing_group",
    "version",
    "closed_at",
)


class CourseStore:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, course_id: str) -> Course | None:
        """The course of this id."""
        found = await self._courses(_query().where(course.c.id == course_id))
        return found[0] if found else None

    async def under(self, paths: Sequence[str], limit: int = 2000) -> list[Course]:
        """Courses taught or attended by schools in these paths."""
        if not paths:
            return []
        inside = select(org.c.id).where(within(paths))
        attends = select(course_room.c.course).select_from(course_room.join(classroom)).where(classroom.c.org.in_(inside))
        mine = or_(course.c.org.in_(inside), course.c.id.in_(attends))
        return await self._courses(_query().where(mine, course.c.closed_at.is_(None)).order_by(course.c.name, course.c.id).limit(limit))

    async def closed_of(self, org_id: str, limit: int = 200) -> list[Course]:
        """Closed courses that a school taught, the last closed first."""
        query = _query().where(course.c.org == org_id, course.c.closed_at.is_not(None))
        return await self._courses(query.order_by(course.c.closed_at.desc(), course.c.id).limit(limit))

    async def of_many(self, org_ids: Collection[str]) -> list[Course]:
        """Open courses that these schools teach."""
        found: list[Course] = []
        for chunk in chunks(org_ids):
            mine = _query().where(course.c.org.in_(chunk), course.c.closed_at.is_(None))
            found += await self._courses(mine.order_by(course.c.org, course.c.name, course.c.id))
        return found

    async def _courses(self, query: Any) -> list[Course]:
        rows = await self._database.read(query)
        rooms: dict[str, dict[str, str | None]] = {}
        slots: dict[str, list[Slot]] = {}
        for chunk in chunks({row.id for row in rows}):
            for row in await self._database.read(select(course_room).where(course_room.c.course.in_(chunk))):
                rooms.setdefault(row.course, {})[row.classroom] = row.school_class
            by_time = select(course_slot).where(course_slot.c.course.in_(chunk)).order_by(course_slot.c.weekday, course_slot.c.period)
            for row in await self._database.read(by_time):
                slots.setdefault(row.course, []).append(Slot(row.id, row.weekday, row.period, row.weeks))
        known = [({name: getattr(row, name) for name in _FIELDS}, row.id) for row in rows]
        return [Course(**values, rooms=rooms.get(i, {}), slots=tuple(slots.get(i, ()))) for values, i in known]


async def add_course(connection: AsyncConnection, new: Course, created: int) -> None:
    """Insert with rooms and slots."""
    await add_courses(connection, [new], created)


async def add_courses(connection: AsyncConnection, many: Sequence[Course], created: int) -> None:
    """Insert, each as `add_course`."""
    await insert_many(connection, course, [{name: getattr(new, name) for name in _FIELDS} | {"created": created} for new in many])
    rooms = [(new.id, room, sitting) for new in many for room, sitting in sorted(new.rooms.items())]
    await insert_many(connection, course_room, [{"course": i, "classroom": room, "school_class": sitting} for i, room, sitting in rooms])
    await add_slots(connection, [(new.id, slot) for new in many for slot in new.slots])


async def add_slots(connection: AsyncConnection, many: Sequence[tuple[str, Slot]]) -> None:
    """Weekly places, each of a course."""
    rows = [{"id": slot.id, "course": i, "weekday": slot.weekday, "period": slot.period, "weeks": slot.weeks} for i, slot in many]
    await insert_many(connection, course_slot, rows)


async def change_course(connection: AsyncConnection, course_id: str, version: int, **values: Any) -> None:
    """Change columns of the row that still has this version; raises `EditConflict`."""
    free = update(course).where(course.c.id == course_id, course.c.version == version)
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict


async def hold_course(connection: AsyncConnection, course_id: str, version: int) -> None:
    """From here to the commit nobody changes the course; raises `EditConflict` if somebody did since it had this version."""
    query = select(course.c.version).where(course.c.id == course_id).with_for_update(key_share=True)
    if (await connection.execute(query)).scalar_one_or_none() != version:
        raise EditConflict


async def set_course_rooms(connection: AsyncConnection, course_id: str, rooms: Mapping[str, str | None]) -> None:
    """Exactly these rooms attend."""
    await connection.execute(delete(course_room).where(course_room.c.course == course_id))
    for room, school_class in sorted(rooms.items()):
        await connection.execute(insert(course_room).values(course=course_id, classroom=room, school_class=school_class))


async def add_slot(connection: AsyncConnection, course_id: str, slot: Slot) -> None:
    """A weekly place."""
    row = {"id": slot.id, "course": course_id, "weekday": slot.weekday, "period": slot.period, "weeks": slot.weeks}
    await connection.execute(insert(course_slot).values(**row))


async def remove_slot(connection: AsyncConnection, course_id: str, slot_id: str) -> None:
    """No longer."""
    await connection.execute(delete(course_slot).where(course_slot.c.course == course_id, course_slot.c.id == slot_id))


def _query() -> Any:
    return select(*(course.c[name] for name in _FIELDS))
