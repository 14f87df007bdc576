"""Recordings become playable: by one process at a time, tried again, given up, removed when their time is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from media.client import manifest
from server.replay import making as making_module
from server.replay.making import AGAIN_MS, DAY_MS, LEASE_MS, MOST_TRIES, SETTLE_MS, Making
from server.store import recordings as store
from server.store import tables as t
from server.store.recordings import RecordingStore
from tests.harness.captures import Written, lesson
from tests.harness.postgres import both_databases
from tests.harness.volume import needs_a_volume, volume
from tests.server.services import Services

pytestmark = both_databases


async def nothing(*_: str) -> None:
    return None


async def ended(process: Services, **values: Any) -> RecordingStore:
    row = {"id": "rec1", "lesson": "lesson.x", "begun": process.clock.now - 60_000, "ended": process.clock.now - SETTLE_MS - 1}
    await process.store.database.execute(insert(t.recording).values(**{**row, "state": "ended", **values}))
    return RecordingStore(process.store.database)


def maker(process: Services, table: RecordingStore, data: Path, days: int = 0, now: Callable[[], int] | None = None) -> Making:
    return Making(table, data, now or process.clock, days, nothing, nothing)


async def test_a_recording_that_ended_becomes_playable(process: Services, tmp_path: Path) -> None:
    table = await ended(process)
    folder = manifest.folder(tmp_path, "rec1")
    folder.mkdir(parents=True)
    lesson(Written(folder))
    making = maker(process, table, tmp_path, days=30)
    assert await making.make_next()
    found = await table.of_lesson("lesson.x")
    assert found is not None
    made = manifest.read(folder)
    assert (found.state, found.tries, found.octets) == ("ready", 0, sum(one.octets for one in made.files))
    assert found.duration_ms == made.end - made.begin > 2000
    assert found.keep_until == process.clock.now + 30 * DAY_MS
    assert not await making.make_next(), "none waits"


async def test_one_that_has_just_ended_waits_for_its_worker(process: Services, tmp_path: Path) -> None:
    table = await ended(process, ended=process.clock.now - SETTLE_MS + 1)
    assert not await maker(process, table, tmp_path).make_next()


async def test_a_lesson_of_which_nothing_was_captured_is_empty(process: Services, tmp_path: Path) -> None:
    table = await ended(process)
    assert await maker(process, table, tmp_path).make_next()
    found = await table.of_lesson("lesson.x")
    assert found is not None
    assert (found.state, found.playable) == ("empty", False)


async def test_three_tries_and_then_somebody_must_look(process: Services, tmp_path: Path) -> None:
    table = await ended(process)
    folder = manifest.folder(tmp_path, "rec1")
    folder.mkdir(parents=True)
    (folder / "play").write_text("a file where a folder belongs")
    (folder / "take-0001.capture").mkdir()
    making = maker(process, table, tmp_path)
    for wait in (*AGAIN_MS, 0):
        assert await making.make_next()
        assert not await making.make_next(), "whatever ails it takes time"
        process.clock.now += wait
    found = await table.of_lesson("lesson.x")
    assert found is not None
    assert (found.state, found.error) == ("failed", "recording.unreadable")
    assert not await making.make_next()
    assert await process.store.database.write(lambda connection: store.make_again(connection, "rec1"))
    assert not await process.store.database.write(lambda connection: store.make_again(connection, "rec1"))
    assert await making.make_next()


async def test_two_processes_never_make_the_same(process: Services, tmp_path: Path) -> None:
    table, now = await ended(process), process.clock.now
    first, second = await asyncio.gather(*(table.claim(now, now + LEASE_MS, now - SETTLE_MS) for _ in range(2)))
    assert (first is None) != (second is None)
    held = first or second
    assert held is not None
    assert await table.claim(now + LEASE_MS, now + 2 * LEASE_MS, now) is None, "its maker may still be there"
    taken = await table.claim(now + LEASE_MS + 1, now + 2 * LEASE_MS, now)
    assert taken is not None
    assert taken.tries == 2
    assert not await table.renew(held, now + 3 * LEASE_MS), "it is another's now"
    assert not await table.finish(held, octets=1, duration_ms=1, missing_ms=0, keep_until=None)
    assert await table.finish(taken, octets=1, duration_ms=1, missing_ms=0, keep_until=None)


async def test_a_file_that_takes_its_maker_with_it_fails_after_three(process: Services, tmp_path: Path) -> None:
    """Whoever claimed it was never heard of again, three times."""
    table = await ended(process)
    for _ in range(MOST_TRIES):
        assert await table.claim(process.clock.now, process.clock.now + LEASE_MS, process.clock.now) is not None
        process.clock.now += LEASE_MS + 1
    assert await maker(process, table, tmp_path).make_next()
    found = await table.of_lesson("lesson.x")
    assert found is not None
    assert (found.state, found.error, found.removed) == ("failed", "recording.unreadable", None)
    assert not await maker(process, table, tmp_path).make_next()


@needs_a_volume
async def test_a_full_disk_is_tried_again_counted_and_comes_right(process: Services, tmp_path: Path) -> None:
    table = await ended(process)
    with volume(tmp_path / "recordings", "1m") as small:
        data = small.root(tmp_path)
        folder = manifest.folder(data, "rec1")
        folder.mkdir(parents=True)
        lesson(Written(folder))
        making = maker(process, table, data)
        small.fill()
        assert await making.make_next()
        found = await table.of_lesson("lesson.x")
        assert found is not None
        assert (found.state, found.tries, found.error) == ("ended", 1, "")
        assert [path.name for path in folder.iterdir()] == ["take-0001.capture"]
        small.make_room()
        process.clock.now += AGAIN_MS[0]
        assert await making.make_next()
        found = await table.of_lesson("lesson.x")
        assert found is not None
        assert (found.state, found.tries) == ("ready", 0)


async def test_a_process_that_stops_gives_back_what_it_has(process: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = await ended(process)
    manifest.folder(tmp_path, "rec1").mkdir(parents=True)
    begun = asyncio.Event()

    async def slow(_: Path) -> Any:
        begun.set()
        await asyncio.sleep(3600)
        yield {}

    monkeypatch.setattr(making_module, "run", slow)
    making = maker(process, table, tmp_path)
    making.start()
    await asyncio.wait_for(begun.wait(), 5)
    await making.stop()
    found = await table.of_lesson("lesson.x")
    assert found is not None
    assert (found.state, found.tries, found.lease_until) == ("ended", 0, 0)


async def test_what_is_kept_long_enough_is_found(process: Services, tmp_path: Path) -> None:
    table = await ended(process, state="ready", keep_until=process.clock.now + 1)
    assert await table.expired(process.clock.now) == []
    assert [one.id for one in await table.expired(process.clock.now + 2)] == ["rec1"]
    assert await process.store.database.write(lambda connection: store.remove(connection, "rec1", process.clock.now))
    assert await table.expired(process.clock.now + 2) == []
