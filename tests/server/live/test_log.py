"""How one process writes a lesson's log: no reading where nothing is in doubt, each command once, a clock that never goes back."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from server.domain.hands.commands import RaiseHand
from server.domain.lesson import fold_all
from server.live.room import Room
from server.store import Append, Appended, Store
from tests.harness.postgres import both_databases
from tests.server.live.doubles import FakeClock, FakeWorker, Page, School
from tests.server.live.test_trouble import Counting


class Once:
    """A store whose answer to an append can be lost on the way, after it was written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.lose = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def append(self, append: Append) -> Appended:
        done = await self._store.append(append)
        if self.lose:
            self.lose = False
            raise ConnectionResetError
        return done


async def classroom(school: School) -> tuple[Room, Page, Page]:
    """A live lesson, its console and a room's page."""
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    page = await school.page(await school.link(lesson, "classroom", "Room"))
    await school.order(console, "lesson.live")
    room = school.lessons.rooms.running(lesson)
    assert room
    return room, console, page


async def hand(school: School, page: Page, number: int, seat: int = 1) -> int:
    kind = ("hand.raise", "hand.cancel")[number % 2]
    payload = {"participant": page.principal.participant, "seat": seat}
    return (await school.lessons.execute(page.principal, f"{seat}.{number}", kind, payload)).seq


async def test_a_command_that_nothing_is_in_doubt_of_reads_nothing(store: Store) -> None:
    counting = Counting(store)
    school = await School(counting, FakeWorker(), FakeClock()).open()  # type: ignore[arg-type]
    _, _, page = await classroom(school)
    counting.asked.clear()
    for number in range(3):
        await asyncio.gather(*(hand(school, page, number, seat) for seat in range(1, 9)))
    assert counting.asked == Counter(append=24)
    await school.lessons.stop()


async def test_a_repeat_is_answered_from_memory_and_holds_nobody_up(store: Store) -> None:
    counting = Counting(store)
    school = await School(counting, FakeWorker(), FakeClock()).open()  # type: ignore[arg-type]
    _, _, page = await classroom(school)
    first = [await hand(school, page, 0, seat) for seat in range(1, 9)]
    counting.asked.clear()
    again = await asyncio.gather(*(hand(school, page, n, seat) for seat in range(1, 9) for n in (0, 1)))
    assert list(again[::2]) == first
    assert counting.asked == Counter(append=8)
    await school.lessons.stop()


@pytest.mark.parametrize("times", [1, 3])
async def test_a_command_whose_answer_was_lost_is_carried_out_once(store: Store, times: int) -> None:
    once = Once(store)
    school = await School(once, FakeWorker(), FakeClock()).open()  # type: ignore[arg-type]
    room, _, page = await classroom(school)
    once.lose = True
    with pytest.raises(Exception, match="ConnectionResetError"):
        await hand(school, page, 0)
    seqs = {await hand(school, page, 0) for _ in range(times)}
    assert len(seqs) == 1
    raised = [event for event in await store.tail(room.state.id, 0) if event.kind == "hand.raised"]
    assert [event.seq for event in raised] == list(seqs)
    assert room.state == fold_all(await store.lesson(room.state.id), await store.tail(room.state.id, 0))  # type: ignore[arg-type]
    await school.lessons.stop()


@both_databases
async def test_commands_that_pile_up_are_all_carried_out_in_one_order(school: School) -> None:
    room, console, page = await classroom(school)
    acks = await asyncio.gather(*(hand(school, page, n, seat) for n in range(6) for seat in range(1, 31)))
    assert sorted(acks) == list(range(min(acks), min(acks) + 180))
    assert [event["seq"] for event in console.of("event")[-180:]] == sorted(acks)
    assert room.state == fold_all(await school.store.lesson(room.state.id), await school.store.tail(room.state.id, 0))  # type: ignore[arg-type]


async def test_one_note_tells_the_others_of_all_that_was_written_at_once(school: School) -> None:
    room, _, page = await classroom(school)
    said: list[Any] = []
    school.bus.subscribe(said.append)
    await asyncio.gather(*(hand(school, page, 0, seat) for seat in range(1, 31)))
    await school.calm()
    assert [(note.lesson, note.seq) for note in said] == [(room.state.id, room.state.seq)]


