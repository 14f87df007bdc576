"""The lesson log: append by compare-and-set, many commands in one commit (S14)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from server.domain.events import Envelope, encode_payload
from server.domain.lesson import Phase
from server.store.engine import WRITE
from server.store.retry import passing, persist
from server.store.tables import command_receipt, lesson, lesson_event

GROUP_SECONDS = 0.005
"""Commands within this time share a commit."""
GROUP_LIMIT = 64


class Conflict(Exception):
    """The lesson has moved on: read the tail and decide again."""


class StoreClosed(Exception):
    """The store takes nothing any more."""


@dataclass(frozen=True, slots=True)
class Life:
    """What lists show of a lesson."""

    phase: Phase
    live_at: int | None
    ended_at: int | None


@dataclass(frozen=True, slots=True)
class Append:
    """Events of one command, to follow `head`."""

    lesson: str
    head: int
    principal: str
    command_id: str
    events: tuple[Envelope, ...]
    """Numbered from `head` + 1; may be empty: then only the receipt is written."""
    life: Life | None = None
    """Where the lesson's life stands after these events; kept beside the log for lists."""
    after: tuple[str, str] | None = None
    """Principal and command that must have written the event at `head`, for events decided before that one was written: another
    process may have put its own there. None: the caller has read the log up to `head`."""
    beside: Callable[[AsyncConnection], Awaitable[None]] | None = None
    """Written in the same transaction, where the command is new."""


@dataclass(frozen=True, slots=True)
class Appended:
    """The acknowledgement."""

    seq: int
    """Head of the lesson after the command; the same for every repeat of it."""
    repeated: bool
    """The command had been carried out before; nothing was written now."""


@dataclass(slots=True)
class _Waiting:
    append: Append
    done: asyncio.Future[Appended]


class LogWriter:
    """One writer per process; a task of its own lives only while something waits to be written."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(**{WRITE: True})
        self._queue: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def append(self, append: Append) -> Appended:
        """Write, or find it written; returns after the commit. Raises `Conflict`; `StoreClosed` after `close`."""
        if self._closed:
            raise StoreClosed
        waiting = _Waiting(append, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain(), name="lesson-log-writer")
        return await waiting.done

    async def close(self) -> None:
        """Write what waits, take no more."""
        self._closed = True
        if self._task:
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _drain(self) -> None:
        while self._queue:
            if not self._closed:
                await asyncio.sleep(GROUP_SECONDS)
            group, self._queue = self._queue[:GROUP_LIMIT], self._queue[GROUP_LIMIT:]
            await self._commit(group)

    async def _commit(self, group: list[_Waiting]) -> None:
        try:  # a commit whose fate is unknown may be repeated: what was written has its receipt
            results = await persist(lambda: self._transact(group), lambda error: passing(error) and not self._closed)
        except Exception as error:
            await self._apart(group, error)
            return
        for waiting, result in zip(group, results, strict=True):
            _settle(waiting, result)

    async def _transact(self, group: list[_Waiting]) -> list[Appended | None]:
        async with self._engine.begin() as connection:
            await lock_lessons(connection, {waiting.append.lesson for waiting in group})
            return [await _write(connection, waiting.append) for waiting in group]

    async def _apart(self, group: list[_Waiting], error: Exception) -> None:
        """One command's failure must not be its neighbours': try each in a commit of its own."""
        if len(group) > 1 and not passing(error):
            for waiting in group:
                await self._commit([waiting])
            return
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_exception(error)


def _settle(waiting: _Waiting, result: Appended | None) -> None:
    if waiting.done.done():
        return
    if result is None:
        waiting.done.set_exception(Conflict(waiting.append.lesson))
    else:
        waiting.done.set_result(result)


async def lock_lessons(connection: AsyncConnection, lesson_ids: Collection[str]) -> None:
    """From here to the commit nobody else writes to these lessons. Locked in one order, so that no two writers wait for each other.

    SQLite has only one writer anyway. Statements after the lock see what the one before committed (READ COMMITTED).
    """
    if connection.dialect.name != "sqlite":
        rows = select(lesson.c.id).where(lesson.c.id.in_(sorted(lesson_ids))).order_by(lesson.c.id)
        await connection.execute(rows.with_for_update(key_share=True))


async def find_receipt(connection: AsyncConnection, lesson_id: str, principal: str, command_id: str) -> int | None:
    """Seq that acknowledged the command, None if it is new."""
    c = command_receipt.c
    query = select(c.seq).where(c.lesson == lesson_id, c.principal == principal, c.command_id == command_id)
    return (await connection.execute(query)).scalar_one_or_none()


async def _author(connection: AsyncConnection, lesson_id: str, seq: int) -> tuple[str, str] | None:
    c = lesson_event.c
    row = (await connection.execute(select(c.actor, c.command_id).where(c.lesson == lesson_id, c.seq == seq))).first()
    return (row.actor, row.command_id) if row else None


async def _write(connection: AsyncConnection, append: Append) -> Appended | None:
    seq = await find_receipt(connection, append.lesson, append.principal, append.command_id)
    if seq is not None:
        return Appended(seq, True)
    if append.after and append.after != await _author(connection, append.lesson, append.head):
        return None
    head = append.head + len(append.events)
    life = asdict(append.life) if append.life else {}
    free = update(lesson).where(lesson.c.id == append.lesson, lesson.c.head == append.head)
    moved = await connection.execute(free.values(head=head, **life))
    if moved.rowcount != 1:
        return None
    if append.beside:
        await append.beside(connection)
    if append.events:
        await connection.execute(insert(lesson_event), [_row(event) for event in append.events])
    await connection.execute(
        insert(command_receipt).values(lesson=append.lesson, principal=append.principal, command_id=append.command_id, seq=head)
    )
    return Appended(head, False)


def _row(event: Envelope) -> dict[str, object]:
    return {
        "lesson": event.lesson,
        "seq": event.seq,
        "at": event.at,
        "v": event.v,
        "kind": event.kind,
        "actor": event.actor,
        "on_behalf": event.on_behalf,
        "command_id": event.command_id,
        "payload": encode_payload(event.payload),
    }
