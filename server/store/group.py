"""Many commands in one transaction: a handful of statements, however many there are (S14).

Under the lock of their lessons heads and receipts are read once. What each command becomes is then decided in memory, in the
order they came, each on what the ones before it leave behind; at last everything new is written together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, and_, bindparam, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.events import Envelope
from server.domain.lesson import Phase
from server.store.events import events_after, row_of
from server.store.tables import command_receipt, lesson, lesson_event

Key = tuple[str, str, str]
"""Lesson, principal, command id."""


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
    """Where the lesson's life stands after these events; kept beside the log for lists. None: where it stood."""
    after: tuple[str, str] | None = None
    """Principal and command that must have written the event at `head`, for events decided before that one was written: another
    process may have put its own there. None: the caller has read the log up to `head`."""
    beside: Callable[[AsyncConnection], Awaitable[None]] | None = None
    """Written in the same transaction, where the command is new."""
    read: int = 0
    """Seq up to which the writing process has read the log."""
    redecide: Callable[[Sequence[Envelope]], Append] | None = None
    """What the command becomes after the events since `read`, asked under the lock where the lesson has moved on: a lost race costs
    a process no turn, however busy another one is. May be asked more than once; may raise, then nothing of it is written."""
    holds: Callable[[], bool] | None = None
    """Whether what came before it still is as it was when this was decided: of those decided again only author and number are the same."""

    @property
    def key(self) -> Key:
        """What its receipt is found by."""
        return (self.lesson, self.principal, self.command_id)


@dataclass(frozen=True, slots=True)
class Appended:
    """The acknowledgement."""

    seq: int
    """Head of the lesson after the command; the same for every repeat of it."""
    repeated: bool
    """The command had been carried out before; nothing was written now."""


Outcome = Appended | Exception | None
"""What became of a command; an exception: what deciding it again raised; None: its lesson has moved on or is cancelled."""


@dataclass(slots=True)
class _Ledger:
    """What is known of the lessons, and what is to be written to them."""

    heads: dict[str, int]
    authors: dict[str, tuple[str, str]]
    """Lesson → principal and command of the event at its head."""
    receipts: dict[Key, int]
    cancelled: frozenset[str] = frozenset()
    """Lessons that the office has cancelled: none of them goes live any more."""
    fresh: list[Append] = field(default_factory=list)
    lives: dict[str, Life] = field(default_factory=dict)
    tails: dict[str, list[Envelope]] = field(default_factory=dict)
    """What lessons that have moved on had written since it was last read."""

    def stale(self, append: Append) -> bool:
        """It was decided on something that is not, or not all, the lesson's log."""
        if self.heads.get(append.lesson) != append.head or (append.holds is not None and not append.holds()):
            return True
        return append.after is not None and self.authors.get(append.lesson) != append.after

    def take(self, append: Append) -> Appended | None:
        """What becomes of the next command; None: the lesson has moved on."""
        seq = self.receipts.get(append.key)
        if seq is not None:
            return Appended(seq, True)
        if self.stale(append):
            return None
        if append.life and append.life.phase == "live" and append.lesson in self.cancelled:
            return None  # the office was faster
        head = append.head + len(append.events)
        self.heads[append.lesson] = self.receipts[append.key] = head
        if append.events:
            self.authors[append.lesson] = (append.events[-1].actor, append.events[-1].command_id)
        if append.life:
            self.lives[append.lesson] = append.life
        self.fresh.append(append)
        return Appended(head, False)

    async def take_again(self, connection: AsyncConnection, append: Append) -> Outcome:
        """The same for a command that lost a race: decided again on what is there now."""
        if append.redecide is None or append.lesson not in self.heads or not self.stale(append):
            return None
        if append.lesson not in self.tails:
            self.tails[append.lesson] = await events_after(connection, append.lesson, append.read)
        mine = [event for fresh in self.fresh if fresh.lesson == append.lesson for event in fresh.events]
        try:
            return self.take(append.redecide(self.tails[append.lesson] + mine))
        except Exception as error:  # the command's own: its neighbours are written
            return error


async def write_group(connection: AsyncConnection, appends: Sequence[Append]) -> list[Outcome]:
    """Carry the commands out in their order. To be called in a transaction."""
    lessons = {append.lesson for append in appends}
    await lock_lessons(connection, lessons)
    heads, authors, cancelled = await _read_heads(connection, lessons)
    ledger = _Ledger(heads, authors, await find_receipts(connection, {append.key for append in appends}), cancelled)
    done = [ledger.take(append) or await ledger.take_again(connection, append) for append in appends]
    for append in ledger.fresh:
        if append.beside:
            await append.beside(connection)
    await _write(connection, ledger)
    return done


