"""Many lessons of a course changed at once, inside an act's transaction that holds the locks of what they book."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.replan import NOT_BEGUN
from server.domain.schedule import ScheduledLesson
from server.store.bookings import bookings_of
from server.store.bulk import insert_many
from server.store.database import chunks
from server.store.tables import booking, lesson

_REWRITTEN = ("name", "day", "period", "starts_at", "ends_at", "grade", "edition", "volume", "teacher", "instead_of")


async def hold_lessons(connection: AsyncConnection, seen: Collection[ScheduledLesson]) -> frozenset[str]:
    """Ids of those that are as they were seen, not begun and not cancelled; from here to the commit they stay so.

    Locked in one order, as the log locks them. SQLite has only one writer anyway.
    """
    versions = {one.id: one.version for one in seen}
    c = lesson.c
    found: set[str] = set()
    for chunk in chunks(versions):
        query = select(c.id, c.version).where(c.id.in_(chunk), c.phase.in_(sorted(NOT_BEGUN)), c.cancelled_at.is_(None)).order_by(c.id)
        rows = await connection.execute(query.with_for_update())
        found |= {row.id for row in rows if row.version == versions[row.id]}
    return frozenset(found)


async def unbook(connection: AsyncConnection, lesson_ids: Collection[str]) -> None:
    """Nothing is booked for these any more."""
    for chunk in chunks(lesson_ids):
        await connection.execute(delete(booking).where(booking.c.lesson.in_(chunk)))


async def cancel_lessons(connection: AsyncConnection, lesson_ids: Collection[str], at: int) -> None:
    """Not held; their occurrences are free to be made again. The clock writes `lesson.cancelled` into their logs."""
    c = lesson.c
    for chunk in chunks(lesson_ids):
        await connection.execute(update(lesson).where(c.id.in_(chunk)).values(cancelled_at=at, slot=None, version=c.version + 1))
    await unbook(connection, lesson_ids)


async def free_slots(connection: AsyncConnection, lesson_ids: Collection[str]) -> None:
    """Their occurrences are free to be made again; they themselves stay."""
    for chunk in chunks(lesson_ids):
        await connection.execute(update(lesson).where(lesson.c.id.in_(chunk), lesson.c.slot.is_not(None)).values(slot=None))


async def rewrite_lessons(connection: AsyncConnection, many: Sequence[ScheduledLesson]) -> None:
    """Held lessons as they are now: title, time, class and teacher, and exactly what they need booked."""
    if not many:
        return
    statement = update(lesson).where(lesson.c.id == bindparam("row_id"))
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _REWRITTEN}
    rows = [{"row_id": one.id, **{f"new_{name}": getattr(one, name) for name in _REWRITTEN}} for one in many]
    await connection.execute(statement.values(**values, version=lesson.c.version + 1), rows)
    await unbook(connection, [one.id for one in many])
    await insert_many(connection, booking, [row for one in many for row in bookings_of(one)])
