"""HLS of a lesson that goes on, through the web process: real processes make it, libavformat plays it over HTTP."""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass
from typing import Any

import av
import pytest
from sqlalchemy import insert, update

from media.client import manifest
from server.domain import events as e
from server.domain.record.events import RecordStarted
from server.settings import Settings
from server.store import tables as t
from server.web import keys
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.server.web.conftest import Browser, Town, error_code
from tests.server.web.test_shift import LESSON, RECORDING, log

SECONDS = 30


@dataclass
class Televised:
    """A lesson that goes on, and a viewer's link made when it began."""

    town: Town
    written: Written
    begin: int
    address: str
    link: str

    async def get(self, name: str) -> tuple[int, str]:
        answer = await Browser(self.town.web, {}).get(f"{self.address}/{name}")
        return answer.status, (await answer.text()) if answer.status == 200 else await error_code(answer)

    async def until(self, name: str, words: str) -> str:
        """As soon as a playlist says so."""
        async with asyncio.timeout(40):
            while True:
                status, text = await self.get(name)
                assert status == 200, text
                if words in text:
                    return text
                await asyncio.sleep(0.2)

    async def end(self) -> None:
        """Nothing more is captured."""
        await self.town.web.app[keys.STORE].database.execute(
            update(t.recording).values(state="making", ended=self.begin, lease_until=2**60)
        )


