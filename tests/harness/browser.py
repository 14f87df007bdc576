"""The distribution's Chromium with fake devices, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

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


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """A headless browser; its autoplay policy is the default one."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "no Chromium: run make system"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[*QUIET, *FAKE_DEVICES, *arguments])
        try:
            yield browser
        finally:
            await browser.close()


async def open_page(browser: Browser, url: str, width: int = 1366, height: int = 768, **context: Any) -> Page:
    """A page of its own profile, with camera and microphone allowed; errors of the page fail the test that looks at `page.errors`."""
    profile = await browser.new_context(viewport={"width": width, "height": height}, ignore_https_errors=True, **context)
    await profile.grant_permissions(["camera", "microphone"])
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
