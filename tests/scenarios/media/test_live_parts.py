"""What is written while class goes on plays in a real browser, through Media Source Extensions, in the order it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from media.client import live
from media.recording.records import Record
from tests.harness.browser import chromium
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.followed import Followed, follow
from tests.harness.played import served

pytestmark = pytest.mark.scenario
SECONDS, FRAME = 24, SECOND // 10

PLAYS = """async ([base, tracks]) => {
    const player = document.createElement("video");
    document.body.append(player);
    player.muted = true;
    const source = new MediaSource();
    player.src = URL.createObjectURL(source);
    const once = (target, name) => new Promise((done, failed) => {
        target.addEventListener(name, done, { once: true });
        player.addEventListener("error", () => failed(new Error(`${name}: ${player.error?.message}`)), { once: true });
    });
    await once(source, "sourceopen");
    const found = { can: [], buffered: [], lights: [], times: [] };
    const buffers = tracks.map((runs) => source.addSourceBuffer(runs[0].type)); // all, before the first gets its init part
    for (const [n, runs] of tracks.entries()) {
        const buffer = buffers[n];
        for (const run of runs) {
            found.can.push(MediaSource.isTypeSupported(run.type));
            buffer.changeType(run.type);
            for (const name of [run.init, ...run.parts]) {
                buffer.appendBuffer(await (await fetch(base + name)).arrayBuffer());
                await once(buffer, "updateend");
            }
        }
        found.buffered.push(Array.from({ length: buffer.buffered.length }, (_, n) => [buffer.buffered.start(n), buffer.buffered.end(n)]));
    }
    source.endOfStream();
    player.playbackRate = 2;
    player.currentTime = found.buffered[0][0][0] + 0.01;
    await player.play();
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 8;
    const pen = canvas.getContext("2d");
    const until = found.buffered[0].at(-1)[1] - 0.5;
    while (player.currentTime < until && !player.ended) {
        await once(player, "timeupdate");
        pen.drawImage(player, 0, 0, 8, 8);
        const { data } = pen.getImageData(0, 0, 8, 8);
        found.lights.push(data.reduce((sum, value, index) => (index % 4 === 3 ? sum : sum + value), 0) / 192);
        found.times.push(player.currentTime);
    }
    found.frames = player.getVideoPlaybackQuality().totalVideoFrames;
    found.sound = player.webkitAudioDecodedByteCount;
    player.remove();
    return found;
}"""


def record(folder: Path, codecs: tuple[str, ...]) -> None:
    """A take for each codec, of a camera with one keyframe in eight seconds, and a microphone."""
    written, each = Written(folder), SECONDS // len(codecs)
    for number, codec in enumerate(codecs):
        begin = START + number * each * SECOND
        camera = Sender(1, "camera", codec, rtp=5_000_000 + number, since=begin)
        mic = Sender(2, "mic", "opus", rtp=9_000_000 + number, since=begin)
        film = pictures(codec, 160, 96, 80, gop=80, light=0 if number % 2 else 150)
        streams: list[Any] = [
            camera.stream(film, FRAME, begin, each * 10),
            mic.stream(sounds(50), 20 * MS, begin, each * 50),
        ]
        reports: list[Record] = [
            camera.began(begin),
            mic.began(begin),
            camera.map(begin, number * each * 1000),
            mic.map(begin, number * each * 1000),
        ]
        written.take(reports, *streams, epoch=f"e{number}", started=begin, ended=begin + each * SECOND)


def tracks(seen: Followed, kind: str) -> list[dict[str, Any]]:
    """For the page."""
    runs = [run for run in seen.runs if run.kind == kind]
    return [{"type": run.media_type, "init": run.name, "parts": [one.name for one in seen.segments(run.run)]} for run in runs]


@pytest.mark.parametrize("codecs", [("VP8",), ("VP9",), ("H264",), ("AV1",), ("VP8", "H264", "VP9")])
async def test_the_parts_play_one_after_the_other(tmp_path: Path, codecs: tuple[str, ...]) -> None:
    record(tmp_path, codecs)
    follow(tmp_path)
    seen = Followed(tmp_path)
    async with chromium() as browser, served(live=tmp_path / live.LIVE) as address:
        page = await browser.new_page()
        await page.goto(address)
        found = await page.evaluate(PLAYS, [f"{address}/live/", [tracks(seen, "video"), tracks(seen, "audio")]])
    assert all(found["can"])
    for spans in found["buffered"]:
        held = sum(end - begin for begin, end in spans)
        assert held > SECONDS - 0.3, (codecs, spans)
        assert len(spans) <= len(codecs), "no hole within a run"
    assert found["frames"] > SECONDS * 10 * 0.3, "a busy machine leaves some out"
    assert found["sound"] > 0
    if len(codecs) == 1:
        assert min(found["lights"]) > 120
    else:
        assert min(found["lights"]) < 90
        assert max(found["lights"]) > 120
