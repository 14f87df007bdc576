"""Lessons of the timetable and what they book: rooms, classes, teachers. All inside an act's transaction that holds the locks."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.schedule import ScheduledLesson
from server.errors import EditConflict
from server.store.database import chunks
from server.store.schedule import class_resource, room_resource, teacher_resource
from server.store.tables import booking, lesson, lesson_room, participant


@dataclass(frozen=True, slots=True)
class Clash:
    """Something is booked by another lesson at that time."""

    resource: str
    """`room:ID`, `class:ID`, `teacher:ID`."""
    lesson: str
    starts_at: int
    ends_at: int


def resources_of(one: ScheduledLesson) -> frozenset[str]:
    """What a lesson books."""
    rooms = [one.master_classroom, *one.rooms]
    classes = [one.school_class, *(room.school_class for room in one.rooms.values())]
    found = {room_resource(room) for room in rooms if room} | {class_resource(group) for group in classes if group}
    return frozenset(found | ({teacher_resource(one.teacher)} if one.teacher else set()))


async def clashes(connection: AsyncConnection, resources: Collection[str], begin: int, end: int, but: str = "") -> list[Clash]:
    """Bookings of other lessons (but `but`) that touch the time; back to back is no clash."""
    b, found = booking.c, []
    for chunk in chunks(resources):
        query = select(booking).where(b.resource.in_(chunk), b.starts_at < end, b.ends_at > begin, b.lesson != but)
        rows = await connection.execute(query.order_by(b.starts_at, b.resource))
        found += [Clash(row.resource, row.lesson, row.starts_at, row.ends_at) for row in rows]
    return found


async def add_lesson(connection: AsyncConnection, new: ScheduledLesson, names: Mapping[str, str], created: int) -> None:
    """A lesson with its rooms, roster and bookings. `names`: participant id → what the roster calls it (no personal names)."""
    columns = ("id", "name", "org", "course", "slot", "day", "period", "starts_at", "ends_at", "unit", "subject", "grade", "teacher")
    more = ("instead_of", "master_classroom", "school_class", "rehearsal")
    values = {name: getattr(new, name) for name in (*columns, *more)}
    await connection.execute(insert(lesson).values(**values, head=0, created=created))
    for who, called in names.items():
        role = "master" if who == "master" else "classroom"
        await connection.execute(insert(participant).values(lesson=new.id, id=who, role=role, name=called))
    for room in new.rooms.values():
        row = {"lesson": new.id, "classroom": room.classroom, "participant": room.participant, "school_class": room.school_class}
        await connection.execute(insert(lesson_room).values(**row))
    await book(connection, new)


async def book(connection: AsyncConnection, one: ScheduledLesson) -> None:
    """Exactly what the lesson needs is booked for it."""
    await connection.execute(delete(booking).where(booking.c.lesson == one.id))
    rows = [{"resource": r, "lesson": one.id, "starts_at": one.starts_at, "ends_at": one.ends_at} for r in sorted(resources_of(one))]
    if rows and one.starts_at is not None:
        await connection.execute(insert(booking), rows)


async def release(connection: AsyncConnection, lesson_id: str) -> None:
    """Nothing is booked for the lesson any more."""
    await connection.execute(delete(booking).where(booking.c.lesson == lesson_id))


async def change_lesson(connection: AsyncConnection, lesson_id: str, version: int, phases: Collection[str], **values: Any) -> None:
    """Change a lesson that has this version and is in one of the phases; raises `EditConflict`."""
    c = lesson.c
    free = update(lesson).where(c.id == lesson_id, c.version == version, c.phase.in_(sorted(phases)))
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict
