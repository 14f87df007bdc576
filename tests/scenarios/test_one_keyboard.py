"""A whole lesson of a remote classroom from its one PC, with nothing but its keyboard: check-in, help, hands, quiz, a held question."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from server.cli.hall import open_hall
from server.settings import read
from tests.harness.axe import violations
from tests.harness.browser import open_page
from tests.harness.product import Product
from tests.harness.school import within
from tests.server import world

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

MINUTE = 60_000
PIN = "4071"


async def entered(product: Product, browser: Browser, built: world.World, who: str, path: str) -> Page:
    """Somebody's page, in English."""
    page = await open_page(browser, product.url, locale="en-US")
    cookies = [{"name": name, "value": value, "url": product.url} for name, value in built.cookies(who).items()]
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]
    await page.goto(product.url + path)
    return page


async def test_a_lesson_by_keyboard_alone(tmp_path: Path, browser: Browser) -> None:
    product = Product(tmp_path / "data")
    async with open_hall(read(product.environment)) as hall:
        built = await world.build(hall.store.database, hall.contents, time.time_ns() // 1_000_000 - 5 * MINUTE)
    async with product:
        office = await entered(product, browser, built, "x2.assistant", "/rooms/x2.r1")
        await office.locator("[name=pin]").fill(PIN)
        await office.locator("form[action$='/pin'] button").click()
        await expect(office.locator("form[action$='/pin']")).to_contain_text("one is set")
        await office.context.close()
        console = await entered(product, browser, built, "x1.teacher", "/teach/lesson.x")
        room = await entered(product, browser, built, "x2.d1", "/room")
        await room.wait_for_url("**/class/lesson.x?**")
        keys = room.keyboard
        await console.locator("#go").click()
        await expect(room.locator("#cover")).to_be_hidden()

        # Check-in, in the panel.
        await keys.press("F2")
        await expect(room.locator("#panel-pin")).to_be_focused()
        await keys.type("0000")
        await keys.press("Enter")
        await expect(room.locator("#panel .error")).to_contain_text("not the PIN")
        assert await violations(room) == []
        await keys.type(PIN)
        await keys.press("Enter")
        frame = room.frame_locator("#panel iframe")
        await expect(frame.locator("#phase")).to_contain_text("Live")
        assert await violations(room) == []
        await frame.locator("#tab-class").focus()
        await keys.press("ArrowRight")
        await expect(frame.locator("#panel-seats")).to_be_visible()
        await keys.press("Tab")
        await keys.press("ArrowRight")
        await expect(frame.locator("[name=tap][value=here]")).to_be_checked()
        await keys.press("Tab")
        for seat in (1, 2, 3):
            await expect(frame.locator("#seats .seat").nth(seat - 1)).to_be_focused()
            await keys.press("Enter")
            await keys.press("ArrowRight")
        await keys.type("5")
        await keys.press("Enter")
        await expect(frame.locator("#present")).to_contain_text("4 of 40 here")
        await keys.press("Enter")
        await expect(frame.locator("#seats [data-status=late]")).to_have_count(1)
        await keys.press("Tab")
        await expect(frame.locator("#rest-here")).to_be_focused()
        await keys.press("Enter")
        await expect(frame.locator("#present")).to_contain_text("40 of 40 here")
        await expect(frame.locator("#rest-here")).to_be_hidden()
        await expect(frame.locator("#seats [data-status=late]")).to_have_count(1)
        await frame.locator("#tab-seats").focus()
        await keys.press("Escape")
        await expect(room.locator("#panel")).to_be_hidden()

        # Help, a hand, a quiz.
        await keys.press("F2")
        for _ in range(4):
            await keys.press("Shift+Tab")
        await expect(room.locator("#panel .signals button").nth(1)).to_be_focused()
        await keys.press("Enter")
        await expect(console.locator(".tile .word", has_text="Cannot hear")).to_be_visible()
        await keys.press("Escape")
        await keys.type("12")
        await keys.press("Enter")
        await expect(room.locator("#own-hands")).to_contain_text("No. 12 place 1")
        await console.keyboard.press("1")
        await expect(room.locator("#air-words")).to_contain_text("No. 12 · We are on stage")
        await console.keyboard.press("q")
        await console.locator("#quiz-question").fill("1/2 + 1/4 = ?\n2/6\n3/4")
        await console.locator("#panel-quiz form button").click()
        await expect(room.locator("#card")).to_contain_text("1/2 + 1/4")
        await keys.type("7b")
        await keys.type("8a")
        await expect(room.locator("#card .answered .done")).to_have_count(2)
        await expect(console.locator("#panel-quiz .quiz-now")).to_contain_text("2 seats answered")

        # Left open, it closes itself; what was in it is gone from the page.
        await room.clock.install()
        await keys.press("F2")
        await keys.type(PIN)
        await keys.press("Enter")
        await expect(frame.locator("#phase")).to_contain_text("Live")
        await room.clock.fast_forward(16_000)
        await expect(room.locator("#panel")).to_be_hidden()
        assert await room.locator("iframe").count() == 0

        async def shut() -> bool:
            return (await room.context.request.get(product.url + "/assist/lesson.x?a=panel")).status == 401

        await within(10, shut, lambda: "its address opens it again")
        assert (console.errors, room.errors) == ([], [])  # type: ignore[attr-defined]
