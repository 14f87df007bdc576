"""Cuts for resources: found, made by one process at a time, tried again, given up, made anew, swept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import pytest
from sqlalchemy import insert, select, update

from media.client import manifest
from media.client.manifest import PLAY, cut_of
from media.recording.reader import Reader
from server.domain.recording import Cut
from server.domain.resource import Span
from server.replay import cutting as cutting_module
from server.replay.cutting import LEASE_MS, MOST_TRIES, Cutting
from server.replay.files import Files
from server.replay.keeping import Keeping
from server.replay.stores.keyring import Keyring
from server.store import recordings as recordings
from server.store import tables as t
from server.store.cuts import CutStore, try_again
from server.store.thin import ThinStore
from tests.harness.captures import Written, lesson
from tests.harness.postgres import both_databases
from tests.server.library.taught import over
from tests.server.services import Services

pytestmark = both_databases
LESSON, RECORDING = "done", "rec1"
FIRST = Span(1000, 3000)


@pytest.fixture
async def table(process: Services, tmp_path: Path) -> CutStore:
    """A lesson with a recording that can be played, of which a public resource shows a part."""
    database = process.store.database
    await over(database, None, LESSON)
    row = {"id": RECORDING, "lesson": LESSON, "begun": 0, "ended": 1, "state": "ready", "thin": "done"}
    await database.execute(insert(t.recording).values(**row))
    row = {"id": "res", "org": "x1", "lesson": LESSON, "shared": "x", "created": 1, "created_by": "x1.teacher", "published_at": 1}
    await database.execute(insert(t.resource).values(**row, state="published", head=1, live=1))
    await version(process, 1, FIRST)
    folder = manifest.folder(tmp_path, RECORDING)
    folder.mkdir(parents=True)
    lesson(Written(folder))
    Reader(folder, lambda _: None, sounds=True).run()
    return CutStore(database)


async def version(process: Services, n: int, span: Span, state: str = "published") -> None:
    said = {"title": "分数", "subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册", "unit": ""}
    row = {
        "resource": "res",
        "n": n,
        "begin_ms": span.begin_ms,
        "end_ms": span.end_ms,
        "made_by": "x1.teacher",
        "made_at": 1,
        "state": state,
    }
    await process.store.database.execute(insert(t.resource_version).values(**said, **row))


async def stands(process: Services, **columns: Any) -> None:
    await process.store.database.execute(update(t.resource).values(**columns))


def cutter(process: Services, table: CutStore, files: Files) -> Cutting:
    return Cutting(table, files, process.clock)


@asynccontextmanager
async def opening(path: Path) -> AsyncIterator[Any]:
    with av.open(str(path)) as opened:
        yield opened


def folders(data: Path) -> set[str]:
    return {path.name for path in manifest.folder(data, RECORDING).iterdir() if path.is_dir()} - {PLAY}


async def test_what_a_public_version_shows_is_cut_and_goes_with_it(process: Services, table: CutStore, tmp_path: Path) -> None:
    cutting = cutter(process, table, process.files(tmp_path))
    assert await table.get(RECORDING, FIRST) is None
    assert await cutting.step()
    assert not await cutting.step(), "that was all"
    assert await table.get(RECORDING, FIRST) == Cut(RECORDING, 1000, 3000, "ready", made=process.clock.now)
    made = manifest.read(manifest.folder(tmp_path, RECORDING), cut_of(1000, 3000))
    assert (made.begin, made.end, {one.group for one in made.files}) == (1000, 3000, {"teacher", "sound"})
    await stands(process, state="withdrawn", live=0)
    assert not await cutting.step()
    assert folders(tmp_path) == set()
    assert await table.get(RECORDING, FIRST) is None


async def test_of_what_was_handed_in_one_is_made_beside_the_public_one(process: Services, table: CutStore, tmp_path: Path) -> None:
    cutting, second = cutter(process, table, process.files(tmp_path)), Span(500, 2500)
    await version(process, 2, second, "draft")
    await stands(process, head=2, draft=2)
    while await cutting.step():
        pass
    assert folders(tmp_path) == {cut_of(1000, 3000)}, "a draft is nobody's business"
    await process.store.database.execute(update(t.resource_version).where(t.resource_version.c.n == 2).values(state="submitted"))
    while await cutting.step():
        pass
    assert folders(tmp_path) == {cut_of(1000, 3000), cut_of(500, 2500)}
    await stands(process, live=2, draft=0)
    while await cutting.step():
        pass
    assert folders(tmp_path) == {cut_of(500, 2500)}, "what it replaced is needed no more"


async def test_three_tries_and_then_somebody_must_look(process: Services, table: CutStore, tmp_path: Path) -> None:
    cutting = cutter(process, table, process.files(tmp_path))
    path = manifest.folder(tmp_path, RECORDING) / PLAY / "teacher-001.webm"
    body = path.read_bytes()
    path.unlink()
    for _ in range(MOST_TRIES):
        assert await cutting.step()
    assert not await cutting.step()
    found = await table.get(RECORDING, FIRST)
    assert found is not None
    assert (found.state, found.usable) == ("failed", False)
    path.write_bytes(body)
    assert await process.store.database.write(lambda connection: try_again(connection, LESSON, FIRST))
    assert not await process.store.database.write(lambda connection: try_again(connection, LESSON, FIRST))
    assert await cutting.step()
    found = await table.get(RECORDING, FIRST)
    assert found is not None
    assert found.usable


async def test_two_processes_never_cut_the_same_and_one_that_falls_silent_loses_it(process: Services, table: CutStore) -> None:
    now = process.clock.now
    await asyncio.gather(table.want(), table.want())
    first, second = await asyncio.gather(*(table.claim(now, now + LEASE_MS) for _ in range(2)))
    assert (first is None) != (second is None)
    held = first or second
    assert held is not None
    assert await table.claim(now + LEASE_MS, now + 2 * LEASE_MS) is None
    taken = await table.claim(now + LEASE_MS + 1, now + 2 * LEASE_MS)
    assert taken is not None
    assert taken.tries == 2
    assert await table.renew(held, now) is None
    assert not await table.finish(held, now)
    await table.give_back(taken)
    again = await table.claim(now, now + LEASE_MS)
    assert again is not None
    assert again.tries == 2


async def test_a_recording_that_goes_on_or_is_removed_is_not_cut(process: Services, table: CutStore, tmp_path: Path) -> None:
    cutting, database, now = cutter(process, table, process.files(tmp_path)), process.store.database, process.clock.now
    await table.want()
    held = await table.claim(now, now + LEASE_MS)
    assert held is not None
    await database.execute(update(t.recording).values(state="live"))
    assert await table.renew(held, now + 2 * LEASE_MS) is None
    await table.give_back(held)
    assert not await cutting.step()
    await stands(process, state="withdrawn", live=0)
    await database.execute(update(t.recording).values(state="ready"))
    assert await database.write(lambda connection: recordings.remove(connection, RECORDING, now))
    assert await database.read(select(t.recording_cut)) == []


async def test_what_is_cut_while_its_recording_is_removed_leaves_nothing(
    process: Services, table: CutStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cutting_module.run_cut

    async def removed(*given: Any) -> AsyncIterator[dict[str, object]]:
        async for line in real(*given):
            yield line
        await stands(process, state="withdrawn", live=0)
        assert await process.store.database.write(lambda connection: recordings.remove(connection, RECORDING, 5))

    monkeypatch.setattr(cutting_module, "run_cut", removed)
    assert await cutter(process, table, process.files(tmp_path)).step()
    assert folders(tmp_path) == set()


async def test_thin_films_that_come_later_come_into_the_cut_and_meanwhile_it_plays(
    process: Services, table: CutStore, tmp_path: Path
) -> None:
    cutting, thin, now = cutter(process, table, process.files(tmp_path)), ThinStore(process.store.database), process.clock.now
    assert await cutting.step()
    await process.store.database.execute(update(t.recording).values(thin="waiting"))
    held = await thin.claim(now, now + LEASE_MS)
    assert held is not None
    assert await thin.finish(held, held.octets + 1)
    found = await table.get(RECORDING, FIRST)
    assert found is not None
    assert (found.state, found.usable) == ("waiting", True)
    assert await cutting.step()
    found = await table.get(RECORDING, FIRST)
    assert found is not None
    assert found.state == "ready"


async def test_a_recording_that_is_sealed_is_cut_and_its_cut_is_sealed_too(process: Services, table: CutStore, tmp_path: Path) -> None:
    files = process.files(tmp_path)
    keeping = Keeping(files, Keyring(process.office.contents, files.table), process.clock, sealed=True)
    await files.put(RECORDING, PLAY)
    while await keeping.step():
        pass
    assert await files.plain(RECORDING, PLAY, "teacher-001.webm") is None, "else this shows nothing"
    assert await cutter(process, table, files).step()
    found = await table.get(RECORDING, FIRST)
    assert found is not None
    assert found.usable
    folder = cut_of(1000, 3000)
    made = await files.manifest(RECORDING, folder)
    while await keeping.step():
        pass
    assert await files.plain(RECORDING, folder, "teacher-001.webm") is None
    assert await files.manifest(RECORDING, folder) == made
    for one in made.files:
        async with files.local(RECORDING, folder, one.name) as path, opening(path) as opened:
            times = [one.begin + float(p.pts * p.time_base) * 1000 for p in opened.demux() if p.pts is not None and p.size]
            assert 980 <= min(times) <= max(times) < 3000
    await stands(process, state="withdrawn", live=0)
    assert not await cutter(process, table, files).step()
    assert await process.store.database.read(select(t.recording_cut)) == []
    while await keeping.step():
        pass
    assert await files.table.get(RECORDING, folder) is None, "its key is gone"


async def test_a_process_that_stops_gives_back_what_it_has(
    process: Services, table: CutStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def slow(*_: Any) -> AsyncIterator[dict[str, object]]:
        begun.set()
        await asyncio.sleep(3600)
        yield {}

    monkeypatch.setattr(cutting_module, "run_cut", slow)
    cutting = cutter(process, table, process.files(tmp_path))
    cutting.start()
    await asyncio.wait_for(begun.wait(), 10)
    await cutting.stop()
    assert await table.get(RECORDING, FIRST) == Cut(RECORDING, 1000, 3000, "waiting")
