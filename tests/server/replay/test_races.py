"""A recording is removed by one process while another records more of its lesson, or publishes it: one of them wins, on both databases."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from media.client import manifest
from server.accounts.audit import Audit
from server.domain.recording import Recording
from server.errors import NotRecorded, RecordingBusy, RecordingGone
from server.library import service as library_service
from server.library.fields import Step
from server.library.service import Library
from server.replay import aside, service
from server.replay.service import Replays
from server.store import tables as t
from server.store.recorded import begin_recording
from tests.harness.postgres import both_databases
from tests.server.library.taught import Tapes, drafted, over
from tests.server.services import Services

pytestmark = both_databases
Pair = tuple[Services, Services]
NAME, LESSON = "rec.done", "done"
TURN_SECONDS = 0.3
"""For the other to come as far as it can."""


@pytest.fixture
async def tapes(pair: Pair) -> Tapes:
    made = Tapes()
    await over(pair[0].store.database, made, LESSON)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the recording, with a take."""
    of = manifest.folder(tmp_path, NAME)
    (of / "play").mkdir(parents=True)
    (of / "take-0001.capture").write_text("of before")
    return of


def takes(folder: Path) -> list[str]:
    return sorted(path.read_text() for path in folder.glob("*.capture"))


async def row(process: Services) -> Recording:
    found = await Replays(process.store, process.office, process.files(Path())).table.get(NAME)
    assert found is not None
    return found


async def remove(process: Services, data: Path) -> None:
    await Replays(process.store, process.office, process.files(data)).remove(await process.caller("x.admin"), LESSON)


async def record_again(process: Services, folder: Path) -> None:
    """As a lesson that is reopened: its transaction first, and then the worker makes a take."""
    await process.store.database.write(lambda connection: begin_recording(connection, NAME, LESSON, process.clock.now))
    folder.mkdir(parents=True, exist_ok=True)
    number = len(takes(folder)) + 1
    (folder / f"take-{number:04}.capture").write_text("of now")


