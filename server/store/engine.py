"""Connections to the database, and how each kind wants to be talked to."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_MS = 10_000
"""How long one writer waits for another."""
POOL = 10
"""Connections one process has to PostgreSQL at most: a server takes 100 unless told otherwise."""
CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
"""A PostgreSQL server that does not answer a statement in this time is given up."""
WRITE = "shuangshi_write"
"""Execution option of connections that will write."""

_SINGLE = "shuangshi_single"
"""Execution option of SQLite's connections that begin no transaction."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA secure_delete=ON",  # what is erased is overwritten, not only forgotten (S20)
)
# a process that vanished with its machine must not hold a lesson's row until TCP notices
_LIMITS = {"lock_timeout": str(BUSY_MS), "idle_in_transaction_session_timeout": str(BUSY_MS)}


def make_engine(url: str, *, patient: bool = False) -> AsyncEngine:
    """An engine for `url` (`sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://…`); connects to nothing yet.

    `patient`: statements may take as long as they take (migrations).
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed, patient)
    engine = create_async_engine(parsed, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def single(engine: AsyncEngine) -> AsyncEngine:
    """For reading with one statement, which needs no transaction around it: half the way to the database and back is saved."""
    if engine.dialect.name == "sqlite":  # its driver's own autocommit would undo `_prepare_sqlite`
        return engine.execution_options(**{_SINGLE: True})
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _postgresql(url: URL, patient: bool) -> AsyncEngine:
    if mode := url.query.get("sslmode"):  # libpq's word, which every provider prints; the driver's is `ssl`
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    settings = {"application_name": "shuangshi", "default_transaction_isolation": "read committed"}
    return create_async_engine(
        url,
        hide_parameters=True,  # errors are logged, names are not
        pool_pre_ping=True,
        pool_size=POOL,
        max_overflow=0,
        pool_timeout=BUSY_MS / 1000,
        isolation_level="READ COMMITTED",  # whatever the server's default: `lock_lessons` wants to see what it waited for
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": None if patient else ANSWER_SECONDS,
            "server_settings": settings if patient else settings | _LIMITS,
        },
    )


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself: `_begin_sqlite` does
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # a deferred transaction that turns writer fails at once if another wrote meanwhile; IMMEDIATE waits its turn instead
    wanted = connection.get_execution_options()
    if not wanted.get(_SINGLE, False):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if wanted.get(WRITE, False) else "BEGIN")
