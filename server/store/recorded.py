"""Rows of recordings, as far as the lesson itself writes them: begun and ended, in the transaction of the event that says so."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import case, insert, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database, chunks
from server.store.tables import recording


async def begin_recording(connection: AsyncConnection, recording_id: str, lesson_id: str, at: int) -> None:
    """It runs, for the first time or again: what was made of it so far is made anew when it ends. `at`: UTC ms.

    One whose files were removed is there again, with what comes from now on.
    """
    c = recording.c
    fresh: dict[str, Any] = {"state": "live", "ended": None, "error": "", "lease_until": 0, "tries": 0}
    fresh |= {"removed": None, "keep_until": case((c.removed.is_not(None), null()), else_=c.keep_until)}
    known = await connection.execute(update(recording).where(recording.c.id == recording_id).values(**fresh))
    if not known.rowcount:
        await connection.execute(insert(recording).values(id=recording_id, lesson=lesson_id, begun=at, state="live"))


async def end_recording(connection: AsyncConnection, recording_id: str, at: int) -> None:
    """It does not run any more. `at`: UTC ms."""
    await connection.execute(update(recording).where(recording.c.id == recording_id).values(state="ended", ended=at))


async def recordings_at_work(database: Database, held: Collection[str]) -> dict[str, str]:
    """Recording → lesson, of all that should run, and of those of `held` that are known."""
    c, found = recording.c, {}
    for chunk in chunks(held or [""]):
        rows = await database.read(select(c.id, c.lesson).where(or_(c.state == "live", c.id.in_(chunk))))
        found.update({row.id: row.lesson for row in rows})
    return found
