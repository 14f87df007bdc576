"""A long lesson's log read afterwards: in pieces, with a limit, while the process goes on with its lessons."""

from __future__ import annotations

import asyncio
import json
import random
import resource
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import insert

from server.domain import events as e
from server.domain.board.events import BlankAdded, PageTurned, StrokeDrawn
from server.domain.hands.events import HandCancelled, HandRaised
from server.domain.payload import Payload
from server.domain.seen import Audience
from server.errors import NoSuchLesson
from server.replay import past as module
from server.replay.past import Past
from server.store import Store
from server.store import tables as t
from server.store.events import row_of
from tests.server.services import Services

MASTER, VIEWER = Audience("master"), Audience("viewer")
HOURS_4 = 4 * 3_600_000


def said(count: int) -> Iterator[Payload]:
    """Hands of forty seats, and a board that is drawn on."""
    draw = random.Random(4)
    yield from (e.LessonOpened(), e.LessonLive(), BlankAdded(sheet="b"), PageTurned(sheet="b", page=1))
    yield e.ParticipantJoined(participant="p", role="classroom")
    for n in range(5, count):
        seat = draw.randint(1, 40)
        if n % 50 == 0:
            points = "".join(draw.choices("ABCDabcd0123", k=160))
            yield StrokeDrawn(sheet="b", page=1, item=f"i{n}", participant="master", points=points, color="#d02030", width=60, tool="pen")
        elif n % 2:
            yield HandRaised(participant="p", seat=seat, lot=n)
        else:
            yield HandCancelled(participant="p", seat=seat)


async def held(store: Store, count: int, lesson: str = "long") -> None:
    """Four hours of it, in the tables."""
    await store.database.execute(insert(t.lesson).values(id=lesson, name="长课", head=count, created=0))
    rows = [
        row_of(e.Envelope(lesson, n, n * HOURS_4 // count, payload, "system", command_id=f"c{n}"))
        for n, payload in enumerate(said(count), 1)
    ]

    async def work(connection: Any) -> None:
        await connection.execute(insert(t.lesson_event), rows)

    await store.database.write(work)


def past(process: Services) -> Past:
    return Past(process.store, process.office.contents)


async def test_pieces_make_the_same_as_a_whole(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    await held(process.store, 120)
    whole = msgspec.json.encode(await past(process).told("long", 130_000, HOURS_4, MASTER))
    monkeypatch.setattr(module, "CHUNK", 7)
    assert msgspec.json.encode(await past(process).told("long", 130_000, HOURS_4, MASTER)) == whole
    found = json.loads(whole)
    assert (len(found["events"]), found["until"]) == (119, None)
    assert [kind for _, kind, _ in found["events"][:3]] == ["lesson.live", "board.blanked", "board.turned"]
    plain = json.loads(msgspec.json.encode(await past(process).told("long", 130_000, HOURS_4, VIEWER)))
    assert not any(kind.startswith("hand.") for _, kind, _ in plain["events"])


async def test_the_file_holds_everything_and_the_page_what_is_not_too_much(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    await held(process.store, 200)
    monkeypatch.setattr(module, "MOST_EVENTS", 50)
    found = await past(process).told("long", 0, HOURS_4, MASTER)
    assert (len(found["events"]), found["until"]) == (50, 51 * HOURS_4 // 200)
    assert found["chapters"], "they are of all of it"
    monkeypatch.setattr(module, "MOST_OCTETS", 900)
    few = await past(process).told("long", 0, HOURS_4, MASTER)
    assert sum(len(bytes(line)) for line in few["events"]) <= 900
    assert few["until"] < found["until"]
    lines = b"".join([part async for part in past(process).lines("long", 0, HOURS_4, MASTER)]).splitlines()
    assert [json.loads(line)["at"] for line in lines] == [n * HOURS_4 // 200 for n in range(1, 201)]
    with pytest.raises(NoSuchLesson):
        await past(process).told("none", 0, 1, MASTER)


async def test_so_many_logs_are_read_at_once_and_others_wait(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    await held(process.store, 20)
    reading, most, tail, full = [0], [0], process.store.tail, asyncio.Event()

    async def counted(*given: Any) -> Any:
        reading[0] += 1
        most[0] = max(most[0], reading[0])
        if reading[0] == module.AT_ONCE:
            full.set()
        await asyncio.wait_for(full.wait(), 20)
        found = await tail(*given)
        reading[0] -= 1
        return found

    monkeypatch.setattr(process.store, "tail", counted)
    shared = past(process)
    answers = await asyncio.gather(*(shared.told("long", 0, HOURS_4, MASTER) for _ in range(9)))
    assert len({msgspec.json.encode(one) for one in answers}) == 1
    assert most == [module.AT_ONCE]


async def test_four_hours_with_a_hundred_thousand_events_stop_nothing(process: Services) -> None:
    """A generous limit, for a machine that does other things as well; what was seen stands in docs/performance.md."""
    await held(process.store, 100_000)
    stalls, shared = [0.0], past(process)

    async def beat() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            stalls.append(time.perf_counter() - begun - 0.005)

    beating = asyncio.create_task(beat())
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    found = await shared.told("long", 1000, HOURS_4, MASTER)
    took, grown = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    beating.cancel()
    print(f"{took:.2f} s, stalls up to {max(stalls) * 1000:.0f} ms, {grown // 1024} MiB more")
    assert len(found["events"]) > 99_990
    assert found["until"] is None
    assert sorted(stalls)[-3] < 1, "lessons go on meanwhile"
    assert grown < 120 * 1024
