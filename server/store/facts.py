"""What a lesson's rules must know of the school: rooms, seats, who sits where on the lesson's day."""

from __future__ import annotations

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
        return Facts(courseware=courseware)
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
    calls = await _calls(database, lesson)
    found = {}
    for participant, room, school_class in rooms:
        plan = await PlanStore(database).valid(school_class, room, lesson.day) if school_class and lesson.day else None
        version = f"{plan.id}.{plan.version}" if plan else ""
        seats, phones = sizes[room]
        found[participant] = RoomFacts(seats, version, plan.seats if plan else {}, calls.get(room, 0), phones)
    return Facts(found, courseware)


async def _calls(database: Database, lesson: ScheduledLesson) -> dict[str, int]:
    """Classroom → calls that count from earlier lessons, where the school that teaches wants them to (S22)."""
    if not lesson.course or lesson.starts_at is None or lesson.org is None:
        return {}
    school = await database.one(select(org.c.term_calls).where(org.c.id == lesson.org))
    return await earlier_calls(database, lesson.course, lesson.starts_at) if school and school.term_calls else {}
