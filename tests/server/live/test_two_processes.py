"""Two web processes write the same lesson: whoever decided on something that was never written decides again (S14)."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from server.domain.lesson import fold_all
from server.errors import WrongPhase
from server.live.links import read_lesson
from server.live.service import Ack
from server.store import Append, Appended, Store
from tests.harness.postgres import both_databases
from tests.server.live.doubles import FakeClock, FakeWorker, School

pytestmark = both_databases


class Gated:
    """A store whose appends wait until the gate opens, in the order they came."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.open = asyncio.Event()
        self.open.set()
        self.waiting = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, append: Append) -> Appended:
        self.waiting += 1
        await self.open.wait()
        return await self._store.append(append)


async def test_what_was_decided_on_a_lost_race_is_decided_again(store: Store, database: str) -> None:
    gated, other_store = Gated(store), await Store.open(database)
    one, two = School(gated, FakeWorker(), FakeClock()), School(other_store, FakeWorker(), FakeClock())  # type: ignore[arg-type]
    await one.open()
    await two.open()
    lesson = await one.lesson()
    teacher = (await one.link(lesson, "master")).principal("a")
    rooms = [await one.link(lesson, "classroom", name) for name in ("X", "Y")]
    for room in rooms:
        await one.page(room)
    await one.lessons.execute(teacher, "live", "lesson.live", {})
    await two.lessons.execute(teacher, "warm", "lesson.live", {})

    gated.open.clear()
    gated.waiting = 0
    mine = [
        asyncio.create_task(one.lessons.execute(teacher, f"c{n}", "stage.call", {"participant": r.participant}))
        for n, r in enumerate(rooms)
    ]
    while gated.waiting < 2:
        await asyncio.sleep(0)
    await two.lessons.execute(teacher, "theirs", "stage.call", {"participant": rooms[1].participant})
    gated.open.set()
    await asyncio.gather(*mine)
    await one.lessons.rooms.poll()

    written = await read_lesson(store, lesson)
    assert Counter(written.stage.values()) == {rooms[0].participant: 1, rooms[1].participant: 1}
    running = one.lessons.rooms.running(lesson)
    assert running
    assert running.state == written == fold_all((await store.lesson(lesson)), await store.tail(lesson, 0))
    await one.lessons.stop()
    await two.lessons.stop()
    await other_store.close()


async def test_a_refusal_in_a_lost_race_leaves_nothing_in_what_was_decided_after_it(store: Store, database: str) -> None:
    gated, other_store = Gated(store), await Store.open(database)
    one, two = School(gated, FakeWorker(), FakeClock()), School(other_store, FakeWorker(), FakeClock())  # type: ignore[arg-type]
    await one.open()
    await two.open()
    lesson = await one.lesson()
    teacher = (await one.link(lesson, "master")).principal("a")
    room = (await one.page(await one.link(lesson, "classroom", "X"))).principal
    await one.lessons.execute(teacher, "live", "lesson.live", {})
    await two.lessons.execute(teacher, "warm", "lesson.live", {})

    gated.open.clear()
    gated.waiting = 0
    seats = [{"participant": room.participant, "seat": seat} for seat in (1, 2)]
    said = {**seats[0], "status": "here", "done_at": 0, "settles": False}
    given = [("hand.raise", seats[0]), ("checkin.mark", said), ("hand.raise", seats[1])]
    mine = []
    for n, (kind, payload) in enumerate(given):
        mine.append(asyncio.create_task(one.lessons.execute(room, f"c{n}", kind, payload)))
        while gated.waiting < n + 1:
            await asyncio.sleep(0)
    await two.lessons.execute(teacher, "theirs", "lesson.end", {})
    gated.open.set()
    first, mark, second = await asyncio.gather(*mine, return_exceptions=True)
    assert [type(one) for one in (first, mark, second)] == [WrongPhase, Ack, WrongPhase], "hands come after the end"

    running, written = one.lessons.rooms.running(lesson), await read_lesson(store, lesson)
    assert running
    assert (running.state.phase, running.state.hands.raised) == ("ended", {})
    assert running.state == written == fold_all(await store.lesson(lesson), await store.tail(lesson, 0))
    await one.lessons.stop()
    await two.lessons.stop()
    await other_store.close()


async def test_many_commands_at_once_in_two_processes_never_break_the_stage(store: Store, database: str) -> None:
    other_store = await Store.open(database)
    schools = [School(store, FakeWorker(), FakeClock()), School(other_store, FakeWorker(), FakeClock())]
    for school in schools:
        await school.open()
    lesson = await schools[0].lesson()
    teacher = (await schools[0].link(lesson, "master")).principal("a")
    rooms = [await schools[0].link(lesson, "classroom", f"R{n}") for n in range(4)]
    for room in rooms:
        await schools[0].page(room)
    await schools[0].lessons.execute(teacher, "live", "lesson.live", {})
    steps = [
        schools[n % 2].lessons.execute(
            teacher, f"c{n}", ("stage.call", "stage.release")[n // 8 % 2], {"participant": rooms[n // 2 % 4].participant}
        )
        for n in range(64)
    ]
    await asyncio.gather(*steps)
    state = await store.lesson(lesson)
    assert state
    for event in await store.tail(lesson, 0):
        state = fold_all(state, [event])
        assert max(Counter(state.stage.values()).values(), default=1) == 1, event
    for school in schools:
        await school.lessons.rooms.poll()
        room = school.lessons.rooms.running(lesson)
        assert room
        assert room.state == state
        await school.lessons.stop()
    await other_store.close()


async def test_neither_of_two_busy_processes_starves(store: Store, database: str) -> None:
    other_store = await Store.open(database)
    schools = [await School(each, FakeWorker(), FakeClock()).open() for each in (store, other_store)]
    lesson = await schools[0].lesson()
    teacher = (await schools[0].link(lesson, "master")).principal("a")
    await schools[0].lessons.execute(teacher, "live", "lesson.live", {})
    links = [await schools[0].link(lesson, "classroom", f"R{n}") for n in range(8)]
    pages = [await schools[n % 2].page(link) for n, link in enumerate(links)]
    for school in schools:
        await school.lessons.rooms.poll()
    done = [0, 0]

    async def busy(number: int) -> None:
        school, who = schools[number % 2], pages[number].principal
        for n in range(40):
            kind = ("hand.raise", "hand.cancel")[n % 2]
            await school.lessons.execute(who, f"{number}.{n}", kind, {"participant": who.participant, "seat": 1})
            done[number % 2] += 1
            if sum(done) == 160:
                assert min(done) >= 20, f"half of all is done, and of that {done} by each"

    await asyncio.gather(*(busy(number) for number in range(8)))
    events = await store.tail(lesson, 0)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert len([event for event in events if event.kind.startswith("hand.")]) == 320
    for school in schools:
        await school.lessons.stop()
    await other_store.close()
