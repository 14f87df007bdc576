"""Snapshots: snapshot + tail = full fold for every life, at every event; what does not fit is as good as none (S19)."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import pytest

import server.domain
from server.domain.audience import last_seen
from server.domain.events import PAYLOADS, Envelope
from server.domain.lesson import LessonState, fold, fold_all
from server.live import links, snapshot
from server.live.horizon import Horizon
from server.store import Append, Store
from tests.client_web.test_fold import life
from tests.harness.postgres import both_databases
from tests.server.domain.logs import AUDIENCES, START
from tests.server.live.doubles import FakeClock, FakeWorker, Page, School
from tests.server.live.test_trouble import Counting

LIVES = 60


def plain(value: Any) -> Any:
    """The value with the types of its parts, which `==` of dataclasses and mappings would pass over."""
    if hasattr(value, "__dataclass_fields__"):
        return (type(value).__name__, {field.name: plain(getattr(value, field.name)) for field in fields(value)})
    if isinstance(value, msgspec.Struct):
        return (type(value).__name__, {name: plain(getattr(value, name)) for name in value.__struct_fields__})
    if isinstance(value, tuple):
        return ("tuple", [plain(one) for one in value])
    if hasattr(value, "items"):
        return ("mapping", [(key, plain(one)) for key, one in value.items()])
    if isinstance(value, frozenset):
        return ("set", sorted(map(repr, value)))
    return (type(value).__name__, value)


def kept(state: LessonState, horizon: Horizon) -> tuple[LessonState, Horizon]:
    """Through the bytes and back."""
    found = snapshot.decode(snapshot.encode(state, horizon))
    assert found
    return found


def test_every_kind_is_in_some_life() -> None:
    assert {event.kind for seed in range(LIVES) for event in life(seed)} == set(PAYLOADS)


@pytest.mark.parametrize("seed", range(LIVES))
def test_a_snapshot_and_the_tail_are_the_whole_fold(seed: int) -> None:
    """At each event, since a fold may depend on anything; the whole life after it from a few."""
    log, state, horizon = life(seed), START, Horizon()
    for event in log:
        state = fold(state, event)
        horizon.pass_by(event)
        found, seen = kept(state, horizon)
        assert plain(found) == plain(state)
        assert seen.rows() == horizon.rows()
        if event.seq % 20 == 0:
            assert plain(fold_all(found, log[event.seq :])) == plain(fold_all(state, log[event.seq :]))
    for who in AUDIENCES:
        assert kept(state, horizon)[1].of(who) == last_seen(who, log)


def test_bytes_that_do_not_fit_are_no_snapshot() -> None:
    body = snapshot.encode(START, Horizon())
    assert snapshot.decode(body)
    raw = msgspec.msgpack.decode(body)
    for wrong in (b"", b"\xc1", body[:-1], msgspec.msgpack.encode({**raw, "state": {**raw["state"], "phase": "dreaming"}})):
        assert snapshot.decode(wrong) is None


def test_another_fold_is_another_version(tmp_path: Path) -> None:
    folder = tmp_path / "domain"
    shutil.copytree(next(iter(server.domain.__path__)), folder)
    assert snapshot.fold_version(folder) == snapshot.FOLD_VERSION
    path = folder / "hands" / "state.py"
    path.write_text(path.read_text() + "\n")
    changed = snapshot.fold_version(folder)
    path.rename(folder / "hands" / "states.py")
    assert len({snapshot.FOLD_VERSION, changed, snapshot.fold_version(folder)}) == 3


def test_every_text_of_a_state_is_found() -> None:
    found = {ref for seed in range(LIVES) for ref in snapshot.texts_in(fold_all(START, life(seed)))}
    assert found, "some life ends with questions or announcements"
    assert snapshot.texts_in(START) == set()


# --- in a process ----------------------------------------------------------------------------------------------------


async def write(store: Store, log: list[Envelope], lesson: str) -> None:
    """A life as the log of a lesson."""
    events = tuple(Envelope(lesson, event.seq, event.at, event.payload, event.actor, None, f"c{event.seq}") for event in log)
    await store.append(Append(lesson, 0, "t", "life", events))


@both_databases
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_lesson_loaded_from_a_snapshot_is_the_lesson(store: Store, seed: int) -> None:
    counting = Counting(store)
    school = await School(counting, FakeWorker(), FakeClock()).open()  # type: ignore[arg-type]
    lesson, log = await school.lesson(), life(seed)
    await write(store, log, lesson)
    start = await store.lesson(lesson)
    assert start
    half, horizon = fold_all(start, log[: len(log) // 2]), Horizon()
    for event in log[: len(log) // 2]:
        horizon.pass_by(event)
    whole = await links.read_lesson(store, lesson)
    await snapshot.keep(store, half, horizon)
    assert plain(await links.read_lesson(store, lesson)) == plain(whole) == plain(fold_all(start, log))
    room = await school.lessons.rooms.get(lesson)
    assert plain(room.state) == plain(whole)
    assert room.log.recent[0].seq == half.seq + 1, "only the tail was read"
    assert all(room.log.horizon.of(who) == last_seen(who, log) for who in AUDIENCES)
    await school.lessons.stop()


async def talk(school: School, page: Page, count: int) -> None:
    payload = {"participant": page.principal.participant, "seat": 1}
    for number in range(count):
        await school.lessons.execute(page.principal, f"c{number}", ("hand.raise", "hand.cancel")[number % 2], payload)


@both_databases
async def test_the_process_that_crosses_the_mark_writes_one(store: Store, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "EVERY", 20)
    one, other_store = Counting(store), await Store.open(database)
    two = Counting(other_store)
    schools = [await School(each, FakeWorker(), FakeClock()).open() for each in (one, two)]  # type: ignore[arg-type]
    lesson = await schools[0].lesson()
    teacher, room = await schools[0].link(lesson, "master"), await schools[0].link(lesson, "classroom", "Room")
    await schools[0].lessons.execute(teacher.principal("a"), "live", "lesson.live", {})
    page = await schools[0].page(room)
    await schools[1].page(teacher)
    await talk(schools[0], page, 40)
    await asyncio.gather(*(school.calm() for school in schools))
    await schools[1].lessons.rooms.poll()
    assert (one.asked["keep_snapshot"], two.asked["keep_snapshot"]) == (2, 0)

    third = Counting(store)
    after = await School(third, FakeWorker(), FakeClock()).open()  # type: ignore[arg-type]
    loaded = await after.lessons.rooms.get(lesson)
    running = schools[0].lessons.rooms.running(lesson)
    assert running
    assert plain(loaded.state) == plain(running.state)
    assert loaded.log.recent[0].seq == 41
    assert loaded.log.horizon.rows() == running.log.horizon.rows()
    for school in (*schools, after):
        await school.lessons.stop()
    await other_store.close()


async def test_one_of_another_program_is_passed_over(school: School, store: Store) -> None:
    lesson, log = await school.lesson(), life(4)
    await write(store, log, lesson)
    wrong = snapshot.encode(LessonState(lesson, "wrong", phase="archived"), Horizon())
    await store.keep_snapshot(lesson, len(log), "another", wrong)
    start = await store.lesson(lesson)
    assert start
    assert plain(await links.read_lesson(store, lesson)) == plain(fold_all(start, log))
    await store.keep_snapshot(lesson, len(log), snapshot.FOLD_VERSION, b"not one")
    assert plain((await school.lessons.rooms.get(lesson)).state) == plain(fold_all(start, log))


async def test_what_people_wrote_before_the_snapshot_is_shown_after_it(school: School, store: Store) -> None:
    lesson = await school.lesson()
    teacher = await school.link(lesson, "master")
    console = await school.page(teacher)
    await school.order(console, "lesson.live")
    await school.order(console, "announcement.make", participant="", text="今天换教室")
    room = school.lessons.rooms.running(lesson)
    assert room
    await snapshot.keep(store, room.state, room.log.horizon)
    after = await School(store, FakeWorker(), FakeClock()).open()
    again = await after.page(teacher)
    assert "今天换教室" in str(again.of("state")[-1]["state"]["talk"])
    await after.lessons.stop()


async def test_a_snapshot_that_cannot_be_written_is_nobodys_trouble(
    school: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(*_: Any) -> None:
        raise OSError("full")

    monkeypatch.setattr(snapshot, "EVERY", 5)
    monkeypatch.setattr(snapshot, "keep", refuse)
    lesson = await school.lesson()
    page = await school.page(await school.link(lesson, "classroom", "Room"))
    await school.lessons.execute((await school.link(lesson, "master")).principal("a"), "live", "lesson.live", {})
    await talk(school, page, 20)
    await school.calm()
    assert "no snapshot of lesson" in caplog.text
