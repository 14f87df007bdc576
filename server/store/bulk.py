"""Many rows in few statements: on SQLite everybody else who writes waits meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import EditConflict
from server.store.database import chunks


@dataclass(frozen=True, slots=True)
class Change:
    """New values of the row that has this id, and still this version."""

    id: str
    version: int
    values: Mapping[str, Any]


async def insert_many(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that have the same columns."""
    if rows:
        await connection.execute(insert(table), rows)


async def change_many(connection: AsyncConnection, table: Table, changes: Sequence[Change]) -> None:
    """Change rows, all to the same columns; raises `EditConflict` unless each still has its version."""
    if not changes:
        return
    seen: dict[str, int] = {}
    for chunk in chunks({one.id for one in changes}):
        held = select(table.c.id, table.c.version).where(table.c.id.in_(chunk)).with_for_update()  # SQLite has one writer anyway
        seen.update({row.id: row.version for row in await connection.execute(held)})
    if any(seen.get(one.id) != one.version for one in changes):
        raise EditConflict
    columns: dict[str, Any] = {name: bindparam(f"new_{name}") for name in changes[0].values}
    statement = update(table).where(table.c.id == bindparam("row_id")).values(**columns, version=table.c.version + 1)
    rows = [{"row_id": one.id, **{f"new_{name}": value for name, value in one.values.items()}} for one in changes]
    await connection.execute(statement, rows)
