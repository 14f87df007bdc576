"""Films for weak links in a real browser: made while the recording can be watched, chosen by the link or by hand, from one moment to the next."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from media.client import manifest
from server.cli.hall import open_hall
from server.settings import read
from server.store.recordings import RecordingStore
from tests.bench.remux import run_command
from tests.harness.browser import open_page
from tests.harness.captures import MS, SECOND, START, Sender, Written, pictures, sounds
from tests.harness.county import furnish
from tests.harness.product import Product
from tests.harness.recorded import recorded
from tests.harness.school import within
from tests.harness.thin import ThinLink
from tests.server.world import World

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

SECONDS = 60
FILM = """() => { const film = document.querySelector('video.film[src]');
  return { src: film.getAttribute('src').split('/').pop(), at: film.currentTime, width: film.videoWidth, paused: film.paused }; }"""

AHEAD = """() => { const film = document.querySelector('video.film[src]'), { buffered } = film;
  return !film.paused && buffered.length && buffered.end(buffered.length - 1) - film.currentTime > 8; }"""
"""Of a film of 1.6 Mbit/s that plays, no link of 1 Mbit/s ever has so much in advance."""


@dataclass
class Held:
    """An installation with a lesson of 1.6 Mbit/s."""

    product: Product
    world: World

    async def page(self, browser: Browser, url: str = "") -> Page:
        page = await open_page(browser, "about:blank", locale="zh-CN")
        url = url or self.product.url
        cookies = [{"name": name, "value": value, "url": url} for name, value in self.world.cookies("x.inspector").items()]
        await page.context.add_cookies(cookies)  # type: ignore[arg-type]
        await page.goto(f"{url}/replay/lesson.x")
        await expect(page.locator("#cover")).to_be_hidden(timeout=30_000)
        return page

    async def thin(self) -> bool:
        async with open_hall(read(self.product.environment)) as hall:
            found = await RecordingStore(hall.store.database).of_lesson("lesson.x")
            return found is not None and found.thin == "done"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Held]:
    product = Product(tmp_path_factory.mktemp("held") / "data")
    world = await furnish(product)
    begin = time.time_ns() // 1_000_000 - 3_600_000
    async with open_hall(read(product.environment)) as hall:
        made = await recorded(hall.store.database, product.data, begin, thin="waiting")
    folder = manifest.folder(product.data, made.recording)
    camera, mic, end = Sender(1, "camera", "VP8"), Sender(2, "mic", "opus"), START + SECONDS * SECOND
    Written(folder).take(
        [camera.began(), mic.began()],
        camera.maps(START, end, begin),
        mic.maps(START, end, begin),
        camera.stream(pictures("VP8", 960, 540, 60, gop=60, bits=1_600_000, detail=30), SECOND // 30, count=30 * SECONDS),
        mic.stream(sounds(50), 20 * MS, count=50 * SECONDS),
        ended=end,
    )
    run_command(folder)
    async with product:
        yield Held(product, world)


async def plays(page: Page, name: str, beyond: float) -> None:
    film: dict[str, Any] = {}

    async def goes() -> bool:
        film.update(await page.evaluate(FILM))
        return film["src"] == name and film["at"] > beyond and not film["paused"]

    await within(20, goes, lambda: film)


async def test_it_is_watched_as_it_is_and_then_by_choice_from_the_same_moment(browser: Browser, held: Held) -> None:
    page = await held.page(browser)
    await page.locator("#play").click()
    await plays(page, "teacher-001.webm", 0.5)
    await page.context.close()

    await within(90, held.thin)
    page = await held.page(browser)
    assert await page.locator("#quality option").all_inner_texts() == ["自动", "清晰", "流畅", "只听声音"]
    await page.evaluate(
        "() => { const range = document.getElementById('range'); range.value = 20000; range.dispatchEvent(new Event('input')); }"
    )
    await page.locator("#play").click()
    await plays(page, "teacher-001.webm", 20.5)
    before = await page.evaluate("Number(document.getElementById('range').value)")
    await page.locator("#quality").select_option("thin")
    await plays(page, "teacher-001-thin.webm", 20.5)
    assert (await page.evaluate(FILM))["width"] == 640
    assert 0 <= await page.evaluate("Number(document.getElementById('range').value)") - before <= 4000
    await page.reload()
    await expect(page.locator("#quality")).to_have_value("thin")
    await page.locator("#quality").select_option("sound")
    await page.locator("#play").click()
    await plays(page, "sound-001.webm", 0.5)
    assert page.errors == []  # type: ignore[attr-defined]
    await page.context.close()


async def test_over_a_megabit_a_second_the_thin_one_plays_and_comes_faster_than_it_plays(browser: Browser, held: Held) -> None:
    await within(90, held.thin)
    async with ThinLink(held.product.http_port, 1_000_000, 0.02) as link:
        page = await held.page(browser, f"http://127.0.0.1:{link.port}")
        await page.locator("#play").click()
        await plays(page, "teacher-001-thin.webm", 1.0)

        async def ahead() -> bool:
            return bool(await page.evaluate(AHEAD))

        await within(30, ahead)
        await plays(page, "teacher-001-thin.webm", 6.0)
        await page.context.close()
