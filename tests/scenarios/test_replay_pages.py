"""A replay and the recordings' pages in a real browser: what is played when, by hand and by key, on a phone, a PC and a big screen."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from media.client.manifest import Manifest
from server.cli.hall import open_hall
from server.settings import read
from tests.harness.axe import violations
from tests.harness.browser import open_page
from tests.harness.county import furnish
from tests.harness.product import Product
from tests.harness.recorded import SECOND, recorded
from tests.server.world import World

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

SIZES = ((360, 740), (1366, 768), (1920, 1080))
PLAYED = """() => [...document.querySelectorAll('video.film')].map((film) => ({
  src: film.getAttribute('src') || '', at: film.currentTime, paused: film.paused, width: film.videoWidth, error: film.error && film.error.message,
}))"""


@dataclass
class Held:
    """An installation in which a lesson was held."""

    product: Product
    world: World
    made: Manifest

    async def page(self, browser: Browser, who: str, path: str, width: int = 1366, height: int = 768) -> Page:
        page = await open_page(browser, "about:blank", width, height, locale="zh-CN")
        cookies = [{"name": name, "value": value, "url": self.product.url} for name, value in self.world.cookies(who).items()]
        await page.context.add_cookies(cookies)  # type: ignore[arg-type]
        await page.goto(path if path == "about:blank" else self.product.url + path)
        return page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def held(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Held]:
    product = Product(tmp_path_factory.mktemp("held") / "data")
    world = await furnish(product)
    async with open_hall(read(product.environment)) as hall:
        made = await recorded(hall.store.database, product.data, time.time_ns() // 1_000_000 - 3_600_000)
    await product.start("run")
    yield Held(product, world, made)
    await product.stop()


async def shown(page: Page) -> float:
    """Seconds of the replay, as its page says them."""
    minutes, _, seconds = (await page.locator("#time").inner_text()).partition(" / ")[0].partition(":")
    return int(minutes) * 60 + int(seconds)


async def until(page: Page, words: str) -> None:
    await page.wait_for_function(f"() => {words}", timeout=15_000)


async def test_it_plays_seeks_and_passes_over_what_is_missing(browser: Browser, held: Held) -> None:
    page = await held.page(browser, "x.inspector", "/replay/lesson.x")
    await expect(page.locator("#cover")).to_be_hidden()
    await expect(page.locator("#time")).to_have_text("0:00 / 1:00")
    await page.locator("#play").click()
    await until(page, "document.querySelector('video.film').currentTime > 1.5")
    await expect(page.locator("#play")).to_have_attribute("aria-label", "暂停")
    await page.locator("#range").focus()
    await page.keyboard.press("k")
    (film,) = await page.evaluate(PLAYED)
    assert film["paused"]
    assert (film["width"], film["error"]) == (320, None)
    await page.locator(".chapter", has_text="上台").click()
    assert await shown(page) == 40
    await until(page, "document.querySelector('video.film').getAttribute('src').includes('teacher-002')")
    await until(
        page, "Math.abs(document.querySelector('video.film').currentTime - 4) < 0.2 && !document.querySelector('video.film').seeking"
    )
    await page.keyboard.press("Home")
    await page.keyboard.press("l")
    await page.keyboard.press("l")
    assert await shown(page) == 20
    await page.keyboard.press("l")
    assert await shown(page) == 30
    await expect(page.locator("#said")).to_have_text("录制程序中断")
    await page.keyboard.press("k")
    await expect(page.locator("#passed")).to_contain_text("跳过了 0:06：录制程序中断")
    await until(
        page,
        "document.querySelector('video.film').currentTime > 0.5 && document.querySelector('video.film').getAttribute('src').includes('002')",
    )
    assert page.errors == []  # type: ignore[attr-defined]
    await page.context.close()


async def test_the_board_is_as_it_was_at_every_moment(browser: Browser, held: Held) -> None:
    page = await held.page(browser, "x1.teacher", "/replay/lesson.x")
    await expect(page.locator("#cover")).to_be_hidden()
    board = page.locator("#board")
    await expect(board).to_be_hidden()
    ink = page.locator("#board .board-page")
    await seek(page, 12)
    await expect(board).to_be_visible()
    empty = await ink.get_attribute("data-ink")
    await seek(page, 20)
    await page.wait_for_function("(empty) => document.querySelector('#board .board-page').dataset.ink !== empty", arg=empty)
    drawn = await ink.get_attribute("data-ink")
    await seek(page, 12)
    await page.wait_for_function("(empty) => document.querySelector('#board .board-page').dataset.ink === empty", arg=empty)
    await seek(page, 50)
    await page.wait_for_function("(drawn) => document.querySelector('#board .board-page').dataset.ink === drawn", arg=drawn)
    await page.context.close()


async def seek(page: Page, second: int) -> None:
    await page.evaluate(
        "(ms) => { const range = document.getElementById('range'); range.value = ms; range.dispatchEvent(new Event('input')); }",
        second * SECOND,
    )


async def test_one_goes_on_where_one_left(browser: Browser, held: Held) -> None:
    page = await held.page(browser, "x2.c1.s1", "/replay/lesson.x")
    await expect(page.locator("#cover")).to_be_hidden()
    await seek(page, 14)
    async with page.expect_response("**/position", timeout=20_000):
        await page.locator("#play").click()
    here = await shown(page)
    await page.context.close()
    again = await held.page(browser, "x2.c1.s1", "/replay/lesson.x")
    await expect(again.locator("#cover")).to_be_hidden()
    assert abs(await shown(again) - here) <= 3
    await again.context.close()


async def test_a_film_that_failed_holds_nobody_and_is_fetched_anew(browser: Browser, held: Held) -> None:
    page = await held.page(browser, "x.inspector", "about:blank")
    await page.route("**/media/teacher-001.webm", lambda route: route.fulfill(status=410))
    await page.goto(held.product.url + "/replay/lesson.x?t=1")
    await expect(page.locator("#cover")).to_be_hidden()
    await expect(page.locator("#said")).to_be_visible()
    await page.locator("#play").click()
    await until(page, "Number(document.getElementById('range').value) >= 2000")
    await expect(page.locator("#said")).to_be_visible()
    await page.unroute("**/media/teacher-001.webm")
    await until(page, "document.querySelector('video.film').currentTime > 3 && !document.querySelector('video.film').paused")
    await expect(page.locator("#said")).to_be_hidden()
    await page.context.close()


async def test_looking_it_over_as_a_pupil_is_not_watching(browser: Browser, held: Held) -> None:
    page = await held.page(browser, "x.librarian", "/replay/lesson.x?as=student")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await expect(page.locator("#cover")).to_be_hidden()
    await page.locator("#play").click()
    await until(page, "document.querySelector('video.film').currentTime > 0.5")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await until(page, "Object.keys(localStorage).some((key) => key.startsWith('replay.'))")
    assert not [one for one in asked if one.endswith("/position")]
    await page.context.close()


async def test_an_inspector_writes_beside_it(browser: Browser, held: Held) -> None:
    page = await held.page(browser, "x.inspector", "/replay/lesson.x")
    await expect(page.locator("#cover")).to_be_hidden()
    await seek(page, 20)
    await page.locator("#note-text").fill("提问有层次")
    await page.locator("#note button").click()
    note = page.locator("#notes .chapter")
    await expect(note).to_contain_text("0:17")
    await seek(page, 50)
    await note.click()
    assert await shown(page) == 17
    await page.reload()
    await expect(note).to_contain_text("提问有层次")
    await page.get_by_role("button", name="删除").click()
    await expect(note).to_have_count(0)
    assert page.errors == []  # type: ignore[attr-defined]
    await page.context.close()


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("x2.c1.s1", "/replay/lesson.x?t=20"),
        ("x.librarian", "/replay/lesson.x?as=student"),
        ("x.inspector", "/replay/lesson.x?t=20"),
        ("x.admin", "/recordings"),
        ("x.admin", "/recordings/lesson.x"),
        ("y.admin", "/recordings"),
    ],
)
async def test_the_pages_fit_and_can_be_read_by_everybody(browser: Browser, held: Held, who: str, path: str) -> None:
    page = await held.page(browser, who, path)
    if path.startswith("/replay"):
        await expect(page.locator("#cover")).to_be_hidden()
    for one in await page.locator("details").all():
        await one.evaluate("(element) => { element.open = true; }")
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await violations(page) == [], f"{path} at {width} px"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} at {width} px"
    assert page.errors == []  # type: ignore[attr-defined]
    await page.context.close()
