"""What is made of a recording plays in a real browser, and seeks to any moment of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from media.client.manifest import PLAY
from tests.harness.browser import chromium
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.played import made, served

pytestmark = pytest.mark.scenario
SECONDS, FRAME = 30, SECOND // 10
DARK, BRIGHT = 0, 215
"""The first and the second half of the film."""

PLAYS = """async ([url, type, kind]) => {
    const player = document.createElement(kind);
    const once = (name) => new Promise((done, failed) => {
        player.addEventListener(name, done, { once: true });
        player.addEventListener("error", () => failed(new Error(`${name}: ${player.error?.message}`)), { once: true });
    });
    const light = () => {
        if (kind === "audio") return -1;
        const canvas = document.createElement("canvas");
        canvas.width = canvas.height = 8;
        const pen = canvas.getContext("2d");
        pen.drawImage(player, 0, 0, 8, 8);
        const { data } = pen.getImageData(0, 0, 8, 8);
        return data.reduce((sum, value, index) => (index % 4 === 3 ? sum : sum + value), 0) / 192;
    };
    const found = { can: player.canPlayType(type), seeks: [] };
    document.body.append(player);
    player.muted = true;
    player.src = url;
    await once("loadeddata");
    found.length = player.duration;
    found.size = [player.videoWidth ?? 0, player.videoHeight ?? 0];
    await player.play();
    while (player.currentTime < 0.5) await once("timeupdate");
    player.pause();
    for (const at of [24, 3, 29, 12.5, 18]) {
        const seeked = once("seeked");
        player.currentTime = at;
        await seeked;
        if (player.readyState < 2) await once("canplay");
        found.seeks.push([at, player.currentTime, light()]);
    }
    await player.play();
    const from = player.currentTime;
    while (player.currentTime < from + 0.5) await once("timeupdate");
    found.frames = kind === "video" ? player.getVideoPlaybackQuality().totalVideoFrames : 0;
    found.sound = player.webkitAudioDecodedByteCount;
    player.remove();
    return found;
}"""


def record(folder: Path, codec: str) -> None:
    """Half a minute of a microphone, and of a camera if there is a codec; the lesson has gone on for an hour."""
    camera, mic = Sender(1, "camera", codec), Sender(2, "mic", "opus")
    senders = [mic, camera] if codec else [mic]
    streams = [mic.stream(sounds(50), 20 * MS, count=50 * SECONDS)]
    if codec:
        half = SECONDS * SECOND // FRAME // 2
        for number, light in enumerate((DARK, BRIGHT)):
            film = pictures(codec, 160, 96, 30, light=light)
            streams.append(camera.stream(film, FRAME, START + number * half * FRAME, count=half))
    maps = [sender.maps(START, START + SECONDS * SECOND, 3_600_000) for sender in senders]
    written = Written(folder)
    written.take(
        [sender.began() for sender in senders], *maps, *streams[:1], [p for s in streams[1:] for p in s], ended=START + SECONDS * SECOND
    )


async def test_each_kind_plays_and_seeks(tmp_path: Path) -> None:
    async with chromium() as browser:
        page = await browser.new_page()
        for codec in ("VP8", "H264", "VP9", "AV1", ""):
            folder = tmp_path / (codec or "sound")
            folder.mkdir()
            record(folder, codec)
            manifest = made(folder)
            (one,) = manifest.files
            assert (one.begin, manifest.missing) == (3_600_000, ())
            async with served(play=folder / PLAY) as address:
                await page.goto(address)
                kind = "video" if one.video else "audio"
                found: dict[str, Any] = await page.evaluate(PLAYS, [f"{address}/play/{one.name}", one.media_type, kind])
            assert found["can"] == "probably", one.media_type
            assert abs(found["length"] - SECONDS) < 0.1
            assert found["size"] == ([160, 96] if codec else [0, 0])
            assert found["sound"] > 0
            for asked, at, light in found["seeks"]:
                assert abs(at - asked) < 0.05, (one.name, found)
                if codec:
                    assert (light > 170) == (asked > SECONDS / 2), (one.name, found)
            assert not codec or found["frames"] > 5
