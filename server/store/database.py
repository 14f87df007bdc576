"""Reading and writing: one statement or one transaction at a time, tried again where the failure passes by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Executable, Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.store.engine import WRITE, single
from server.store.retry import collided, passing, persist

T = TypeVar("T")

CHUNK = 500
"""Ids in one IN list."""


@dataclass(slots=True)
class _Whole:
    """A transaction that everything done inside `together` is part of."""

    engine: AsyncEngine
    connection: AsyncConnection
    broken: bool = False
    """Something in it failed: on PostgreSQL nothing more can be done, so nothing more counts on SQLite either."""


_WHOLE: ContextVar[_Whole | None] = ContextVar("whole transaction", default=None)


class Database:
    """An engine and how we talk through it. What it raises is for `server.store.passing` to tell apart."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(**{WRITE: True})
        self._reading = single(engine)

    async def read(self, query: Executable) -> Sequence[Row[Any]]:
        """All rows of one query."""
        if whole := self._whole():
            return (await whole.connection.execute(query)).all()

        async def work() -> Sequence[Row[Any]]:
            async with self._reading.connect() as connection:
                rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return rows

        return await persist(work, passing)

    async def one(self, query: Executable) -> Row[Any] | None:
        """The first row, None if there is none."""
        rows = await self.read(query)
        return rows[0] if rows else None

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]], again: Callable[[Exception], bool] = collided) -> T:
        """`work` in one transaction; what it raises rolls back. `again`: `passing` where it may be carried out twice."""
        if whole := self._whole():
            try:
                return await work(whole.connection)
            except BaseException:
                whole.broken = True
                raise

        async def transact() -> T:
            async with self._writing.begin() as connection:
                return await work(connection)

        return await persist(transact, again)

    async def together(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """`work` with every `read` and `write` it leads to, through whatever service, in one transaction: all or nothing.

        On SQLite no other writer gets a turn meanwhile, so it must be short: seconds, not minutes.
        """

        async def transact(connection: AsyncConnection) -> T:
            whole = _Whole(self.engine, connection)
            token = _WHOLE.set(whole)
            try:
                done = await work(connection)
            finally:
                _WHOLE.reset(token)
            if whole.broken:
                raise RuntimeError("a failure inside a whole transaction was passed over")
            return done

        return await self.write(transact)

    def _whole(self) -> _Whole | None:
        whole = _WHOLE.get()
        return whole if whole is not None and whole.engine is self.engine else None

    async def execute(self, statement: Executable, again: Callable[[Exception], bool] = collided) -> int:
        """One writing statement; how many rows it changed."""

        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(statement)).rowcount)

        return await self.write(work, again)


async def lock(connection: AsyncConnection, *names: str) -> None:
    """From here to the commit nobody else holds any of these names. Taken in one order, so that no two wait for each other.

    SQLite has only one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        for name in sorted(set(names)):
            await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


async def share(connection: AsyncConnection, name: str) -> None:
    """From here to the commit nobody holds `lock` on this name; others may share it too."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))"), {"name": name})


def chunks(ids: Collection[str]) -> Iterator[list[str]]:
    """The ids, sorted, in lists short enough for one query."""
    ordered = sorted(ids)
    return (ordered[n : n + CHUNK] for n in range(0, len(ordered), CHUNK))
