"""Where recordings are kept, as their pages, files and counters say it; and keys that rotate under what is sealed."""

from __future__ import annotations

import asyncio
import time

import aiohttp
import pytest
from sqlalchemy import select, update

from media.client import manifest
from media.client.manifest import PLAY, Manifest
from server.accounts.rotation import Rotation
from server.accounts.vault import Vault
from server.domain.kept import Kept
from server.errors import RecordingDamaged
from server.settings import Settings
from server.store import tables as t
from server.web import keys
from server.web.recordings import WORDS, word_of
from tests.harness.postgres import both_databases
from tests.harness.recorded import recorded
from tests.server.web.conftest import Town, error_code

PAGE = "/recordings/lesson.x"


@pytest.fixture
async def made(town: Town, settings: Settings) -> Manifest:
    return await recorded(town.web.app[keys.STORE].database, settings.data_dir, time.time_ns() // 1_000_000 - 3_600_000)


async def keep(town: Town, made: Manifest) -> Kept:
    """By the process itself, which has a loop for it."""
    files = town.web.app[keys.REPLAYS].files
    await files.put(made.recording, PLAY)
    async with asyncio.timeout(20):
        while True:
            kept = await files.table.get(made.recording, PLAY)
            if kept is not None and kept.state == "kept":
                return kept
            await asyncio.sleep(0.02)


async def text(town: Town) -> str:
    return await (await town.browser("x.admin").get(PAGE, page=True)).text()


async def film(town: Town, **headers: str) -> tuple[int, bytes]:
    told = await (await town.browser("x2.c1.s1").get("/replay/lesson.x/data")).json()
    answer = await town.browser(None).get(told["files"][0]["url"], headers=headers)
    return answer.status, await answer.read()


@both_databases
async def test_what_is_sealed_plays_as_before(town: Town, made: Manifest, settings: Settings) -> None:
    assert "本机" in await text(town)
    before, part = await film(town), await film(town, Range="bytes=70000-70099")
    kept = await keep(town, made)
    assert kept.sealed
    play = manifest.folder(settings.data_dir, made.recording) / PLAY
    assert {path.suffix for path in play.iterdir()} == {".sealed"}
    assert (await film(town), await film(town, Range="bytes=70000-70099")) == (before, part)
    assert part == (206, before[1][70_000:70_100])
    admin = town.browser("x.admin")
    one = await admin.get(f"{PAGE}/files/{made.files[0].name}")
    assert (await one.read(), one.headers["ETag"], one.content_type) == (before[1], f'"{made.files[0].sha256}"', "video/webm")
    head = await admin._ask("HEAD", f"{PAGE}/files/{made.files[0].name}")
    assert (head.status, head.headers["Content-Length"]) == (200, str(made.files[0].octets))
    beyond = await admin.get(f"{PAGE}/files/{made.files[0].name}", headers={"Range": f"bytes={made.files[0].octets}-"})
    assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{made.files[0].octets}")
    assert "本机，已加密" in await text(town)
    assert await town.web.app[keys.REPLAYS].files.manifest(made.recording) == made


@both_databases
async def test_a_damaged_file_is_an_error_that_is_counted_and_named(town: Town, made: Manifest, settings: Settings) -> None:
    await keep(town, made)
    path = manifest.folder(settings.data_dir, made.recording) / PLAY / f"{made.files[0].name}.sealed"
    good = path.read_bytes()
    path.write_bytes(good[:100] + bytes([good[100] ^ 1]) + good[101:])
    told = await (await town.browser("x2.c1.s1").get("/replay/lesson.x/data")).json()
    answer = await town.browser(None).get(told["files"][0]["url"])
    assert (answer.status, await error_code(answer)) == (500, RecordingDamaged.code)
    assert "文件损坏，被拦下 1 次" in await text(town)
    metrics = await (await town.web.client.get("/metrics")).text()
    assert "shuangshi_recordings_damaged 1.0" in metrics
    assert 'shuangshi_refusals_total{code="recording.damaged"} 1.0' in metrics
    assert "shuangshi_recordings_kept 1.0" in metrics
    assert (await town.browser("x.admin").post(f"{PAGE}/again")).status == 200, "it can be made anew"


async def test_what_breaks_off_later_never_passes_for_whole(town: Town, made: Manifest, settings: Settings) -> None:
    replays = town.web.app[keys.REPLAYS]
    play = manifest.folder(settings.data_dir, made.recording) / PLAY
    large = play / "large.webm"
    large.write_bytes(bytes(3_000_000))
    await keep(town, made)
    path = play / "large.webm.sealed"
    data = bytearray(path.read_bytes())
    data[2_000_000] ^= 1
    path.write_bytes(data)
    assert await replays.files.size(made.recording, PLAY, "large.webm") == 3_000_000
    told = await (await town.browser("x2.c1.s1").get("/replay/lesson.x/data")).json()
    url = told["files"][0]["url"].rpartition("/")[0] + "/large.webm"
    async with aiohttp.ClientSession() as http, http.get(town.web.origin + url) as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()
    part = await town.browser(None).get(url, headers={"Range": "bytes=2500000-2500009"})
    assert (part.status, await part.read()) == (206, bytes(10)), "what is whole is still given"


@pytest.mark.parametrize("sealed", [True, False])
async def test_a_file_that_is_lost_is_named_and_made_anew(town: Town, made: Manifest, settings: Settings, sealed: bool) -> None:
    if sealed:
        await keep(town, made)
    play = manifest.folder(settings.data_dir, made.recording) / PLAY
    (play / f"{made.files[1].name}{'.sealed' if sealed else ''}").unlink()
    assert (await film(town))[0] == 200, "the others play"
    shown = await text(town)
    assert "录像没能整理出来" in shown
    assert "再整理一次" in shown
    assert (await town.browser("x.admin").post(f"{PAGE}/again")).status == 200


async def test_when_what_was_captured_is_gone_nothing_is_made_anew(town: Town, made: Manifest) -> None:
    await keep(town, made)
    database = town.web.app[keys.STORE].database
    await database.execute(update(t.recording_kept).values(captured=False, damaged=1))
    shown = await text(town)
    assert "原始素材已经删除" in shown
    assert "再整理一次" not in shown
    answer = await town.browser("x.admin").post(f"{PAGE}/again")
    assert (answer.status, await error_code(answer)) == (409, "recording.no_capture")


@both_databases
async def test_why_it_is_not_kept_is_said(town: Town, made: Manifest) -> None:
    await keep(town, made)
    database = town.web.app[keys.STORE].database
    due = time.time_ns() // 1_000_000 + 600_000
    await database.execute(update(t.recording_kept).values(state="waiting", error="recording.store_refused", tries=4, due=due))
    shown = await text(town)
    assert "等待保存" in shown
    assert "第 4 次" in shown
    assert "请管理员检查存储桶和密钥的设置" in shown


@both_databases
async def test_keys_rotate_under_what_is_sealed(town: Town, made: Manifest) -> None:
    kept = await keep(town, made)
    before, contents, database = await film(town), town.web.app[keys.CONTENTS], town.web.app[keys.STORE].database
    file = contents._fresh.__self__  # type: ignore[union-attr]
    new = file.add()
    rotation = Rotation(database, contents, file)
    done = await rotation.reseal()
    assert (done.recordings, done.unopened) == (1, 0)
    (row,) = await database.read(select(t.recording_kept))
    assert (row.key_id, row.key != kept.key) == (new, True)
    assert kept.key_id in await database.write(rotation.drop)
    assert await film(town) == before, "no file was touched"


async def test_without_its_key_nothing_is_given_out(town: Town, made: Manifest) -> None:
    await keep(town, made)
    contents = town.web.app[keys.CONTENTS]
    contents.vault, contents._fresh = Vault({"other": b"o" * 32}, "other", b"i" * 32), None
    with pytest.raises(RecordingDamaged):
        await town.web.app[keys.REPLAYS].files.size(made.recording, PLAY, made.files[0].name)


def test_every_state_has_a_word() -> None:
    base = dict.fromkeys(Kept.__dataclass_fields__, 0) | {"recording": "r", "folder": PLAY}
    states = [{"state": "waiting"}, {"state": "keeping"}, {"state": "leaving"}]
    states += [{"state": "kept", "place": place, "key_id": key} for place in ("local", "s3") for key in ("", "1")]
    found = {word_of(Kept(**(base | one))) for one in states} | {word_of(None)}  # type: ignore[arg-type]
    assert found == set(WORDS)
