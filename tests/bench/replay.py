"""Row `replay`: how long until a replay of a film of almost 2 Mbit/s plays and, after a seek, goes on, in Chromium over 1 Mbit/s with 40 ms
round trip, where the page takes the thin film by itself; beside the same without a link. And how fast thin films are made, by one core.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page

from media.client import manifest
from server.cli.hall import open_hall
from server.settings import read
from tests.bench.remux import run_command
from tests.harness.browser import chromium, open_page
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.county import furnish
from tests.harness.product import Product
from tests.harness.recorded import recorded
from tests.harness.thin import ThinLink
from tests.server.world import World

MINUTES = 6
BITS = 1_800_000
LEAST_SPEED = 3.0
"""Times real time."""
RATE, DELAY = 1_000_000, 0.02
MOST_SECONDS = 3.0
SEEKS = (303, 61, 341, 205)
"""Seconds of the lesson, there and back: between keyframes."""
GOES = """(from) => new Promise((done) => {
    const look = () => [...document.querySelectorAll('video.film')].some((film) => film.currentTime > from && !film.paused && !film.seeking && film.readyState > 2)
        ? done() : requestAnimationFrame(look);
    look();
})"""


@dataclass(frozen=True, slots=True)
class Seen:
    """With or without the link."""

    name: str
    start: float
    """From the address to a picture that moves, s."""
    seek: float
    """The slowest, s."""
    film: str
    """What was played."""
    speed: float
    """At which the thin film was made, times real time of one core."""


async def measure() -> list[Seen]:
    """Without a link, then with it."""
    with tempfile.TemporaryDirectory() as name:
        product = Product(Path(name) / "data")
        world = await furnish(product)
        async with open_hall(read(product.environment)) as hall:
            begin = time.time_ns() // 1_000_000 - 3_600_000
            made = await recorded(hall.store.database, product.data, begin)
        speed = _capture(manifest.folder(product.data, made.recording), begin)
        async with product, chromium() as browser:
            links = (("no link", 0.0, 0.0), ("1 Mbit/s", float(RATE), DELAY))
            return [await _seen(browser, product, world, *link, speed) for link in links]


def _capture(folder: Path, begin: int) -> float:
    """At which speed its thin film was made."""
    camera, mic = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus")
    end = START + MINUTES * 60 * SECOND
    Written(folder).take(
        [camera.began(), mic.began()],
        camera.maps(START, end, begin),
        mic.maps(START, end, begin),
        camera.stream(pictures("VP8", 1280, 720, 300, gop=250, bits=BITS, detail=20), SECOND // 25, count=25 * 60 * MINUTES),
        mic.stream(sounds(50), 20 * MS, count=50 * 60 * MINUTES),
        ended=end,
    )
    run_command(folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "media.recording.thin", str(folder)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return MINUTES * 60 / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


async def _seen(browser: Browser, product: Product, world: World, name: str, rate: float, delay: float, speed: float) -> Seen:
    async with ThinLink(product.http_port, rate, delay) as link:
        page = await open_page(browser, "about:blank")
        url = f"http://127.0.0.1:{link.port}"
        cookies = [{"name": key, "value": value, "url": url} for key, value in world.cookies("x.inspector").items()]
        await page.context.add_cookies(cookies)  # type: ignore[arg-type]
        began = time.monotonic()
        await page.goto(f"{url}/replay/lesson.x", wait_until="commit")
        await page.wait_for_selector("#cover", state="hidden")
        await page.locator("#play").click()
        await page.evaluate(GOES, 0.1)
        start = time.monotonic() - began
        film = await page.evaluate("document.querySelector('video.film[src]').getAttribute('src').split('/').pop()")
        seeks = [await _seek(page, second) for second in SEEKS]
        await page.context.close()
    return Seen(name, start, max(seeks), film, speed)


async def _seek(page: Page, second: int) -> float:
    began = time.monotonic()
    await page.evaluate(
        "(ms) => { const range = document.getElementById('range'); range.value = ms; range.dispatchEvent(new Event('input')); }",
        second * 1000,
    )
    await page.evaluate("() => new Promise((done) => setTimeout(done, 150))")  # the page follows within a tenth
    await page.evaluate(GOES, second + 0.1 if second else 0.1)
    return time.monotonic() - began


def lines(seen: list[Seen]) -> Iterator[str]:
    """The row."""
    plain, thin = seen
    yield ""
    yield f"replay of {MINUTES} min, VP8 720p of {BITS / 1e6:.1f} Mbit/s and Opus, a keyframe each ten seconds, and its thin film"
    yield f"{'row':<12}{'plays after s':>15}{'slowest seek s':>16}  {'film'}"
    for one in seen:
        yield f"{one.name:<12}{one.start:>15.2f}{one.seek:>16.2f}  {one.film}"
    fast = "met " if thin.speed >= LEAST_SPEED else "MISSED"
    yield f"{fast}  the thin film is made at {LEAST_SPEED:.0f} x real time by one core at least: {thin.speed:.1f} x"
    yield f"load of the machine: {os.getloadavg()[0]:.1f}"
    met = "met " if thin.start <= MOST_SECONDS else "MISSED"
    yield f"{met}  plays over 1 Mbit/s within {MOST_SECONDS:.0f} s: {thin.start:.2f} s, {thin.start / plain.start:.1f} x as long as without a link"