async def test_hands_do_not_ask_the_worker_again(school: School) -> None:
    room, _, page = await classroom(school)
    await school.calm()
    assert not room.unsettled
    asked: list[int] = []
    room.services.desk.reconcile = lambda *_: asked.append(1)  # type: ignore[method-assign, assignment]
    await page.connection.handle(
        {"type": "command", "id": "h", "kind": "hand.raise", "payload": {"participant": page.principal.participant, "seat": 1}}
    )
    assert page.of("ack")
    assert not asked
    assert not room.unsettled


# --- the clock (S18) -------------------------------------------------------------------------------------------------


async def ats(store: Store, lesson: str) -> list[int]:
    return [event.at for event in await store.tail(lesson, 0)]


async def test_a_process_that_started_later_says_so_once_and_time_never_goes_back(school: School, store: Store) -> None:
    room, _, page = await classroom(school)
    await hand(school, page, 0)
    lesson, before = room.state.id, room.state.at
    behind, ahead = FakeClock(), FakeClock()
    behind.now, ahead.now = school.clock.now - 60_000, school.clock.now + 60_000

    late = await School(store, FakeWorker(), behind).open()
    await hand(late, page, 1)
    anchor, lowered = (await store.tail(lesson, 0))[-2:]
    assert (anchor.kind, anchor.at, lowered.at) == ("clock.anchored", before, before)
    assert anchor.payload.utc == before - 60_000  # type: ignore[attr-defined]
    behind.now += 7_000
    await hand(late, page, 2)
    await hand(late, page, 3)
    assert (await ats(store, lesson))[-1] == before + 7_000, "its clock is behind: it carries the lesson's on from where that was"
    await late.lessons.stop()

    after = await School(store, FakeWorker(), ahead).open()
    watching = await after.page(await school.link(lesson, "viewer"))
    for number in (4, 5, 6):
        await hand(after, page, number)
    events = await store.tail(lesson, 0)
    anchors = [event for event in events if event.kind == "clock.anchored"][1:]
    assert [(event.payload.utc, event.at, event.actor) for event in anchors] == [(ahead.wall_ms(), ahead.wall_ms(), "system")]  # type: ignore[attr-defined]
    assert events[anchors[0].seq].kind == "hand.raised", "before anything else that it writes"
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert not [event for event in watching.of("event") if event["kind"] == "clock.anchored"]
    await after.lessons.stop()


async def test_no_clock_is_anchored_before_the_lesson_runs_or_after_it(school: School, store: Store) -> None:
    lesson = await school.lesson()
    teacher = await school.link(lesson, "master")
    await school.lessons.execute(teacher.principal("a"), "c1", "lesson.live", {})
    await school.lessons.execute(teacher.principal("a"), "c2", "lesson.end", {})
    later = FakeClock()
    later.now = school.clock.now + 60_000
    after = await School(store, FakeWorker(), later).open()
    await after.lessons.execute(teacher.principal("a"), "c3", "lesson.reopen", {})
    assert [event.kind for event in await store.tail(lesson, 0)][-4:] == [
        "lesson.ended",
        "record.stopped",
        "lesson.reopened",
        "record.started",
    ]
    await after.lessons.stop()


async def test_many_commands_at_once_after_a_restart_anchor_the_clock_once(school: School, store: Store) -> None:
    room, _, page = await classroom(school)
    later = FakeClock()
    later.now = school.clock.now + 5_000
    after = await School(store, FakeWorker(), later).open()
    await asyncio.gather(*(hand(after, page, 0, seat) for seat in range(1, 20)))
    kinds = [event.kind for event in await store.tail(room.state.id, 0)]
    assert kinds.count("clock.anchored") == 1
    assert kinds[-20:] == ["clock.anchored", *["hand.raised"] * 19]
    assert RaiseHand.kind not in kinds
    await after.lessons.stop()