@asynccontextmanager
async def meanwhile(held: Callable[[], bool], go: Callable[[], None], other: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """The other begins once the first is held in its transaction, and must wait for it."""
    for _ in range(1000):
        if held():
            break
        await asyncio.sleep(0.005)
    assert held()
    task = asyncio.create_task(other)
    done, _ = await asyncio.wait({task}, timeout=TURN_SECONDS)
    assert not done, "it decided without waiting"
    go()
    yield task


@pytest.fixture
def removing(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """Set: a removal has changed the row and not moved the folder yet; to be set: it goes on."""
    there, go = threading.Event(), threading.Event()

    def slowly(data: Path, recording: str) -> list[Path]:
        there.set()
        assert go.wait(10)
        return aside.put_aside(data, recording)

    monkeypatch.setattr(service, "put_aside", slowly)
    return there, go


async def test_a_lesson_recorded_again_while_its_recording_is_removed_keeps_what_is_new(
    pair: Pair, tapes: Tapes, folder: Path, tmp_path: Path, removing: tuple[threading.Event, threading.Event]
) -> None:
    there, go = removing
    first = asyncio.create_task(remove(pair[0], tmp_path))
    async with meanwhile(there.is_set, go.set, record_again(pair[1], folder)) as other:
        await asyncio.gather(first, other)
    found = await row(pair[0])
    assert (found.state, found.removed) == ("live", None)
    assert takes(folder) == ["of now"]
    assert [path.name for path in folder.parent.iterdir()] == [NAME], "and nothing lies aside"


async def test_one_that_is_being_recorded_again_is_not_removed(pair: Pair, tapes: Tapes, folder: Path, tmp_path: Path) -> None:
    await record_again(pair[1], folder)
    with pytest.raises(RecordingBusy):
        await remove(pair[0], tmp_path)
    assert takes(folder) == ["of before", "of now"]


async def test_what_is_being_removed_is_not_published(
    pair: Pair, tapes: Tapes, folder: Path, tmp_path: Path, removing: tuple[threading.Event, threading.Event]
) -> None:
    there, go = removing
    await draft(pair[0], tapes)
    first = asyncio.create_task(remove(pair[0], tmp_path))
    async with meanwhile(there.is_set, go.set, publish(pair[1], tapes)) as other:
        await first
        with pytest.raises(NotRecorded):
            await other
    assert (await row(pair[0])).removed is not None
    assert not folder.exists()
    assert await pair[0].acts() == ["recording.remove"]


async def draft(process: Services, tapes: Tapes) -> None:
    """A resource of the lesson that lacks nothing but to be published."""
    database, span = process.store.database, tapes.spans[LESSON]
    await drafted(database, "res", unit="第八单元", begin_ms=span.begin_ms, end_ms=span.end_ms)
    await database.execute(update(t.resource).where(t.resource.c.id == "res").values(lesson=LESSON))


async def publish(process: Services, tapes: Tapes) -> str:
    library = Library(process.office, tapes.recordings, tapes.cover)
    return await library.publish(await process.caller("x.librarian"), LESSON, Step(version=1))


async def test_what_is_being_published_is_not_removed(
    pair: Pair, tapes: Tapes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, go, mark = asyncio.Event(), asyncio.Event(), library_service.mark_version

    async def slowly(*given: Any, **values: Any) -> None:
        there.set()
        await asyncio.wait_for(go.wait(), 10)
        await mark(*given, **values)

    await draft(pair[1], tapes)
    monkeypatch.setattr(library_service, "mark_version", slowly)
    first = asyncio.create_task(publish(pair[1], tapes))
    async with meanwhile(there.is_set, go.set, remove(pair[0], tmp_path)) as other:
        assert await first == "res"
        with pytest.raises(RecordingBusy):
            await other
    assert (await row(pair[0])).removed is None
    assert takes(folder) == ["of before"]
    assert await pair[0].acts() == ["resource.publish"]


async def test_of_many_at_once_either_it_is_public_or_it_is_gone(pair: Pair, tapes: Tapes, folder: Path, tmp_path: Path) -> None:
    """However they meet."""
    await draft(pair[0], tapes)
    outcomes = await asyncio.gather(
        *(each for _ in range(4) for each in (publish(pair[0], tapes), remove(pair[1], tmp_path))), return_exceptions=True
    )
    gone = (await row(pair[0])).removed is not None
    live = (await Library(pair[0].office, tapes.recordings, tapes.cover).store.of_lesson(LESSON)).standing.live  # type: ignore[union-attr]
    assert gone != bool(live)
    assert gone != folder.exists()
    assert [one for one in outcomes if one in ("res", None)] == [None if gone else "res"]
    assert len(await pair[0].acts()) == 1


async def test_a_removal_that_fails_leaves_everything(
    pair: Pair, tapes: Tapes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("no line, no act")

    with monkeypatch.context() as patch:
        patch.setattr(Audit, "append", broken)
        with pytest.raises(RuntimeError):
            await remove(pair[0], tmp_path)
    assert (await row(pair[0])).removed is None
    assert takes(folder) == ["of before"]
    assert [path.name for path in folder.parent.iterdir()] == [NAME]
    await remove(pair[0], tmp_path)
    with pytest.raises(RecordingGone):
        await remove(pair[1], tmp_path)
    assert list(folder.parent.iterdir()) == []


@pytest.mark.parametrize("state", ["not removed", "removed", "recorded again", "unknown"])
async def test_what_a_process_that_died_left_aside(
    pair: Pair, tapes: Tapes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    replays, database = Replays(pair[0].store, pair[0].office, pair[0].files(tmp_path)), pair[0].store.database
    aside.put_aside(tmp_path, NAME)
    if state == "unknown":
        folder.with_name("rec.none.removed-00000000").mkdir()
    if state in ("removed", "recorded again"):
        await database.execute(update(t.recording).where(t.recording.c.id == NAME).values(removed=pair[0].clock.now))
    if state == "recorded again":
        await record_again(pair[1], folder)
    await replays.expire()
    assert not folder.exists() or takes(folder) == ["of now"], "whoever put it there may be at it"
    monkeypatch.setattr(aside, "OLD_SECONDS", -1)
    await replays.expire()
    assert [path.name for path in folder.parent.iterdir()] == ([] if state == "removed" else [NAME])
    left = {"not removed": ["of before"], "unknown": ["of before"], "removed": [], "recorded again": ["of now"]}
    assert takes(folder) == left[state]


async def test_one_published_between_two_looks_does_not_stop_the_sweep(
    pair: Pair, tapes: Tapes, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replays, database, now = Replays(pair[0].store, pair[0].office, pair[0].files(tmp_path)), pair[0].store.database, pair[0].clock.now
    await database.execute(update(t.recording).where(t.recording.c.id == NAME).values(keep_until=now - 2))
    await over(database, None, "other")
    more = {"id": "rec.other", "lesson": "other", "begun": 0, "ended": 1, "state": "ready", "keep_until": now - 1}
    await database.execute(insert(t.recording).values(**more))
    found = await replays.table.expired(now)
    assert [one.id for one in found] == [NAME, "rec.other"]
    await draft(pair[1], tapes)
    await publish(pair[1], tapes)

    async def seen(*_: Any) -> list[Recording]:
        return found

    monkeypatch.setattr(replays.table, "expired", seen)
    await replays.expire()
    assert takes(folder) == ["of before"]
    gone = await replays.table.get("rec.other")
    assert gone is not None
    assert gone.removed == now
