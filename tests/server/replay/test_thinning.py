"""Films for weak links are made after the recording can be watched: by one process at a time, and not where nobody wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from media.client import manifest
from media.recording.reader import Reader
from server.domain.recording import Recording
from server.replay.thinning import LEASE_MS, MOST_TRIES, Thinning
from server.store import tables as t
from server.store.recordings import RecordingStore
from server.store.thin import ThinStore
from tests.harness.captures import SECOND, START, Sender, Written, pictures
from tests.harness.postgres import both_databases
from tests.server.services import Services

pytestmark = both_databases


@pytest.fixture
async def table(process: Services, tmp_path: Path) -> ThinStore:
    """A recording with a film of 2 Mbit/s."""
    folder = manifest.folder(tmp_path, "rec1")
    folder.mkdir(parents=True)
    camera = Sender(1, "camera", "VP8")
    media = pictures("VP8", 960, 540, 60, gop=60, bits=2_000_000, detail=20)
    Written(folder).take(
        [camera.began()], camera.maps(START, START + 4 * SECOND), camera.stream(media, SECOND // 15), ended=START + 4 * SECOND
    )
    made = Reader(folder, lambda _: None).run()
    row: dict[str, Any] = {"id": "rec1", "lesson": "lesson.x", "begun": 0, "ended": 1, "state": "ready", "octets": made.files[0].octets}
    await process.store.database.execute(insert(t.recording).values(**row))
    return ThinStore(process.store.database)


async def found(process: Services) -> Recording:
    row = await RecordingStore(process.store.database).of_lesson("lesson.x")
    assert row is not None
    return row


async def test_it_can_be_watched_before_and_is_thin_afterwards(process: Services, table: ThinStore, tmp_path: Path) -> None:
    before = await found(process)
    assert (before.playable, before.thin) == (True, "waiting")
    thinning = Thinning(table, process.files(tmp_path), process.clock, wanted=True)
    assert await thinning.step()
    after, made = await found(process), manifest.read(manifest.folder(tmp_path, "rec1"))
    assert (after.state, after.thin, after.thin_tries) == ("ready", "done", 0)
    assert [one.quality for one in made.files] == ["", "thin"]
    assert after.octets == sum(one.octets for one in made.files) > before.octets
    assert not await thinning.step()


async def test_an_installation_may_do_without(process: Services, table: ThinStore, tmp_path: Path) -> None:
    assert not await Thinning(table, process.files(tmp_path), process.clock, wanted=False).step()
    assert (await found(process)).thin == "off"
    assert await Thinning(table, process.files(tmp_path), process.clock, wanted=True).step(), "and change its mind"
    assert (await found(process)).thin == "done"


async def test_what_was_kept_elsewhere_before_they_were_wanted_stays_as_it_is(process: Services, table: ThinStore, tmp_path: Path) -> None:
    before = await found(process)
    for film in (manifest.folder(tmp_path, "rec1") / manifest.PLAY).glob("*.webm"):
        film.unlink()
    assert await Thinning(table, process.files(tmp_path), process.clock, wanted=True).step()
    after = await found(process)
    assert (after.thin, after.thin_tries, after.octets) == ("done", 0, before.octets)


async def test_three_tries_and_it_is_watched_as_it_is(process: Services, table: ThinStore, tmp_path: Path) -> None:
    (manifest.folder(tmp_path, "rec1") / manifest.PLAY / manifest.MANIFEST).write_bytes(b"{")
    thinning = Thinning(table, process.files(tmp_path), process.clock, wanted=True)
    for _ in range(MOST_TRIES):
        assert await thinning.step()
    assert not await thinning.step()
    assert ((await found(process)).thin, (await found(process)).playable) == ("failed", True)


async def test_whoever_falls_silent_or_whose_recording_goes_on_loses_it(process: Services, table: ThinStore) -> None:
    now = process.clock.now
    held = await table.claim(now, now + LEASE_MS)
    assert held is not None
    assert await table.claim(now + LEASE_MS, now + 2 * LEASE_MS) is None
    taken = await table.claim(now + LEASE_MS + 1, now + 2 * LEASE_MS)
    assert taken is not None
    assert await table.renew(held, now) is None
    assert not await table.finish(held, 1)
    await process.store.database.execute(update(t.recording).values(state="live"))
    assert await table.renew(taken, now + 3 * LEASE_MS) is None
    assert await table.claim(now + 9 * LEASE_MS, now + 10 * LEASE_MS) is None
    await process.store.database.execute(update(t.recording).values(state="ready"))
    await table.give_back(taken)
    assert ((await found(process)).thin, (await found(process)).thin_tries) == ("waiting", 1)


async def test_it_is_kept_elsewhere_only_once_its_thin_films_are_there(process: Services, table: ThinStore, tmp_path: Path) -> None:
    files, now = process.files(tmp_path), process.clock.now
    await files.put("rec1", manifest.PLAY)
    before = await files.table.get("rec1", manifest.PLAY)
    assert await files.table.claim(now, now + 1) is None
    assert await Thinning(table, files, process.clock, wanted=True).step()
    held = await files.table.claim(now, now + 1)
    assert held is not None
    assert before is not None
    assert held.mark != before.mark, "with all that is there now"
