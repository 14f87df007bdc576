"""What each kind of database is asked for."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database
from server.store.engine import POOL, make_engine
from tests.harness.postgres import Postgres, asyncpg_url, both_databases


async def ask(url: str, *questions: str, **how: bool) -> list[object]:
    engine = make_engine(url, **how)
    try:
        async with engine.connect() as connection:
            return [(await connection.execute(text(question))).scalar() for question in questions]
    finally:
        await engine.dispose()


async def test_sqlite_writes_ahead_durably_and_keeps_references(database: str) -> None:
    assert await ask(database, "PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA foreign_keys") == ["wal", 2, 1]


@both_databases
async def test_one_reading_statement_begins_nothing_and_what_follows_writes(database: str) -> None:
    engine = make_engine(database)
    said: list[str] = []
    event.listen(engine.sync_engine, "before_cursor_execute", lambda *what: said.append(what[2]))
    read = Database(engine)
    try:
        for _ in range(2):
            assert [tuple(row) for row in await read.read(text("SELECT 1"))] == [(1,)]
        assert said == ["SELECT 1", "SELECT 1"]
        await read.execute(text("CREATE TABLE t (n INTEGER)"))
        with pytest.raises(ValueError, match="no"):
            await read.write(_refuse)
        assert await read.read(text("SELECT n FROM t")) == [], "a transaction of the same connection is one as ever"
    finally:
        await engine.dispose()


async def _refuse(connection: AsyncConnection) -> None:
    await connection.execute(text("INSERT INTO t VALUES (1)"))
    raise ValueError("no")


async def test_postgresql_waits_for_nobody_for_ever_and_sees_what_others_committed(postgres: Postgres) -> None:
    limits = ("SHOW lock_timeout", "SHOW idle_in_transaction_session_timeout", "SHOW transaction_isolation")
    with postgres.database() as name:
        postgres.sql(name, f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
        url = asyncpg_url(postgres.url(name))
        assert await ask(url, *limits) == ["10s", "10s", "read committed"]
        assert await ask(url, *limits, patient=True) == ["0", "0", "read committed"]
        engine = make_engine(url)
        assert (await Database(engine).read(text(limits[-1])))[0][0] == "read committed"
        await engine.dispose()


async def test_the_word_that_providers_print_for_tls_is_understood(postgres: Postgres) -> None:
    with postgres.database() as name:
        url = asyncpg_url(postgres.url(name))
        secured = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert await ask(url + "?sslmode=prefer", secured) == [False]  # this server has no certificate
        with pytest.raises(ConnectionError, match="SSL"):
            await ask(url + "?sslmode=require", secured)


async def test_one_process_takes_no_more_connections_than_its_pool(postgres: Postgres) -> None:
    import asyncio

    with postgres.database() as name:
        engine = make_engine(asyncpg_url(postgres.url(name)))
        most = 0

        async def busy() -> None:
            nonlocal most
            async with engine.connect() as connection:
                await connection.execute(text("SELECT pg_sleep(0.02)"))
                count = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
                most = max(most, int((await connection.execute(count)).scalar_one()))

        await asyncio.gather(*(busy() for _ in range(3 * POOL)))
        await engine.dispose()
    assert most == POOL
