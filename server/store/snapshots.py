"""Snapshots of lessons' logs: bytes that only who wrote them understands."""

from __future__ import annotations

from sqlalchemy import and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database
from server.store.tables import lesson, lesson_snapshot


async def read_snapshot(database: Database, lesson_id: str, fold: str) -> bytes | None:
    """The snapshot that was written with this version of the fold."""
    c = lesson_snapshot.c
    within = and_(lesson.c.id == c.lesson, lesson.c.head >= c.seq)  # a log that was cut back has none
    query = select(c.body).join_from(lesson_snapshot, lesson, within).where(c.lesson == lesson_id, c.fold == fold)
    row = await database.one(query)
    return bytes(row.body) if row else None


async def write_snapshot(connection: AsyncConnection, lesson_id: str, seq: int, fold: str, body: bytes) -> None:
    """Keep it unless a later one of this version is there."""
    c, row = lesson_snapshot.c, {"seq": seq, "fold": fold, "body": body}
    older = or_(c.seq < seq, c.fold != fold)
    if connection.dialect.name == "sqlite":
        lite = sqlite.insert(lesson_snapshot).values(lesson=lesson_id, **row)
        await connection.execute(lite.on_conflict_do_update(index_elements=[c.lesson], set_=row, where=older))
    else:
        post = postgresql.insert(lesson_snapshot).values(lesson=lesson_id, **row)
        await connection.execute(post.on_conflict_do_update(index_elements=[c.lesson], set_=row, where=older))
