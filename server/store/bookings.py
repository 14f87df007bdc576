"""Lessons of the timetable and what they book: rooms, classes, teachers. All inside an act's transaction that holds the locks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.schedule import ScheduledLesson
from server.errors import EditConflict
from server.store.bulk import insert_many
from server.store.database import Database, chunks
from server.store.schedule import class_resource, room_resource, teacher_resource
from server.store.tables import booking, lesson, lesson_room, participant

DAY_MS = 86_400_000
CLASSIFIED = ("subject", "stage", "grade", "edition", "volume")
"""What a lesson is about, as the resource library asks."""


@dataclass(frozen=True, slots=True)
class Clash:
    """Something is booked by another lesson at that time."""

    resource: str
    """`room:ID`, `class:ID`, `teacher:ID`."""
    lesson: str
    starts_at: int
    ends_at: int


class Booked(Exception):
    """Undoes the transaction of an act; the service says it in words afterwards, when the transaction holds no connection any more."""

    def __init__(self, clash: Clash) -> None:
        super().__init__(clash.resource)
        self.clash = clash


def resources_of(one: ScheduledLesson) -> frozenset[str]:
    """What a lesson books."""
    rooms = [one.master_classroom, *one.rooms]
    classes = [one.school_class, *(room.school_class for room in one.rooms.values())]
    found = {room_resource(room) for room in rooms if room} | {class_resource(group) for group in classes if group}
    return frozenset(found | ({teacher_resource(one.teacher)} if one.teacher else set()))


async def clashes(connection: AsyncConnection, resources: Collection[str], begin: int, end: int, but: str = "") -> list[Clash]:
    """Bookings of other lessons (but `but`) that touch the time; back to back is no clash."""
    found: list[Clash] = []
    for chunk in chunks(resources):
        found += [_clash(row) for row in await connection.execute(_booked(chunk, begin, end).where(booking.c.lesson != but))]
    return found


async def slots_made(connection: AsyncConnection, slots: Collection[str]) -> frozenset[str]:
    """Those of these slots that have a lesson already, cancelled ones too."""
    found: set[str] = set()
    for chunk in chunks(slots):
        found |= {row.slot for row in await connection.execute(select(lesson.c.slot).where(lesson.c.slot.in_(chunk)))}
    return frozenset(found)


async def bookings(database: Database, resources: Collection[str], begin: int, end: int) -> list[Clash]:
    """Everything booked of these resources that touches the time, to look at before an act; the act itself asks `clashes`."""
    found: list[Clash] = []
    for chunk in chunks(resources):
        found += [_clash(row) for row in await database.read(_booked(chunk, begin, end))]
    return found


def _booked(resources: Collection[str], begin: int, end: int) -> Select[Any]:
    b = booking.c
    query = select(booking).where(b.resource.in_(resources), b.starts_at < end, b.ends_at > begin)
    return query.order_by(b.starts_at, b.resource)


def _clash(row: Row[Any]) -> Clash:
    return Clash(row.resource, row.lesson, row.starts_at, row.ends_at)


def clashing(lessons: Sequence[ScheduledLesson], booked: Iterable[Clash]) -> list[tuple[ScheduledLesson, Clash]]:
    """The lessons that clash, each with the first that stands in its way: something booked, or a lesson before it in the list."""
    taken: dict[tuple[str, int], list[Clash]] = {}

    def take(one: Clash) -> None:
        for day in _days(one.starts_at, one.ends_at):
            taken.setdefault((one.resource, day), []).append(one)

    for one in booked:
        take(one)
    found: list[tuple[ScheduledLesson, Clash]] = []
    for new in lessons:
        begin, end = new.starts_at or 0, new.ends_at or 0
        mine = [Clash(resource, new.id, begin, end) for resource in sorted(resources_of(new))]
        near = (other for one in mine for day in _days(begin, end) for other in taken.get((one.resource, day), ()))
        hit = next((other for other in near if other.starts_at < end and other.ends_at > begin and other.lesson != new.id), None)
        if hit:
            found.append((new, hit))
        for one in mine:
            take(one)
    return found


def _days(begin: int, end: int) -> range:
    return range(begin // DAY_MS, end // DAY_MS + 1)


async def add_lesson(connection: AsyncConnection, new: ScheduledLesson, names: Mapping[str, str], created: int) -> None:
    """A lesson with its rooms, roster and bookings. `names`: participant id → what the roster calls it (no personal names)."""
    await add_lessons(connection, [(new, names)], created)


async def add_lessons(connection: AsyncConnection, many: Sequence[tuple[ScheduledLesson, Mapping[str, str]]], created: int) -> None:
    """Lessons, each as `add_lesson`, in four statements."""
    await insert_many(connection, lesson, [_columns(new) | {"head": 0, "created": created} for new, _ in many])
    roster = [(new.id, who, called) for new, names in many for who, called in names.items()]
    role = {"master": "master"}
    await insert_many(
        connection, participant, [{"lesson": i, "id": who, "role": role.get(who, "classroom"), "name": called} for i, who, called in roster]
    )
    parts = [(new.id, room) for new, _ in many for room in new.rooms.values()]
    await insert_many(
        connection,
        lesson_room,
        [{"lesson": i, "classroom": r.classroom, "participant": r.participant, "school_class": r.school_class} for i, r in parts],
    )
    await insert_many(connection, booking, [row for new, _ in many for row in bookings_of(new)])


def _columns(new: ScheduledLesson) -> dict[str, Any]:
    columns = ("id", "name", "org", "course", "slot", "day", "period", "starts_at", "ends_at", "unit", *CLASSIFIED, "teacher")
    more = ("instead_of", "master_classroom", "school_class", "rehearsal", "moved")
    return {name: getattr(new, name) for name in (*columns, *more)}


def bookings_of(one: ScheduledLesson) -> list[dict[str, Any]]:
    """Rows of what a lesson books."""
    if one.starts_at is None:
        return []
    return [{"resource": r, "lesson": one.id, "starts_at": one.starts_at, "ends_at": one.ends_at} for r in sorted(resources_of(one))]


async def book(connection: AsyncConnection, one: ScheduledLesson) -> None:
    """Exactly what the lesson needs is booked for it."""
    await connection.execute(delete(booking).where(booking.c.lesson == one.id))
    await insert_many(connection, booking, bookings_of(one))


async def release(connection: AsyncConnection, lesson_id: str) -> None:
    """Nothing is booked for the lesson any more."""
    await connection.execute(delete(booking).where(booking.c.lesson == lesson_id))


async def change_lesson(connection: AsyncConnection, lesson_id: str, version: int, phases: Collection[str], **values: Any) -> None:
    """Change a lesson that has this version, is in one of the phases and not cancelled; raises `EditConflict`."""
    c = lesson.c
    free = update(lesson).where(c.id == lesson_id, c.version == version, c.phase.in_(sorted(phases)), c.cancelled_at.is_(None))
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict
