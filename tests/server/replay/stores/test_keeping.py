"""Finished folders are sealed, sent away, read back and deleted; and what goes wrong on the way is told, tried again and lost nowhere."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from media.client.manifest import MANIFEST, PLAY
from server.domain.lesson import REOPEN_MS
from server.errors import RecordingAway, RecordingDamaged, RecordingNotReady, RecordingStoreRefused
from server.replay import afterwards
from server.replay.keeping import LEASE_MS
from server.replay.stores import upload
from server.replay.stores.folder import Folder
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.harness.s3 import BUCKET, ObjectStore
from tests.server.replay.stores.conftest import RECORDING, Shop, made, recording
from tests.server.services import Services

SIZES = (200_000, 3)


async def shop(process: Services, data: Path, away: ObjectStore | None = None, *, sealed: bool = True) -> Shop:
    return Shop(process, data, away.bucket if away else None, sealed)


async def due(shop: Shop) -> bool:
    """One step, after whatever pause there is."""
    shop.process.clock.now = max(shop.process.clock.now, (await shop.kept()).due, (await shop.kept()).lease_until + 1)
    return await shop.keeping.step()


async def check(shop: Shop, bodies: dict[str, bytes]) -> None:
    """Everybody who reads gets what was made."""
    for name, body in bodies.items():
        assert await shop.files.size(RECORDING, PLAY, name) == len(body)
        assert await shop.read(name) == body
        assert await shop.read(name, 1, 2) == body[1:2]
        async with shop.files.local(RECORDING, PLAY, name) as path:
            assert path.read_bytes() == body
    assert len((await shop.files.manifest(RECORDING)).files) == len(SIZES)


@both_databases
async def test_files_are_sealed_where_they_lie(process: Services, tmp_path: Path) -> None:
    await recording(process)
    bodies, here = made(tmp_path, SIZES), await shop(process, tmp_path)
    await check(here, bodies)
    tag = await here.files.tag(RECORDING, PLAY, "teacher-001.webm")
    await here.files.put(RECORDING, PLAY)
    assert await here.keeping.step()
    assert not await here.keeping.step(), "none is left"
    names = {path.name for path in here.play.iterdir()}
    assert names == {f"{name}.sealed" for name in (*bodies, MANIFEST)}
    assert all(body[:8] not in path.read_bytes() for path in here.play.iterdir() for body in bodies.values() if len(body) > 8)
    assert {path.stat().st_mode & 0o777 for path in here.play.iterdir()} == {0o600}
    await check(here, bodies)
    assert await here.files.tag(RECORDING, PLAY, "teacher-001.webm") == tag, "the same wherever it is kept"
    assert list((tmp_path / "copies").iterdir()) == []
    kept = await here.kept()
    assert (kept.state, kept.place, kept.key_id, kept.error, kept.tries) == ("kept", "local", "1", "", 0)
    assert kept.octets == sum(path.stat().st_size for path in here.play.iterdir())


@both_databases
@pytest.mark.parametrize("sealed", [True, False])
async def test_there_and_back(process: Services, tmp_path: Path, away: ObjectStore, sealed: bool) -> None:
    await recording(process)
    bodies, here = made(tmp_path, SIZES), await shop(process, tmp_path, away, sealed=sealed)
    await here.files.put(RECORDING, PLAY)
    assert await here.keeping.step()
    kept = await here.kept()
    assert (kept.state, kept.place, kept.sealed) == ("kept", "s3", sealed)
    assert not here.play.exists()
    assert (here.play.parent / "take-0001.capture").exists(), "what it was made of has its own time"
    await check(here, bodies)
    found = away.objects()
    assert len(found) == len(bodies) + 1
    assert sum(path.stat().st_size for path in found.values()) == kept.octets
    assert any(path.read_bytes() == bodies["teacher-001.webm"] for path in found.values()) is not sealed
    puts = [line for line in away.link.requests if line.startswith("PUT ")]
    assert MANIFEST in puts[-1], "the last: where it is, all is"
    await here.files.forget(RECORDING)
    assert (await here.kept()).key is None, "from now on copies say nothing, wherever they are"
    assert await here.files.size(RECORDING, PLAY, "teacher-001.webm") is None
    assert await here.keeping.step()
    assert (away.objects(), await here.files.table.get(RECORDING, PLAY), here.play.parent.exists()) == ({}, None, False)
    await here.close()


async def test_a_range_is_fetched_as_one(process: Services, tmp_path: Path, away: ObjectStore) -> None:
    await recording(process)
    bodies, here = made(tmp_path, (3_000_000, 3)), await shop(process, tmp_path, away)
    await here.files.put(RECORDING, PLAY)
    await here.keeping.step()
    assert await here.read("teacher-001.webm", 100_000, 100_100) == bodies["teacher-001.webm"][100_000:100_100]
    before = away.link.count("GET")
    for begin, end in ((0, 10), (65_530, 65_540), (2_999_990, 3_000_000), (1_000_000, 2_000_000)):
        assert await here.read("teacher-001.webm", begin, end) == bodies["teacher-001.webm"][begin:end]
    assert away.link.count("GET") == before + 4, "once its end was proved, each range is one request"
    await here.close()


async def test_each_file_must_be_what_was_made(process: Services, tmp_path: Path) -> None:
    for sealed in (True, False):
        data = tmp_path / str(sealed)
        here = await shop(process, data, sealed=sealed)
        if sealed:
            await recording(process)
        bodies = made(data, SIZES, seed=2 + sealed)
        broken = here.play / "teacher-001.webm"
        broken.write_bytes(bodies["teacher-001.webm"][:-1] + b"?")
        await here.files.put(RECORDING, PLAY)
        assert await due(here)
        kept = await here.kept()
        assert (kept.state, kept.error, kept.tries, kept.damaged) == ("waiting", RecordingDamaged.code, 1, 1)
        assert broken.exists(), "nothing is deleted that is not kept"
        assert not await here.keeping.step(), "not before its pause is over"
        broken.write_bytes(bodies["teacher-001.webm"])
        assert await due(here)
        assert ((await here.kept()).state, (await here.kept()).error) == ("kept", "")


@pytest.mark.parametrize("name", ["teacher-001.webm", "teacher-002-0001.jpg"])
async def test_what_was_changed_is_never_given_out(process: Services, tmp_path: Path, name: str) -> None:
    await recording(process)
    made(tmp_path, SIZES)
    here = await shop(process, tmp_path)
    await here.files.put(RECORDING, PLAY)
    await here.keeping.step()
    path = here.play / f"{name}.sealed"
    good = path.read_bytes()
    for changed in (good[:50] + bytes([good[50] ^ 1]) + good[51:], good[:-1], good + b"x", b""):
        path.write_bytes(changed)
        with pytest.raises(RecordingDamaged):
            await here.read(name, 0, 10)
    path.unlink()
    assert await here.files.size(RECORDING, PLAY, name) is None
    path.write_bytes((here.play / "teacher-001-0001.jpg.sealed").read_bytes())
    with pytest.raises(RecordingDamaged):
        await here.read(name)
    assert ((await here.kept()).damaged, here.files.damaged) == (5, 5)
    path.write_bytes(good)
    assert await here.read(name)


async def test_an_object_that_was_changed_or_deleted_is_never_given_out(process: Services, tmp_path: Path, away: ObjectStore) -> None:
    await recording(process)
    made(tmp_path, (20, 3))
    here = await shop(process, tmp_path, away)
    await here.files.put(RECORDING, PLAY)
    await here.keeping.step()
    key, path = next(found for found in away.objects().items() if "teacher-001.webm" in found[0])
    good = path.read_bytes()
    for n in (0, 5, 40, len(good) - 1):
        path.write_bytes(good[:n] + bytes([good[n] ^ 1]) + good[n + 1 :])
        with pytest.raises(RecordingDamaged):
            await here.read("teacher-001.webm")
    assert here.store is not None
    await here.store.delete([key])
    with pytest.raises(RecordingDamaged):
        await here.read("teacher-001.webm")
    assert await here.files.size(RECORDING, PLAY, "teacher-009.webm") is None, "nobody said that there is one"
    assert (await here.kept()).damaged == 5
    await here.close()


@both_databases
async def test_two_processes_never_keep_the_same(process: Services, tmp_path: Path) -> None:
    await recording(process)
    made(tmp_path, SIZES)
    here = await shop(process, tmp_path)
    table, now = here.files.table, process.clock.now
    await here.files.put(RECORDING, PLAY)
    first, second = await asyncio.gather(*(table.claim(now, now + LEASE_MS) for _ in range(2)))
    assert (first is None) != (second is None)
    held = first or second
    assert held is not None
    assert await table.claim(now + LEASE_MS, now + 2 * LEASE_MS) is None
    taken = await table.claim(now + LEASE_MS + 1, now + 2 * LEASE_MS)
    assert taken is not None
    assert await table.renew(held, now + 3 * LEASE_MS) is None, "it is another's now"
    assert not await table.finish(held, place="local", octets=1, manifest=b"", now=now)
    assert await table.finish(taken, place="local", octets=1, manifest=b"", now=now)


@both_databases
async def test_one_that_is_made_anew_is_kept_anew(process: Services, tmp_path: Path, away: ObjectStore) -> None:
    await recording(process)
    made(tmp_path, SIZES)
    here = await shop(process, tmp_path, away)
    await here.files.put(RECORDING, PLAY)
    await here.keeping.step()
    before, key = set(away.objects()), (await here.kept()).key
    bodies = made(tmp_path, SIZES, seed=9)
    await check(here, bodies)
    await here.files.put(RECORDING, PLAY)
    assert await due(here)
    assert (await here.kept()).key != key
    assert not before & set(away.objects()), "of how it was before nothing is left"
    await check(here, bodies)
    await here.close()


@both_databases
async def test_what_was_captured_goes_when_its_lesson_cannot_go_on(process: Services, tmp_path: Path) -> None:
    await recording(process)
    made(tmp_path, SIZES)
    here = await shop(process, tmp_path)
    take, database, now = here.play.parent / "take-0001.capture", process.store.database, process.clock.now

    async def lesson(**values: object) -> None:
        await database.execute(update(t.lesson).where(t.lesson.c.id == "lesson.x").values(**values))

    await here.afterwards.step()
    assert (await here.kept()).state == "waiting", "it was not known yet, and is taken up"
    await here.afterwards.step()
    assert take.exists(), "nothing was verified yet"
    await here.keeping.step()
    await lesson(phase="live", ended_at=None)
    await here.afterwards.step()
    assert take.exists(), "the recording was stopped, but the lesson may have it go on"
    await lesson(phase="ended", ended_at=now - REOPEN_MS)
    await here.afterwards.step()
    assert take.exists(), "it may be reopened just now"
    process.clock.now += 120_000
    await here.afterwards.step()
    assert (take.exists(), (await here.kept()).captured) == (False, False)


async def test_plain_ones_keep_what_they_were_made_of_for_days(process: Services, tmp_path: Path) -> None:
    await recording(process)
    made(tmp_path, SIZES)
    here = await shop(process, tmp_path, sealed=False)
    await here.files.put(RECORDING, PLAY)
    await here.keeping.step()
    take, day = here.play.parent / "take-0001.capture", 86_400_000
    process.clock.now += 7 * day - 1
    await here.afterwards.step()
    assert take.exists()
    process.clock.now += 2
    await here.afterwards.step()
    assert not take.exists()


async def test_settings_that_change_take_up_what_is_kept_here(process: Services, tmp_path: Path, away: ObjectStore) -> None:
    await recording(process)
    bodies = made(tmp_path, SIZES)
    plain = await shop(process, tmp_path, sealed=False)
    await plain.files.put(RECORDING, PLAY)
    await plain.keeping.step()
    assert not (await plain.kept()).sealed
    here = await shop(process, tmp_path)
    await here.afterwards.step()
    assert await here.keeping.step()
    assert ((await here.kept()).sealed, (await here.kept()).place) == (True, "local")
    far = await shop(process, tmp_path, away, sealed=False)
    await far.afterwards.step()
    assert await far.keeping.step()
    assert ((await far.kept()).sealed, (await far.kept()).place) == (True, "s3"), "what is sealed stays sealed"
    await check(far, bodies)
    await far.close()


async def test_a_process_that_dies_in_between_leaves_nothing_unreadable(
    process: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each file that was sealed everything can be read, and the next one goes on."""
    await recording(process)
    bodies = made(tmp_path, SIZES)
    here = await shop(process, tmp_path)
    await here.files.put(RECORDING, PLAY)
    whole, begun = Folder.sealing, []

    def dies(self: Folder, name: str, *given: Any) -> Iterator[None]:
        begun.append(name)
        yield from whole(self, name, *given)
        raise RuntimeError("the process died")

    monkeypatch.setattr(Folder, "sealing", dies)
    for _ in range(len(bodies) + 1):
        assert await due(here)
        assert (await here.kept()).state == "waiting"
        await check(here, bodies)
    assert len(begun) == len(set(begun)) == len(bodies) + 1, "nothing is done twice"
    assert await due(here)
    assert (await here.kept()).state == "kept"
    await check(here, bodies)


