"""What the worker is told of a lesson's recording, and when (S13, S18)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from media.client import messages as m
from server.bus import LocalBus
from server.domain.link import Link
from server.live import rooms
from server.live.recorder import AGAIN_MS
from server.store import Store
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.live.doubles import OFFER, FakeClock, FakeWorker, Page, School

pytestmark = both_databases


@dataclass
class Class:
    """A lesson with a console and one room."""

    school: School
    lesson: str
    teacher: Link
    room: Link
    console: Page

    @classmethod
    async def begin(cls, school: School, live: bool = True) -> Class:
        lesson = await school.lesson()
        teacher, room = await school.link(lesson, "master"), await school.link(lesson, "classroom", "石桥村小")
        found = cls(school, lesson, teacher, room, await school.page(teacher))
        await school.page(room)
        if live:
            await found.order("lesson.live")
        return found

    async def order(self, kind: str, **payload: Any) -> None:
        await self.school.order(self.console, kind, **payload)
        assert self.console.of("refused") == []

    @property
    def recording(self) -> str:
        room = self.school.lessons.rooms.running(self.lesson)
        assert room
        return room.state.record.recording

    def own(self, *sources: str) -> dict[str, str]:
        return {source: f"{self.lesson}/master/{source}" for source in sources}

    @property
    def program(self) -> dict[str, str]:
        return self.own("camera", "screen", "mic")

    def stage(self, position: int) -> dict[str, str]:
        who = f"{self.lesson}/{self.room.participant}"
        return {f"stage.{position}.video": f"{who}/camera", f"stage.{position}.audio": f"{who}/mic"}


def said(worker: FakeWorker) -> list[Any]:
    """Commands about recordings since the last call."""
    found = [command for command in worker.commands if isinstance(command, m.Record | m.StopRecording)]
    worker.commands.clear()
    return found


async def row(store: Store) -> Any:
    async with store.database.engine.connect() as connection:
        return (await connection.execute(select(t.recording))).one_or_none()


async def test_nothing_is_said_before_class_and_the_program_when_it_begins(school: School) -> None:
    one = await Class.begin(school, live=False)
    await one.order("lesson.open")
    await school.lessons.publish(one.console.principal, OFFER, ("mic", "camera"))
    assert said(school.worker) == []
    await one.order("lesson.live")
    (told,) = said(school.worker)
    assert (told.recording, told.tracks) == (one.recording, one.program)
    assert told.labels == (f"{one.lesson}/program", f"{one.lesson}/stage")
    assert told.clock == m.Moment(at=school.clock.monotonic_ms() * 1_000_000, lesson=school.clock.wall_ms())
    assert told.as_of == school.lessons.rooms.running(one.lesson).state.seq  # type: ignore[union-attr]


async def test_a_process_whose_clock_was_set_back_carries_on_from_where_the_worker_is(school: School, store: Store) -> None:
    """The last event is minutes old: what was captured since knows the time better."""
    one = await Class.begin(school)
    (told,) = said(school.worker)
    early, worker = FakeClock(), FakeWorker()
    early.now = school.clock.now + 300_000
    early.wall_ms = lambda: 1_700_000_000_000 - 3_600_000 + early.now  # type: ignore[method-assign]
    worker.recordings[one.recording] = m.RecordingState(recording=one.recording, take=1, clock=told.clock)
    later = await School(store, worker, early).open()
    await later.page(one.teacher)
    await later.calm()
    again = later.worker.recorded[one.recording]
    assert again.clock == m.Moment(at=early.monotonic_ms() * 1_000_000, lesson=told.clock.lesson + 300_000)
    room = later.lessons.rooms.running(one.lesson)
    assert room
    early.now += 2_000
    await later.order(await later.page(one.teacher), "record.pause")
    assert room.state.at == told.clock.lesson + 302_000, "and so does what happens"
    await later.lessons.stop()


async def test_only_whoever_is_on_stage_is_added_and_only_while_there(school: School) -> None:
    one = await Class.begin(school)
    said(school.worker)
    await one.order("stage.call", participant=one.room.participant)
    (on,) = said(school.worker)
    assert on.tracks == {**one.program, **one.stage(1)}
    await one.order("stage.swap", a=1, b=3)
    (moved,) = said(school.worker)
    assert moved.tracks == {**one.program, **one.stage(3)}
    await one.order("stage.release", participant=one.room.participant)
    (off,) = said(school.worker)
    assert off.tracks == one.program
    assert on.as_of < moved.as_of < off.as_of


async def test_no_source_off_stage_could_be_captured(school: School) -> None:
    """Of what is published only program and stage share a label with the recording, whatever the tracks say (M27)."""
    one = await Class.begin(school)
    screen = await school.page(one.room, "r1")
    await school.lessons.publish(screen.principal, OFFER, ("mic", "camera"))
    labels = set(school.worker.recorded[one.recording].labels)
    camera = f"{one.lesson}/{one.room.participant}/camera"
    assert not labels & set(school.worker.sources[camera].labels)
    await one.order("stage.call", participant=one.room.participant)
    assert labels & set(school.worker.sources[camera].labels)


async def test_pause_break_and_stop(school: School) -> None:
    one = await Class.begin(school)
    said(school.worker)
    await one.order("record.pause")
    await one.order("stage.call", participant=one.room.participant)
    await one.order("record.resume")
    await one.order("lesson.pause")
    await one.order("lesson.live")
    paused, resumed, rest, again = said(school.worker)
    assert [len(told.tracks) for told in (paused, resumed, rest, again)] == [0, 5, 0, 3]
    await one.order("record.stop")
    assert [type(told) for told in said(school.worker)] == [m.StopRecording]
    await school.pass_ms(2_000)
    assert said(school.worker) == []
    await one.order("record.start")
    (more,) = said(school.worker)
    assert more.recording == one.recording == paused.recording


async def test_the_end_stops_it_and_a_reopened_lesson_goes_on_with_it(school: School, store: Store) -> None:
    one = await Class.begin(school)
    begun = school.clock.wall_ms()
    found = await row(store)
    assert (found.id, found.lesson, found.state, found.begun, found.ended) == (one.recording, one.lesson, "live", begun, None)
    said(school.worker)
    school.clock.now += 60_000
    await one.order("lesson.end")
    assert [type(told) for told in said(school.worker)] == [m.StopRecording]
    found = await row(store)
    assert (found.state, found.begun, found.ended) == ("ended", begun, begun + 60_000)
    await one.order("lesson.reopen")
    (told,) = said(school.worker)
    assert told.recording == one.recording
    found = await row(store)
    assert (found.state, found.begun, found.ended, found.tries) == ("live", begun, None, 0)


async def test_a_connection_lost_and_found_says_it_again(school: School) -> None:
    one = await Class.begin(school)
    said(school.worker)
    school.worker.disconnect()
    await one.order("stage.call", participant=one.room.participant)
    assert said(school.worker) == []
    school.worker.connect()
    await school.calm()
    (told,) = said(school.worker)
    assert told.tracks == {**one.program, **one.stage(1)}


async def test_a_new_worker_goes_on_with_the_recording(school: School) -> None:
    one = await Class.begin(school)
    said(school.worker)
    school.worker.crash()
    await school.calm()
    school.clock.now += 3_000
    school.worker.connect()
    await school.calm()
    (told,) = said(school.worker)
    assert (told.recording, told.tracks) == (one.recording, one.program)
    assert told.clock.lesson == school.clock.wall_ms()


async def test_what_was_stopped_while_the_worker_was_away_is_stopped_when_it_is_back(school: School) -> None:
    one = await Class.begin(school)
    school.worker.disconnect()
    await one.order("record.stop")
    said(school.worker)
    school.worker.connect()
    await school.calm()
    assert [(type(told), told.recording) for told in said(school.worker)] == [(m.StopRecording, one.recording)]


async def test_a_new_web_process_says_it_again_though_nobody_is_there(school: School, store: Store) -> None:
    one = await Class.begin(school)
    worker, clock = school.worker, school.clock
    worker.disconnect()
    worker.listeners.clear()
    await school.lessons.stop()
    said(worker)
    after = await School(store, worker, clock).open()
    (told,) = said(worker)
    assert (told.recording, told.tracks) == (one.recording, one.program)
    await after.lessons.stop()


async def test_a_lesson_that_ended_meanwhile_is_stopped_and_one_that_is_not_known_too(school: School, store: Store) -> None:
    one = await Class.begin(school)
    worker, clock = school.worker, school.clock
    worker.disconnect()
    await one.order("lesson.end")
    worker.listeners.clear()
    await school.lessons.stop()
    worker.recordings["stranger"] = m.RecordingState(recording="stranger", take=1)
    said(worker)
    after = await School(store, worker, clock).open()
    assert {(type(told), told.recording) for told in said(worker)} == {(m.StopRecording, one.recording), (m.StopRecording, "stranger")}
    await after.lessons.stop()


async def test_consoles_are_told_what_is_lost_and_when_it_is_not_any_more(school: School) -> None:
    one = await Class.begin(school)
    room = await school.page(one.room, "r1")
    school.worker.fail(one.recording, "disk")
    school.worker.fail(one.recording, "disk")
    await school.calm()
    assert one.console.of("recording") == [{"type": "recording", "failing": "disk"}]
    late = await school.page(one.teacher, "p2")
    assert late.of("recording") == [{"type": "recording", "failing": "disk"}]
    school.worker.fail(one.recording, "")
    assert [told["failing"] for told in one.console.of("recording")] == ["disk", ""]
    assert room.of("recording") == []


async def test_a_refusal_is_said_and_asked_again_later(school: School) -> None:
    one = await Class.begin(school, live=False)
    school.worker.refuse = "recording.disk"
    await one.order("lesson.live")
    assert one.console.of("recording")[-1]["failing"] == "refused"
    school.worker.refuse = None
    said(school.worker)
    await school.pass_ms(AGAIN_MS - 500)
    assert said(school.worker) == []
    await school.pass_ms(1_000)
    assert len(said(school.worker)) == 1
    assert one.console.of("recording")[-1]["failing"] == ""


@pytest.mark.parametrize("stops", ["record.stop", "lesson.end"])
async def test_two_web_processes_agree_on_what_is_said_last(store: Store, stops: str) -> None:
    worker, bus, clock = FakeWorker(), LocalBus(), FakeClock()
    one, two = School(store, worker, clock, bus), School(store, worker, clock, bus)
    await one.open()
    await two.open()
    here = await Class.begin(one)
    there = await two.page(here.room, "r9")
    await here.order("stage.call", participant=here.room.participant)
    await two.calm()
    assert worker.recorded[here.recording].tracks == {**here.program, **here.stage(1)}
    await here.order(stops)
    await two.calm()
    await two.pass_ms(2_000)
    assert worker.recorded == {}
    assert there.of("event")[-1]["kind"] == "record.stopped"
    for process in (one, two):
        await process.lessons.stop()


async def test_a_database_that_is_away_when_the_worker_comes_back_is_asked_again(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    one = await Class.begin(school)
    await school.pass_ms(10_000)
    for page in list(school.lessons.rooms.running(one.lesson).connections.values()):  # type: ignore[union-attr]
        await page.close()
    await school.pass_ms(70_000, 1_000)
    assert school.lessons.rooms.running(one.lesson) is None
    said(school.worker)

    async def away(*_: object) -> dict[str, str]:
        raise OSError("away")

    with monkeypatch.context() as patch:
        patch.setattr(rooms, "recordings_at_work", away)
        school.worker.crash()
        school.worker.connect()
        await school.calm()
    assert said(school.worker) == []
    await school.pass_ms(6_000)
    assert len(said(school.worker)) == 1
