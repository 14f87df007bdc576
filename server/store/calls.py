"""How often rooms were called in the lessons of a course (S22)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.principal import MASTER
from server.store.database import Database
from server.store.tables import lesson, lesson_calls, lesson_room


async def keep_calls(connection: AsyncConnection, lesson_id: str, calls: Mapping[str, int]) -> None:
    """A lesson has ended, perhaps once more. `calls`: participant → how often; rooms that the school does not know are left out."""
    part = lesson_room.c
    rows = await connection.execute(select(part.participant, part.classroom).where(part.lesson == lesson_id))
    rooms = {row.participant: row.classroom for row in rows}
    rooms[MASTER] = (await connection.execute(select(lesson.c.master_classroom).where(lesson.c.id == lesson_id))).scalar_one()
    await connection.execute(delete(lesson_calls).where(lesson_calls.c.lesson == lesson_id))
    made = [{"lesson": lesson_id, "classroom": rooms[who], "calls": count} for who, count in sorted(calls.items()) if rooms.get(who)]
    if made:
        await connection.execute(insert(lesson_calls), made)


async def earlier_calls(database: Database, course: str, before: int) -> dict[str, int]:
    """Classroom → calls in the lessons of a course, which is of one term, that began earlier (UTC ms); rehearsals do not count (S8)."""
    c = lesson.c
    earlier = (c.course == course, c.starts_at < before, c.rehearsal.is_(False))
    query = select(lesson_calls.c.classroom, func.sum(lesson_calls.c.calls).label("calls")).join_from(
        lesson, lesson_calls, lesson_calls.c.lesson == c.id
    )
    rows = await database.read(query.where(*earlier).group_by(lesson_calls.c.classroom))
    return {row.classroom: int(row.calls) for row in rows}
