"""Many commands in one transaction are what they would be one after the other (S14)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.events import Envelope, StageReleased
from server.store import Append, Appended, Conflict, Life, Store
from server.store.engine import WRITE
from server.store.group import Outcome, write_group
from server.store.tables import command_receipt, lesson, lesson_event
from tests.harness.postgres import both_databases

pytestmark = both_databases


def append(head: int, command_id: str, count: int = 1, lesson_id: str = "L1", **more: Any) -> Append:
    payload = StageReleased(participant="p1", position=1)
    events = tuple(Envelope(lesson_id, head + n, 10, payload, "t", None, command_id) for n in range(1, count + 1))
    return Append(lesson_id, head, "t", command_id, events, **more)


def chain(count: int, lesson_id: str = "L1") -> list[Append]:
    """Each decided on the one before, which is not written yet."""
    return [append(n, f"c{n}", lesson_id=lesson_id, after=("t", f"c{n - 1}") if n else None) for n in range(count)]


async def together(store: Store, appends: Sequence[Append]) -> list[Outcome]:
    async with store.database.engine.execution_options(**{WRITE: True}).begin() as connection:
        return await write_group(connection, appends)


async def everything(store: Store) -> list[Any]:
    read = store.database.read
    c = lesson.c
    return [
        *await read(select(c.id, c.head, c.phase, c.live_at).order_by(c.id)),
        *await read(select(lesson_event).order_by(lesson_event.c.lesson, lesson_event.c.seq)),
        *await read(select(command_receipt).order_by(command_receipt.c.lesson, command_receipt.c.command_id)),
    ]


async def test_a_hundred_commands_of_one_lesson_take_a_handful_of_statements(store: Store) -> None:
    statements: list[str] = []
    event.listen(store.database.engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    done = await asyncio.gather(*(store.append(one) for one in chain(100)))
    assert [one.seq for one in done] == list(range(1, 101))
    assert len(statements) <= 8, statements


async def test_commands_of_many_lessons_share_the_statements(store: Store) -> None:
    for number in range(10):
        await store.create_lesson(f"M{number}", "x", 2)
    statements: list[str] = []
    event.listen(store.database.engine.sync_engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    await asyncio.gather(*(store.append(one) for number in range(10) for one in chain(5, f"M{number}")))
    assert len(statements) <= 8, statements
    assert {standing.head for standing in (await store.standings([f"M{number}" for number in range(10)])).values()} == {5}


async def test_a_lost_race_is_decided_again_under_the_lock_on_all_that_was_written(store: Store) -> None:
    for number in range(3):
        await store.append(append(number, f"theirs{number}"))
    asked: list[tuple[str, list[str]]] = []

    def late(command_id: str, read: int) -> Append:
        def again(tail: Sequence[Envelope]) -> Append:
            asked.append((command_id, [event.command_id for event in tail]))
            if command_id == "refused":
                raise LookupError(command_id)
            return append(tail[-1].seq, command_id)

        return append(read, command_id, read=read, redecide=again)

    one, refused, two = await together(store, [late("one", 1), late("refused", 1), late("two", 2)])
    assert (one, two) == (Appended(4, False), Appended(5, False))
    assert isinstance(refused, LookupError)
    theirs = ["theirs1", "theirs2"]
    assert asked == [("one", theirs), ("refused", [*theirs, "one"]), ("two", [*theirs, "one"])]
    assert [event.command_id for event in await store.tail("L1", 3)] == ["one", "two"]
    assert await together(store, [late("one", 0)]) == [Appended(4, True)], "a repeat is no lost race"


async def test_what_follows_a_lost_race_or_a_repeat_is_told_so(store: Store) -> None:
    await store.append(append(0, "first"))
    done = await together(
        store,
        [
            append(1, "a"),
            append(1, "late"),
            append(2, "b", after=("t", "a")),
            append(1, "first"),
            append(3, "wrong", after=("t", "a")),
            append(3, "c", count=2),
            append(2, "a"),
            append(5, "nothing", count=0),
            append(4, "stale", count=0),
            append(0, "x", lesson_id="nowhere"),
        ],
    )
    new = [None if one is None else (one.seq, one.repeated) for one in done]
    assert new == [(2, False), None, (3, False), (1, True), None, (5, False), (2, True), (5, False), None, None]
    assert [event.command_id for event in await store.tail("L1", 0)] == ["first", "a", "b", "c", "c"]


@pytest.mark.parametrize("seed", range(6))
async def test_a_group_is_its_commands_one_by_one(store: Store, database: str, seed: int) -> None:
    draw = random.Random(seed)
    await store.create_lesson("L2", "Fractions", 1)
    appends: list[Append] = []
    heads = {"L1": 0, "L2": 0}
    for number in range(60):
        where = draw.choice(("L1", "L2"))
        count = draw.choice((0, 1, 1, 1, 3))
        head = max(0, heads[where] - draw.choice((0, 0, 0, 0, 1)))
        after = draw.choice((None, None, ("t", f"c{number - 1}"), ("t", "x")))
        life = draw.choice((None, None, Life("live", number, None)))
        appends.append(append(head, f"c{draw.randrange(50)}", count, where, after=after, life=life))
        heads[where] = head + count
    grouped = await together(store, appends)
    written = await everything(store)
    for table in (lesson_event, command_receipt):
        await store.database.execute(table.delete())
    await store.database.execute(lesson.update().values(head=0, phase="scheduled", live_at=None))
    single = [(await together(store, [one]))[0] for one in appends]
    assert grouped == single
    assert None in grouped
    assert written == await everything(store)


async def test_the_life_that_lists_show_is_the_last_one_that_changed(store: Store) -> None:
    live, ended = Life("live", 5, None), Life("ended", 5, 9)
    await asyncio.gather(*(store.append(replace(one, life=life)) for one, life in zip(chain(4), (live, None, ended, None), strict=True)))
    (row,) = await store.database.read(select(lesson.c.head, lesson.c.phase, lesson.c.live_at, lesson.c.ended_at))
    assert tuple(row) == (4, "ended", 5, 9)


async def test_what_is_written_beside_a_command_is_written_with_it_or_not_at_all(store: Store) -> None:
    await store.create_lesson("L2", "x", 1)
    asked: list[str] = []

    async def rename(connection: AsyncConnection) -> None:
        asked.append("rename")
        await connection.execute(lesson.update().where(lesson.c.id == "L1").values(name="renamed"))

    async def fail(connection: AsyncConnection) -> None:
        asked.append("fail")
        await connection.execute(lesson.update().where(lesson.c.id == "L2").values(name="lost"))
        raise ValueError("no")

    first, second, third = chain(3)
    done = await asyncio.gather(
        store.append(replace(first, beside=rename)),
        store.append(append(0, "bad", lesson_id="L2", beside=fail)),
        store.append(second),
        store.append(replace(third, command_id="c0", beside=fail)),
        return_exceptions=True,
    )
    assert [type(one) for one in done] == [Appended, ValueError, Appended, Appended]
    assert isinstance(done[3], Appended)
    assert done[3].repeated
    names = await store.database.read(select(lesson.c.id, lesson.c.name, lesson.c.head).order_by(lesson.c.id))
    assert [tuple(row) for row in names] == [("L1", "renamed", 2), ("L2", "x", 0)]
    assert set(asked) == {"rename", "fail"}


async def test_a_conflict_is_raised_to_its_own_sender_only(store: Store) -> None:
    done = await asyncio.gather(*(store.append(append(0, f"c{n}")) for n in range(5)), return_exceptions=True)
    assert sum(isinstance(one, Appended) for one in done) == 1
    assert sum(isinstance(one, Conflict) for one in done) == 4
