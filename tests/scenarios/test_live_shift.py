"""A lesson is watched a few seconds behind while it goes on, by a room that came to it late and by an inspector: real browsers, a worker and a
web process that die in the middle.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any

import av
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.harness.browser import close_pages
from tests.harness.county import furnish
from tests.harness.product import Product
from tests.harness.school import MASTER_SLOTS, Console, Seat, within
from tests.scenarios.test_from_live_to_library import County

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

LESSON = "lesson.x"
WATCH = """(path) => { // asks for the index as it grows, and plays the teacher
    const seen = window.seen = { answers: 0, same: 0, index: null, delays: [], errors: [], runs: new Map(), light: 0 };
    const player = window.player = document.createElement('video');
    player.muted = true;
    document.body.append(player);
    const source = new MediaSource();
    player.src = URL.createObjectURL(source);
    player.onerror = () => seen.errors.push(player.error.message);
    const opened = new Promise((done) => source.addEventListener('sourceopen', done, { once: true }));
    const buffers = {};
    const add = async (kind, run, bytes) => {
        const buffer = buffers[kind];
        if (buffer.run !== run.run) {
            buffer.changeType(run.type);
            buffer.run = run.run;
            await append(buffer, await part(run.url));
        }
        await append(buffer, bytes);
    };
    const append = (buffer, bytes) => new Promise((done) => {
        buffer.addEventListener('updateend', done, { once: true });
        buffer.appendBuffer(bytes);
    });
    const part = async (url) => {
        for (;;) {
            const answer = await fetch(seen.base + url).catch(() => null);
            if (answer?.ok) return answer.arrayBuffer();
            await new Promise((done) => setTimeout(done, 500));
        }
    };
    const ask = async () => {
        const given = await (await fetch(path)).json();
        if (!given.live) return;
        seen.base = given.live.replace(/live$/, '');
        let tag = '', query = '';
        while (!seen.stop) {
            const answer = await fetch(given.live + query, { headers: tag ? { 'If-None-Match': tag } : {}, cache: 'no-store' }).catch(() => null);
            if (answer?.status === 200) await take(await answer.json());
            else seen.same += answer?.status === 304;
            tag = answer?.ok ? answer.headers.get('ETag') : tag;
            seen.answers += 1;
            if (seen.index?.edition) query = `?after=${seen.index.head}&edition=${seen.index.edition}`;
            await new Promise((done) => setTimeout(done, 500));
        }
    };
    const take = async (index) => {
        if (seen.index && index.segments.length) seen.delays.push(Date.now() - index.until);
        seen.index = index;
        for (const run of index.runs) seen.runs.set(run.run, run);
        const mine = index.segments.filter((one) => seen.runs.get(one.run).group === 'teacher');
        for (const kind of ['video', 'audio']) {
            const first = [...seen.runs.values()].find((run) => run.group === 'teacher' && run.kind === kind);
            if (first && !buffers[kind]) buffers[kind] = (await opened, source.addSourceBuffer(first.type));
        }
        if (!buffers.video || !buffers.audio) { seen.index = null; return; } // both, before the first gets its init part
        for (const one of mine) {
            const run = seen.runs.get(one.run);
            await add(run.kind, run, await part(one.url));
        }
    };
    const onwards = () => { // where nothing is, nothing is waited for
        const held = player.buffered;
        for (let n = 0; n < held.length; n += 1) {
            if (player.currentTime < held.start(n)) { player.currentTime = held.start(n) + 0.05; break; }
            if (player.currentTime < held.end(n) - 0.2) break;
        }
        if (player.paused && held.length) player.play();
        if (player.videoWidth) {
            const canvas = document.createElement('canvas');
            [canvas.width, canvas.height] = [32, 18];
            const pen = canvas.getContext('2d');
            pen.drawImage(player, 0, 0, 32, 18);
            seen.light = new Set(pen.getImageData(0, 0, 32, 18).data).size;
        }
    };
    setInterval(onwards, 200);
    ask().catch((error) => seen.errors.push(String(error)));
}"""
SEEN = """() => ({ ...seen, runs: [...seen.runs.values()], at: player.currentTime,
    held: Array.from({ length: player.buffered.length }, (_, n) => [player.buffered.start(n), player.buffered.end(n)]), frames: player.getVideoPlaybackQuality().totalVideoFrames,
    sound: player.webkitAudioDecodedByteCount })"""


NATIVE = """(address) => { // where the browser plays HLS by itself
    const tv = window.tv = document.createElement('video');
    if (!tv.canPlayType('application/vnd.apple.mpegurl')) return false;
    tv.muted = true;
    tv.src = address;
    tv.addEventListener('playing', () => { tv.first ??= tv.currentTime; });
    document.body.append(tv);
    tv.play().catch(() => {});
    return true;
}"""


def television_plays(url: str, seconds: float) -> dict[str, float]:
    """How long each stream was decoded, by libavformat's HLS demuxer while the lesson goes on: codec → seconds."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    with av.open(url, timeout=(30.0, 30.0)) as file:
        for frame in file.decode(video=0, audio=0):
            name = "h264" if isinstance(frame, av.VideoFrame) else "aac"
            first.setdefault(name, float(frame.time or 0))
            last[name] = float(frame.time or 0)
            if len(last) == 2 and all(last[one] - first[one] >= seconds for one in last):
                break
    return {name: last[name] - first[name] for name in last}