# --- the store -----------------------------------------------------------------------------------------------------------


async def test_wrong_keys_and_a_missing_bucket_are_told_and_nothing_is_lost(process: Services, tmp_path: Path, away: ObjectStore) -> None:
    await recording(process)
    bodies = made(tmp_path, SIZES)
    good = away.bucket
    for bucket in (replace(good, secret_key="x" * 32), replace(good, access_key="AKIDOTHER"), replace(good, name="not-there")):
        here = Shop(process, tmp_path, bucket)
        await here.files.put(RECORDING, PLAY)
        assert await due(here)
        kept = await here.kept()
        assert (kept.state, kept.error, kept.place) == ("waiting", RecordingStoreRefused.code, "local")
        assert here.store is not None
        assert here.store.trouble == RecordingStoreRefused.code
        await check(here, bodies)
        await here.close()
    assert away.objects() == {}
    here = Shop(process, tmp_path, good)
    assert await due(here)
    assert ((await here.kept()).place, (await here.kept()).tries) == ("s3", 0)
    assert repr(good).count("secret") == 0
    await here.close()


async def test_a_store_that_is_away_keeps_nobody_from_anything_but_what_is_only_there(
    process: Services, tmp_path: Path, away: ObjectStore
) -> None:
    await recording(process)
    bodies = made(tmp_path, SIZES)
    here = await shop(process, tmp_path, away)
    away.link.cut()
    await here.files.put(RECORDING, PLAY)
    pauses = []
    for _ in range(3):
        now = process.clock.now = max(process.clock.now, (await here.kept()).due)
        assert await here.keeping.step()
        pauses.append((await here.kept()).due - now)
        await check(here, bodies)
    assert ((await here.kept()).error, (await here.kept()).tries) == (RecordingAway.code, 3)
    assert pauses == sorted(pauses), "each pause is longer"
    away.link.down = False
    assert await due(here)
    assert (await here.kept()).place == "s3"
    await here.files.check(RECORDING)
    away.link.cut()
    for ask in (here.read("teacher-001.webm"), here.files.check(RECORDING)):
        with pytest.raises(RecordingAway):
            await ask
    assert await here.files.manifest(RECORDING), "what there is, is known"
    assert (await here.kept()).damaged == 0, "away is not damaged"
    with pytest.raises(RecordingNotReady):
        await here.files.manifest("rec9")
    await here.files.forget(RECORDING)
    assert await here.keeping.step()
    assert ((await here.kept()).state, (await here.kept()).error) == ("leaving", RecordingAway.code)
    away.link.down = False
    assert await due(here)
    assert (away.objects(), await here.files.table.get(RECORDING, PLAY)) == ({}, None)
    await here.close()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(upload, "PART", 100_000)
    return 100_000


