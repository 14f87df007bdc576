"""SQLite's plans of the statements that every command runs: a long log must not make them slower."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from server.store import Store
from server.store.group import write_group
from tests.server.store.test_group import append


async def test_no_statement_of_a_command_reads_a_whole_table(store: Store) -> None:
    """SQLite would, for `(a, b, c) IN (VALUES …)`."""
    said: list[tuple[str, Any]] = []
    plans: list[str] = []
    async with store.database.engine.connect() as connection:
        event.listen(store.database.engine.sync_engine, "before_cursor_execute", lambda *given: said.append((given[2], given[3])))
        await write_group(connection, [append(0, "a"), append(1, "b"), append(2, "c")])
        for statement, parameters in list(said):
            if statement.startswith(("SELECT", "WITH", "UPDATE")):
                rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [row.detail for row in rows]
        await connection.rollback()
    assert len([plan for plan in plans if plan.startswith("SEARCH")]) >= 4, plans
    assert not [plan for plan in plans if plan.startswith("SCAN") and "CONSTANT" not in plan and plan != "SCAN asked"], plans
