"""What a lesson's rules must know of the school: rooms, seats, who sits where on the lesson's day."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from server.domain.facts import Facts, RoomFacts
from server.domain.principal import MASTER
from server.domain.schedule import ScheduledLesson
from server.store.calls import earlier_calls
from server.store.courseware import CoursewareStore
from server.store.database import Database
from server.store.plans import PlanStore
from server.store.schedule import Schedule
from server.store.tables import classroom, org


async def read_facts(database: Database, lesson_id: str) -> Facts:
    """The facts of one lesson; one made by hand has no rooms that the school knows."""
    courseware = await CoursewareStore(database).facts(lesson_id)
    lesson = await Schedule(database).lesson(lesson_id)
    if lesson is None:
        return Facts(courseware=courseware, record=True)
    rooms = [(part.participant, part.classroom, part.school_class) for part in lesson.rooms.values()]
    if lesson.master_classroom:
        rooms.append((MASTER, lesson.master_classroom, lesson.school_class))
    c = classroom.c
    known = await database.read(
        select(c.id, c.seat_rows, c.seat_columns, org.c.seat_phones)
        .select_from(classroom.join(org, org.c.id == c.org))
        .where(c.id.in_([room for _, room, _ in rooms]))
    )
    sizes = {row.id: (row.seat_rows * row.seat_columns, row.seat_phones) for row in known}
    school = await _school(database, lesson.org)
    calls = await _calls(database, lesson) if school.term_calls else {}
    found = {}
    for participant, room, school_class in rooms:
        plan = await PlanStore(database).valid(school_class, room, lesson.day) if school_class and lesson.day else None
        version = f"{plan.id}.{plan.version}" if plan else ""
        seats, phones = sizes[room]
        found[participant] = RoomFacts(seats, version, plan.seats if plan else {}, calls.get(room, 0), phones)
    return Facts(found, courseware, school.auto_record)


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the school that teaches wants of its lessons; a lesson without one is recorded."""

    term_calls: bool = False
    auto_record: bool = True


async def _school(database: Database, org_id: str | None) -> _Rules:
    found = await database.one(select(org.c.term_calls, org.c.auto_record).where(org.c.id == org_id)) if org_id else None
    return _Rules(found.term_calls, found.auto_record) if found else _Rules()


async def _calls(database: Database, lesson: ScheduledLesson) -> dict[str, int]:
    """Classroom → calls that count from earlier lessons (S22)."""
    return await earlier_calls(database, lesson.course, lesson.starts_at) if lesson.course and lesson.starts_at is not None else {}