async def test_a_link_that_breaks_in_the_middle_costs_what_was_on_it(
    process: Services, tmp_path: Path, away: ObjectStore, small_parts: int
) -> None:
    await recording(process)
    bodies = made(tmp_path, (950_000, 3))
    here = await shop(process, tmp_path, away)
    away.link.cut_after = 520_000
    await here.files.put(RECORDING, PLAY)
    assert await due(here)
    assert (await here.kept()).place == "s3"
    assert away.link.up < 950_000 * 1.35, "only the part that was under way is sent again"
    assert await here.read("teacher-001.webm") == bodies["teacher-001.webm"]
    await here.close()


async def test_a_part_that_arrives_as_another_is_sent_again(process: Services, tmp_path: Path, away: ObjectStore, small_parts: int) -> None:
    await recording(process)
    bodies = made(tmp_path, (950_000, 3))
    for n, at in enumerate((250_000, 610_333)):
        here = await shop(process, tmp_path, away)
        bodies = made(tmp_path, (950_000, 3), seed=20 + n)
        away.link.corrupt_at = away.link.up + at
        await here.files.put(RECORDING, PLAY)
        for _ in range(3):
            if (await here.kept()).state != "kept":
                assert await due(here)
        assert away.link.corrupt_at is None, "it happened"
        assert here.keeping.counts.mismatched + here.keeping.failed > 0
        assert await here.read("teacher-001.webm") == bodies["teacher-001.webm"]
        await here.close()