def write(written: Written, begin: int, codec: str) -> None:
    camera, mic, end = Sender(1, "camera", codec), Sender(2, "mic", "opus"), START + SECONDS * SECOND
    written.take(
        [camera.began(), mic.began()],
        camera.maps(START, end, begin),
        mic.maps(START, end, begin),
        camera.stream(pictures(codec, 320, 180, 40, gop=40), SECOND // 10, count=10 * SECONDS),
        mic.stream(sounds(50), 20 * MS, count=50 * SECONDS),
    )


@pytest.fixture
async def televised(town: Town, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Televised:
    monkeypatch.setattr("server.replay.live.ASK_MS", 500)
    monkeypatch.setattr("server.replay.live.ROW_MS", 100)
    begin = time.time_ns() // 1_000_000 - 60_000
    happened = [(begin - 9000, e.LessonOpened()), (begin, RecordStarted(recording=RECORDING)), (begin, e.LessonLive())]
    await log(town, happened, phase="live", live_at=begin)
    database = town.web.app[keys.STORE].database
    await database.execute(insert(t.recording).values(id=RECORDING, lesson=LESSON, begun=begin, state="live"))
    link = await town.web.link(LESSON, "viewer")
    await database.execute(update(t.link).where(t.link.c.id == link.id).values(created=begin))
    folder = manifest.folder(settings.data_dir, RECORDING)
    folder.mkdir(parents=True)
    return Televised(town, Written(folder), begin, f"/hls/{town.web.signer.link_token(link)}", link.id)


def played(url: str) -> dict[str, Any]:
    """Everything, by libavformat's HLS demuxer."""
    found: dict[str, Any] = {"video": [], "audio": []}
    with av.open(url) as file:
        found["codecs"] = sorted(stream.codec_context.name for stream in file.streams)
        for frame in file.decode(video=0, audio=0):
            found["video" if isinstance(frame, av.VideoFrame) else "audio"].append(frame.time)
    return found


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_television_plays_it_to_its_end(televised: Televised, codec: str) -> None:
    write(televised.written, televised.begin, codec)
    status, many = await televised.get("index.m3u8")
    assert status == 200, many
    assert "teacher.film.m3u8" in many
    assert 'mp4a.40.2"' in many
    film = await televised.until("teacher.film.m3u8", "#EXTINF")
    assert "ENDLIST" not in film
    if codec == "H264":
        film = await televised.until("teacher.film.m3u8", "~")
    assert "EVENT" in film
    await televised.end()
    for name in ("teacher.film.m3u8", "teacher.sound.m3u8"):
        ended = await televised.until(name, "#EXT-X-ENDLIST")
        assert ended.startswith(film.partition("#EXTINF")[0]) or name != "teacher.film.m3u8", "what was told stays"
    joined = [line for line in film.splitlines() if "~" in line]
    assert bool(joined) is (codec == "H264")
    for name in joined[:1]:
        nobody, address = Browser(televised.town.web, {}), f"{televised.address}/{name}"
        whole = await (await nobody.get(address)).read()
        part = await nobody.get(address, headers={"Range": "bytes=10-19"})
        assert (part.status, await part.read(), part.headers["Content-Range"]) == (206, whole[10:20], f"bytes 10-19/{len(whole)}")
        assert (await nobody.get(address, headers={"Range": f"bytes={len(whole)}-"})).status == 416
    found = await asyncio.to_thread(played, f"{televised.town.web.origin}{televised.address}/index.m3u8")
    assert found["codecs"] == ["aac", "h264"]
    for kind in ("video", "audio"):
        length = found[kind][-1] - found[kind][0]
        assert 8 < length < 22, (kind, length)
        steps = [after - before for before, after in itertools.pairwise(found[kind])]
        assert max(steps) < 1.2
        assert min(steps) > 0
    assert abs(found["video"][-1] - found["audio"][-1]) < 2.5


async def test_whom_a_link_lets_in(televised: Televised, monkeypatch: pytest.MonkeyPatch) -> None:
    write(televised.written, televised.begin, "H264")
    web = televised.town.web
    assert (await televised.get("index.m3u8"))[0] == 200
    for name in (
        "none.m3u8",
        "teacher.x.m3u8",
        "stage.1.film.m3u8",
        "journal.jsonl",
        "..%2fjournal.jsonl",
        "a.1-000001~2.m4s",
        "a.1-000001~999.m4s",
        "a~x",
        "a~1.m4s",
    ):
        assert (await televised.get(name))[0] == 404, name
    master = await web.link(LESSON, "master")
    nobody = Browser(web, {})
    assert (await nobody.get(f"/hls/{web.signer.link_token(master)}/index.m3u8")).status == 403
    assert (await nobody.get(f"{televised.address}A/index.m3u8")).status == 401
    over = await web.link(LESSON, "viewer", expires_at=televised.begin)
    token = web.signer.link_token(over)
    assert (await nobody.get(f"/hls/{token}/index.m3u8")).status == 401, "its time is over"
    assert (await nobody.get(f"/hls/{token}/teacher.sound.m3u8")).status == 200, "but nobody who watches is cut off"
    foreign = await nobody.get(f"{televised.address}/index.m3u8", headers={"Origin": "https://player.example"})
    assert foreign.headers["Access-Control-Allow-Origin"] == "*"
    monkeypatch.setattr("server.web.hls.FRESH_MS", 0)
    await web.app[keys.LESSONS].revoke(televised.link)
    assert (await televised.get("index.m3u8"))[0] == 401
    assert (await televised.get("teacher.sound.m3u8"))[0] == 401


async def test_no_more_at_once_than_the_server_is_told(televised: Televised, monkeypatch: pytest.MonkeyPatch) -> None:
    write(televised.written, televised.begin, "VP8")
    desk = televised.town.web.app[keys.LIVE_REPLAYS]
    monkeypatch.setattr(desk, "_televised", 0)
    assert await televised.get("index.m3u8") == (503, "hls.busy")
    monkeypatch.setattr(desk, "_televised", 1)
    assert (await televised.get("index.m3u8"))[0] == 200


async def test_a_link_made_later_shows_nothing_of_before(televised: Televised) -> None:
    write(televised.written, televised.begin, "H264")
    whole = await televised.until("teacher.sound.m3u8", "#EXTINF")
    web = televised.town.web
    later = await web.link(LESSON, "viewer")
    address = f"/hls/{web.signer.link_token(later)}"
    text = await (await Browser(web, {}).get(f"{address}/teacher.sound.m3u8")).text()
    assert "#EXTINF" not in text
    name = next(line for line in whole.splitlines() if line and not line.startswith("#"))
    assert (await Browser(web, {}).get(f"{televised.address}/{name}")).status == 200
    assert (await Browser(web, {}).get(f"{address}/{name}")).status == 404
