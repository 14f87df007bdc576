"""Brings the database to today's shape when a process starts."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.store.engine import WRITE

_LOCK = 0x5348_5541
"""Advisory lock number on PostgreSQL: two processes may start at once."""


class Unusable(OSError):
    """The database cannot be used as it is; the message says why."""


async def migrate(engine: AsyncEngine) -> None:
    """Run every migration that has not run yet, in one transaction that only one process is in. Raises `Unusable`."""
    async with engine.execution_options(**{WRITE: True}).begin() as connection:
        if engine.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _LOCK})
            await _check_encoding(connection)
        await connection.run_sync(_upgrade)


async def _check_encoding(connection: AsyncConnection) -> None:
    encoding = (await connection.execute(text("SHOW server_encoding"))).scalar_one()
    if encoding != "UTF8":
        raise Unusable(f"the database's encoding is {encoding}; names need UTF8 (CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0)")


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