async def test_the_next_process_sends_only_the_parts_that_are_missing(
    process: Services, tmp_path: Path, away: ObjectStore, small_parts: int
) -> None:
    await recording(process)
    bodies = made(tmp_path, (950_000, 3))
    here = await shop(process, tmp_path, away)
    await here.files.put(RECORDING, PLAY)
    step = asyncio.create_task(here.keeping.step())
    async with asyncio.timeout(20):
        while here.keeping.counts.parts < 8:
            await asyncio.sleep(0.001)
    step.cancel()
    await asyncio.gather(step, return_exceptions=True)
    assert ((await here.kept()).state, (await here.kept()).lease_until) == ("waiting", 0), "it was given back"
    await here.close()
    after = await shop(process, tmp_path, away)
    assert await due(after)
    sent = after.keeping.counts
    assert sent.resumed >= 4
    assert sent.resumed + sent.parts <= 10 + 4, "parts of the film, and the small files"
    assert await after.read("teacher-001.webm") == bodies["teacher-001.webm"]
    assert await after.store.uploads("recordings/") == []  # type: ignore[union-attr]
    await after.close()


async def test_what_is_read_back_as_another_is_sent_again(
    process: Services, tmp_path: Path, away: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store took it and lost a byte of it on its disk."""
    await recording(process)
    bodies = made(tmp_path, SIZES)
    here = await shop(process, tmp_path, away)
    whole, spoilt = upload.Upload._same, []

    async def spoil(self: upload.Upload, key: str, size: int, sha256: str) -> bool:
        if "teacher-001.webm" in key and not spoilt:
            spoilt.append(key)
            path = away.root / BUCKET / key
            data = bytearray(path.read_bytes())
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        return await whole(self, key, size, sha256)

    monkeypatch.setattr(upload.Upload, "_same", spoil)
    await here.files.put(RECORDING, PLAY)
    assert await due(here)
    assert (spoilt != [], here.keeping.counts.mismatched, (await here.kept()).place) == (True, 1, "s3")
    await check(here, bodies)
    await here.close()


async def test_a_folder_that_left_while_it_was_sent_is_deleted_after_the_lease(
    process: Services, tmp_path: Path, away: ObjectStore
) -> None:
    await recording(process)
    made(tmp_path, SIZES)
    here = await shop(process, tmp_path, away)
    await here.files.put(RECORDING, PLAY)
    held = await here.files.table.claim(process.clock.now, process.clock.now + LEASE_MS)
    assert held is not None
    await here.files.forget(RECORDING)
    assert not await here.keeping.step(), "whoever has the lease may still be sending"
    assert await here.files.table.renew(held, process.clock.now + 2 * LEASE_MS) is None
    assert await due(here)
    assert await here.files.table.get(RECORDING, PLAY) is None
    await here.close()


async def test_a_damaged_object_is_mended_by_making_the_same_anew(process: Services, tmp_path: Path, away: ObjectStore) -> None:
    await recording(process)
    bodies = made(tmp_path, SIZES)
    here = await shop(process, tmp_path, away)
    await here.files.put(RECORDING, PLAY)
    await here.keeping.step()
    await check(here, bodies)
    path = next(path for key, path in away.objects().items() if "teacher-001.webm" in key)
    path.write_bytes(path.read_bytes()[:-5] + b"spoil")
    with pytest.raises(RecordingDamaged):
        await here.read("teacher-001.webm")
    process.clock.now += 1000
    assert made(tmp_path, SIZES) == bodies, "the same, from what was captured"
    await here.files.put(RECORDING, PLAY)
    assert await due(here)
    assert ((await here.kept()).place, (await here.kept()).damaged) == ("s3", 0)
    await check(here, bodies)
    await here.close()


async def test_what_a_process_left_behind_is_cleared(
    process: Services, tmp_path: Path, away: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recording(process)
    bodies = made(tmp_path, SIZES)
    here = await shop(process, tmp_path, away)
    monkeypatch.setattr(Folder, "clear", lambda _: None)  # it died right before
    await here.files.put(RECORDING, PLAY)
    await here.keeping.step()
    monkeypatch.undo()
    assert here.play.exists()
    store = here.store
    assert store is not None
    key = store.key("recordings", "rec0", PLAY, "0", "teacher-001.webm")
    old = await store.ask(lambda client: client.create_multipart_upload(Bucket=BUCKET, Key=key))
    part = {"Bucket": BUCKET, "Key": key, "UploadId": old["UploadId"], "PartNumber": 1, "Body": b"x"}
    await store.ask(lambda client: client.upload_part(**part))
    await here.afterwards.step()
    assert not here.play.exists()
    assert [one["Key"] for one in await store.uploads("recordings/")] == [key], "somebody may still go on with it"
    monkeypatch.setattr(afterwards, "STALE", dt.timedelta(seconds=-5))
    await here.afterwards.step()
    assert await store.uploads("recordings/") == []
    await check(here, bodies)
    bodies = made(tmp_path, SIZES, seed=30)
    await here.afterwards.step()
    assert (await here.kept()).state == "waiting", "made anew, and nobody had said so"
    assert here.play.exists()
    assert await due(here)
    await check(here, bodies)
    await here.close()