@pytest_asyncio.fixture(loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[County]:
    product = Product(tmp_path_factory.mktemp("county") / "data")
    world = await furnish(product)
    async with product:
        yield County(product, world, browser)
        await close_pages(browser)


async def seen(page: Page) -> dict[str, Any]:
    return dict(await page.evaluate(SEEN))


async def test_a_lesson_is_watched_behind_while_it_goes_on(county: County) -> None:
    console = Console(await county.page("x1.teacher", f"/teach/{LESSON}", locale="en-US"), MASTER_SLOTS)
    room = Seat(await county.page("x2.d1", f"/class/{LESSON}"))
    await console.says("#delivery", "Classrooms here: 1", seconds=20)
    assert json.loads((await county.get("x2.d1", f"/shift/{LESSON}"))[1])["live"] == "", "nothing was said yet"
    await console.start()
    live_at = time.time() * 1000
    await room.says("#rec-chip", "录制中")
    await room.plays("program.camera", "program.audio")

    late = await county.page("x2.d1", "/healthz")  # a page of ours that does nothing
    inspector = await county.page("x.inspector", "/healthz")
    await late.evaluate(WATCH, f"/shift/{LESSON}")
    await inspector.evaluate(WATCH, f"/replay/{LESSON}/live")
    for page in (late, inspector):
        await within(30, lambda page=page: page.evaluate("player.currentTime > 0 && seen.light > 20"))

    hls = json.loads(await county.product.cli("link", LESSON, "--role", "viewer", "--json"))["hls"]
    county.product.kill_worker()
    await room.plays("program.camera", "program.audio", seconds=20)
    for page in (late, inspector):
        await within(30, lambda page=page: page.evaluate("seen.index.missing.some((one) => one.why === 'worker')"))
    county.product.kill_web()
    await county.product.wait_healthy()
    reached = (await seen(inspector))["index"]["until"]
    await within(60, lambda: inspector.evaluate(f"seen.index.until > {reached} + 6000 || seen.errors.length"))
    await console.says("#delivery", "1 of 1 classrooms", seconds=20)
    played = await asyncio.wait_for(asyncio.to_thread(television_plays, hls, 8.0), 60)
    television = await county.page("x2.d1", "/healthz")
    native = await television.evaluate(NATIVE, hls)
    print(f"libavformat plays {played}; Chromium {'plays' if native else 'has no'} HLS of its own")
    assert min(played["h264"], played["aac"]) > 6
    if native:
        await within(60, lambda: television.evaluate("tv.currentTime > tv.first + 6 && tv.videoWidth > 0"), lambda: "HLS does not go on")
    found = [await seen(page) for page in (late, inspector)]
    for one in found:
        print({name: one[name] for name in ("answers", "same", "delays", "errors", "frames", "light", "at", "held", "runs")})
        assert one["index"]["begin"] >= live_at - 3_000, "what was said before is not there"
        assert sorted({(run["kind"], run["codec"]) for run in one["runs"]}) == [("audio", "OPUS"), ("video", "VP8")]
        assert len([run for run in one["runs"] if run["kind"] == "video"]) >= 2, "the worker began anew"
        assert one["frames"] > 40
        assert one["sound"] > 0
        assert one["errors"] == []
        assert statistics.median(one["delays"]) < 5_000, "a few seconds behind"
    await console.end()
    await within(30, lambda: inspector.evaluate("seen.index.ended"))