async def lock_lessons(connection: AsyncConnection, lesson_ids: Collection[str]) -> None:
    """From here to the commit nobody else writes to these lessons. Locked in one order, so that no two writers wait for each other.

    SQLite has only one writer anyway. Statements after the lock see what the one before committed (READ COMMITTED).
    """
    if connection.dialect.name != "sqlite":
        rows = select(lesson.c.id).where(lesson.c.id.in_(sorted(lesson_ids))).order_by(lesson.c.id)
        await connection.execute(rows.with_for_update(key_share=True))


async def find_receipts(connection: AsyncConnection, keys: Iterable[Key]) -> dict[Key, int]:
    """Seqs that acknowledged these commands; new ones are missing."""
    asked = sorted(keys)
    size = 1 << (len(asked) - 1).bit_length()  # few sizes are few statements: the database prepares each only once
    padded = asked + asked[-1:] * (size - len(asked))
    words = {f"{name}{n}": value for n, key in enumerate(padded) for name, value in zip("lpc", key, strict=True)}
    rows = await connection.execute(_receipts_of(size), words)
    return {(row.lesson, row.principal, row.command_id): row.seq for row in rows}


@lru_cache(maxsize=32)
def _receipts_of(size: int) -> TextClause:
    # a join, since SQLite would read the whole table for `(a, b, c) IN (VALUES …)`
    asked = ", ".join(f"(:l{n}, :p{n}, :c{n})" for n in range(size))
    return text(
        f"WITH asked (lesson, principal, command_id) AS (VALUES {asked}) "  # noqa: S608 — numbers only
        "SELECT r.lesson, r.principal, r.command_id, r.seq FROM asked CROSS JOIN command_receipt AS r "
        "WHERE r.lesson = asked.lesson AND r.principal = asked.principal AND r.command_id = asked.command_id"
    )


async def _read_heads(
    connection: AsyncConnection, lesson_ids: Collection[str]
) -> tuple[dict[str, int], dict[str, tuple[str, str]], frozenset[str]]:
    at_head = and_(lesson_event.c.lesson == lesson.c.id, lesson_event.c.seq == lesson.c.head)
    query = select(lesson.c.id, lesson.c.head, lesson.c.cancelled_at, lesson_event.c.actor, lesson_event.c.command_id).outerjoin_from(
        lesson, lesson_event, at_head
    )
    rows = (await connection.execute(query.where(lesson.c.id.in_(sorted(lesson_ids))))).all()
    cancelled = frozenset(row.id for row in rows if row.cancelled_at is not None)
    return {row.id: row.head for row in rows}, {row.id: (row.actor, row.command_id) for row in rows}, cancelled


async def _write(connection: AsyncConnection, ledger: _Ledger) -> None:
    events = [event for append in ledger.fresh for event in append.events]
    if events:
        await connection.execute(insert(lesson_event), [row_of(event) for event in events])
        await _move(connection, ledger, {event.lesson for event in events})
    if ledger.fresh:
        await connection.execute(insert(command_receipt), [_receipt(append, ledger.receipts) for append in ledger.fresh])


async def _move(connection: AsyncConnection, ledger: _Ledger, moved: Collection[str]) -> None:
    """The new heads, and the lives that changed."""
    rows = {id_: {"of_lesson": id_, "head": ledger.heads[id_]} for id_ in sorted(moved)}
    lives = [row | _life(ledger.lives[id_]) for id_, row in rows.items() if id_ in ledger.lives]
    heads = [row for id_, row in rows.items() if id_ not in ledger.lives]
    one = update(lesson).where(lesson.c.id == bindparam("of_lesson"))
    if heads:
        await connection.execute(one.values(head=bindparam("head")), heads)
    if lives:
        words = ("head", "phase", "live_at", "ended_at")
        await connection.execute(one.values({word: bindparam(word) for word in words}), lives)


def _life(life: Life) -> dict[str, Any]:
    return {"phase": life.phase, "live_at": life.live_at, "ended_at": life.ended_at}


def _receipt(append: Append, receipts: Mapping[Key, int]) -> dict[str, Any]:
    return {"lesson": append.lesson, "principal": append.principal, "command_id": append.command_id, "seq": receipts[append.key]}
