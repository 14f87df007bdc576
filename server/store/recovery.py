"""Recovery codes: rows of keyed blind indexes, gone when used."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database
from server.store.tables import recovery_code


async def set_codes(connection: AsyncConnection, person_id: str, indexes: Collection[str], now: int) -> None:
    """These are the person's codes, and no others; none without."""
    await connection.execute(delete(recovery_code).where(recovery_code.c.person == person_id))
    if indexes:
        await connection.execute(insert(recovery_code), [{"person": person_id, "code_index": one, "created": now} for one in indexes])


async def take_code(connection: AsyncConnection, person_id: str, index: str) -> bool:
    """A code is spent; False: there is none, or another used it this moment."""
    mine = (recovery_code.c.person == person_id) & (recovery_code.c.code_index == index)
    return bool((await connection.execute(delete(recovery_code).where(mine))).rowcount)


async def codes_left(database: Database, person_id: str) -> int:
    """How many are unused."""
    row = await database.one(select(func.count().label("left")).where(recovery_code.c.person == person_id))
    return int(row.left) if row else 0
