"""A room whose computer was off for a while watches what it missed, in class and afterwards; the web process dies in the middle."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.harness.axe import violations
from tests.harness.browser import close_pages
from tests.harness.county import furnish
from tests.harness.product import Product
from tests.harness.school import MASTER_SLOTS, Console, Seat, within
from tests.scenarios.test_from_live_to_library import LESSON, LIGHT, STONE, County, playable

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

OFF_SECONDS = 12
FILM = "Math.max(0, ...[...document.querySelectorAll('video.film')].filter((one) => one.videoWidth).map((one) => one.currentTime))"
MUTED = "players.length > 0 && players.every((one) => one.muted)"


@pytest_asyncio.fixture(loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[County]:
    product = Product(tmp_path_factory.mktemp("county") / "data")
    world = await furnish(product)
    async with product:
        yield County(product, world, browser)
        await close_pages(browser)


async def miss(county: County, room: Seat) -> None:
    """Its computer is off for a while."""
    await room.page.goto("about:blank")
    await asyncio.sleep(OFF_SECONDS)  # what is missed is as long as it takes
    await room.page.goto(f"{county.product.url}/class/{LESSON}")
    await room.plays("program.camera", "program.audio", seconds=20)
    await room.says("#bands", "没看到 0:", seconds=20)


async def test_a_room_watches_what_it_missed_in_class_and_afterwards(county: County) -> None:
    console = Console(await county.page("x1.teacher", f"/teach/{LESSON}", locale="en-US"), MASTER_SLOTS)
    page = await county.page("x2.d1", f"/class/{LESSON}")
    room = Seat(page)
    await console.says("#delivery", "Classrooms here: 1", seconds=20)
    await console.start()
    await room.says("#rec-chip", "录制中")
    await room.plays("program.camera", "program.audio")
    await asyncio.sleep(3)

    await miss(county, room)
    await page.get_by_role("button", name="现在补看").click()
    frame = page.frame_locator("#catchup iframe")
    await frame.locator("#play").click(timeout=20_000)
    (inside,) = [one for one in page.frames if "/shift/" in one.url]
    await within(30, lambda: inside.evaluate(f"{LIGHT.replace('() =>', '(() =>', 1)})() > 20 && {FILM} > 0"))
    assert await page.evaluate(MUTED), "the live sound is silent"
    assert await violations(page) == []
    await expect(inside.locator("#missed .chapter")).to_have_count(1)

    county.product.kill_web()
    reached = await inside.evaluate(FILM)
    await county.product.wait_healthy()
    await within(40, lambda: inside.evaluate(f"{FILM} > {reached + 5}"))
    await within(40, lambda: inside.evaluate("document.querySelector('#missed li').dataset.done === '1'"))

    await console.call(STONE)
    await expect(page.locator("#catchup")).to_be_hidden(timeout=10_000)
    await room.plays("program.camera", "program.audio")
    assert not await page.evaluate(MUTED), "whoever is called hears the class"
    await console.release(STONE)
    await page.locator("#rewind").click()
    await expect(frame.locator("#time")).to_be_visible(timeout=20_000)
    await page.get_by_role("button", name="回到直播").click()
    await expect(page.locator("#catchup")).to_be_hidden()
    assert page.errors == []  # type: ignore[attr-defined]

    await asyncio.sleep(3)
    await miss(county, room)
    await page.get_by_role("button", name="课后再看").click()
    await console.end()
    await within(60, lambda: playable(county))

    await page.goto(f"{county.product.url}/replay/{LESSON}")
    await expect(page.locator("#missed .chapter")).to_have_count(1, timeout=20_000)
    await page.locator("#missed .chapter").click()
    await within(20, lambda: page.evaluate(f"{FILM} > 0"))
    assert await violations(page) == []
    await within(40, lambda: page.evaluate("document.querySelector('#missed li').dataset.done === '1'"))
    kept = json.loads(await page.evaluate(f"localStorage['missed.{LESSON}']"))
    assert kept == [], "and is crossed off"
