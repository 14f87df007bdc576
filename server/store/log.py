"""The lesson log: append by compare-and-set, many commands in one commit (S14)."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.store.engine import WRITE
from server.store.group import Append, Appended, Outcome, write_group
from server.store.retry import locked, passing, persist

GROUP_SECONDS = 0.005
"""Commands within this time share a commit."""
GROUP_LIMIT = 256


class Conflict(Exception):
    """The lesson has moved on, or was cancelled: read tail and plan and decide again."""


class StoreClosed(Exception):
    """The store takes nothing any more."""


@dataclass(slots=True)
class _Waiting:
    append: Append
    since: float
    """Seconds of the event loop's clock."""
    done: asyncio.Future[Appended]


Work = Callable[[AsyncConnection], Awaitable[None]]


class LogWriter:
    """One writer per process; a task of its own lives only while something waits to be written."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(**{WRITE: True})
        self._queue: list[_Waiting] = []
        self._later: deque[tuple[Work, asyncio.Future[None]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def append(self, append: Append) -> Appended:
        """Write, or find it written; returns after the commit. Raises `Conflict`, what deciding it again raises, and `StoreClosed`
        after `close`.
        """
        if self._closed:
            raise StoreClosed
        loop = asyncio.get_running_loop()
        waiting = _Waiting(append, loop.time(), loop.create_future())
        self._queue.append(waiting)
        self._wake()
        return await waiting.done

    async def later(self, work: Work) -> None:
        """Write something that can wait, in a transaction of its own between those of commands: it never fights with them for the
        one writer that SQLite has. May be carried out twice. Raises what `work` raises; `StoreClosed` after `close`.
        """
        if self._closed:
            raise StoreClosed
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._later.append((work, done))
        self._wake()
        await done

    async def close(self) -> None:
        """Write what waits, take no more."""
        self._closed = True
        if self._task:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="lesson-log-writer")

    async def _drain(self) -> None:
        while self._queue or self._later:
            if self._queue:
                await self._gather()
                group, self._queue = self._queue[:GROUP_LIMIT], self._queue[GROUP_LIMIT:]
                await self._commit(group)
            if self._later:
                await self._do(*self._later.popleft())

    async def _do(self, work: Work, done: asyncio.Future[None]) -> None:
        async def transact() -> None:
            async with self._engine.begin() as connection:
                await work(connection)

        try:
            await persist(transact, lambda error: passing(error) and not self._closed)
        except Exception as error:
            if not done.done():
                done.set_exception(error)
        else:
            if not done.done():
                done.set_result(None)

    async def _gather(self) -> None:
        """Until the first has waited its time, for others to come; a commit before this one may have been wait enough."""
        waited = asyncio.get_running_loop().time() - self._queue[0].since
        if waited < GROUP_SECONDS and len(self._queue) < GROUP_LIMIT and not self._closed:
            await asyncio.sleep(GROUP_SECONDS - waited)

    async def _commit(self, group: list[_Waiting]) -> None:
        try:  # a commit whose fate is unknown may be repeated: what was written has its receipt
            results = await persist(lambda: self._transact(group), lambda error: passing(error) and not self._closed)
        except Exception as error:
            await self._apart(group, error)
            return
        for waiting, result in zip(group, results, strict=True):
            _settle(waiting, result)

    async def _transact(self, group: list[_Waiting]) -> list[Outcome]:
        async with self._engine.begin() as connection:
            return await write_group(connection, [waiting.append for waiting in group])

    async def _apart(self, group: list[_Waiting], error: Exception) -> None:
        """One command's failure must not be its neighbours': try each lesson in a commit of its own, then each command."""
        parts = [group] if passing(error) else _parts(group, error)
        if len(parts) > 1:
            for part in parts:
                await self._commit(part)
            return
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_exception(error)


def _parts(group: list[_Waiting], error: Exception) -> list[list[_Waiting]]:
    lessons: dict[str, list[_Waiting]] = {}
    for waiting in group:
        lessons.setdefault(waiting.append.lesson, []).append(waiting)
    if len(lessons) > 1 or locked(error):  # a lesson that somebody else holds is not waited for once a command
        return list(lessons.values())
    return [[waiting] for waiting in group]


def _settle(waiting: _Waiting, result: Outcome) -> None:
    if waiting.done.done():
        return
    if result is None:
        waiting.done.set_exception(Conflict(waiting.append.lesson))
    elif isinstance(result, Exception):
        waiting.done.set_exception(result)
    else:
        waiting.done.set_result(result)
