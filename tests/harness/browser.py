"""The distribution's Chromium with fake devices, driven by Playwright."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import cv2
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from media.synthetic.pictures import teacher

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
FAKE_DEVICES = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--auto-select-desktop-capture-source=Entire screen",
    "--auto-accept-this-tab-capture",
)

WATCHED = """(() => {
    // Tests read the statistics of what a page receives: and whether it sounds: keep its peer connections and players, change nothing.
    const Real = window.RTCPeerConnection;
    window.connections = [];
    window.RTCPeerConnection = class extends Real {
        constructor(...given) {
            super(...given);
            this.word = Math.random().toString(36);
            window.connections.push(this);
        }
    };
    const Player = window.Audio;
    window.players = [];
    window.Audio = function (...given) {
        const player = new Player(...given);
        window.players.push(player);
        return player;
    };
})()"""


CLOSE_SECONDS = 20.0


@asynccontextmanager
async def chromium(*arguments: str, devices: tuple[str, ...] = FAKE_DEVICES) -> AsyncIterator[Browser]:
    """A headless browser; its autoplay policy is the default one. Without `devices` the machine's own count, and prompts are real."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no Chromium: run make system"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*QUIET, *devices, *arguments])
        try:
            yield browser
        finally:
            with contextlib.suppress(TimeoutError):  # its end comes with the driver's
                await asyncio.wait_for(browser.close(), CLOSE_SECONDS)


async def close_pages(browser: Browser) -> None:
    """End every profile of the browser; one that does not let go within a while ends with the browser."""
    closing = [asyncio.ensure_future(context.close()) for context in browser.contexts]
    if closing:
        _, late = await asyncio.wait(closing, timeout=CLOSE_SECONDS)
        for one in late:
            one.cancel()


async def open_page(browser: Browser, url: str, width: int = 1366, height: int = 768, allowed: bool = True, **context: Any) -> Page:
    """A page of its own profile, with camera and microphone allowed unless told otherwise; errors of the page fail the test that looks at `page.errors`."""
    profile = await browser.new_context(viewport={"width": width, "height": height}, ignore_https_errors=True, **context)
    if allowed:
        await profile.grant_permissions(["camera", "microphone"])
    await profile.add_init_script(WATCHED)
    page = await profile.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.errors = errors  # type: ignore[attr-defined]
    await page.goto(url)
    return page


FRAMES = """async (selector) => {
    const video = document.querySelector(selector);
    if (!video || !video.srcObject) return -1;
    return video.getVideoPlaybackQuality().totalVideoFrames;
}"""

LOUDNESS = """async ([selector, ms]) => {
    const element = document.querySelector(selector);
    const context = new AudioContext();
    const source = context.createMediaStreamSource(new MediaStream(element.srcObject.getAudioTracks()));
    const analyser = context.createAnalyser();
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let loudest = 0;
    const end = performance.now() + ms;
    while (performance.now() < end) {
        analyser.getFloatTimeDomainData(samples);
        for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
        await new Promise((done) => setTimeout(done, 20));
    }
    await context.close();
    return loudest;
}"""


async def frames(page: Page, selector: str) -> int:
    """Frames the video element has shown so far; −1 without a stream."""
    return int(await page.evaluate(FRAMES, selector))


async def loudness(page: Page, selector: str, milliseconds: int = 1500) -> float:
    """The loudest sample (0 … 1) that the element's audio tracks carry in a while."""
    return float(await page.evaluate(LOUDNESS, [selector, milliseconds]))


RECEIVED = """async () => {
    const open = window.connections.filter((pc) => pc.connectionState === "connected");
    const watching = open.filter((pc) => pc.getTransceivers().some((t) => t.direction === "recvonly")).at(-1);
    if (!watching) return null;
    const found = [];
    for (const { receiver } of watching.getTransceivers()) {
        const stats = [...(await receiver.getStats()).values()].find((entry) => entry.type === "inbound-rtp") ?? {};
        const { packetsReceived = 0, framesDecoded = 0, totalAudioEnergy = 0, frameWidth = 0, frameHeight = 0 } = stats;
        found.push({ packets: packetsReceived, frames: framesDecoded, energy: totalAudioEnergy, size: [frameWidth, frameHeight] });
    }
    return { session: watching.word, lines: found };
}"""


async def quietly(page: Page, expression: str) -> Any:
    """The value of an expression in the page. Playwright's own calls count as a touch of the page's user; this does not."""
    session = _sessions.get(page)
    if session is None:
        session = _sessions[page] = await page.context.new_cdp_session(page)
    asked = {"expression": expression, "awaitPromise": True, "returnByValue": True, "userGesture": False}
    answer = await session.send("Runtime.evaluate", asked)
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    return answer["result"].get("value")


_sessions: WeakKeyDictionary[Page, CDPSession] = WeakKeyDictionary()


async def received(page: Page) -> dict[str, Any] | None:
    """What the page's watching session has received, m-line by m-line: packets, frames decoded, sound energy, picture size."""
    found = await quietly(page, f"({RECEIVED})()")
    return dict(found) if found else None


def write_film(path: Path, width: int = 480, height: int = 270, seconds: int = 3, rate: int = 10) -> str:
    """A short film of the synthetic teacher for the fake camera (YUV4MPEG2): cheap to encode; the argument that shows it."""
    paint = teacher(width, height)
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for i in range(seconds * rate):
            film.write(b"FRAME\n" + cv2.cvtColor(paint(i / rate), cv2.COLOR_BGR2YUV_I420).tobytes())
    return f"--use-file-for-fake-video-capture={path}"


async def sounds(page: Page) -> bool:
    """The browser lets the page's players sound."""
    return bool(await quietly(page, "players.length > 0 && players.every((player) => !player.paused && !player.muted)"))


def kill(argument: str) -> None:
    """The browser that was started with this argument dies as in a power cut: no page says goodbye."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                if argument in words and not any(word.startswith("--type=") for word in words):
                    os.kill(int(folder.name), signal.SIGKILL)
                    return
    raise AssertionError(f"no browser with {argument}")
