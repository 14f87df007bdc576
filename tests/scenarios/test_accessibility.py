"""Every page in every state: axe finds nothing serious, a keyboard is enough, a phone needs no sideways scroll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.harness.axe import violations
from tests.harness.browser import close_pages, open_page
from tests.harness.product import Product
from tests.harness.school import Console, Lesson, Seat

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOMS = ("Stone Bridge", "Red Flag")
PHONE = {"width": 360, "height": 740}
PC = {"width": 1366, "height": 768}


@pytest_asyncio.fixture(loop_scope="module")
async def lesson(school: Product, browser: Browser) -> AsyncIterator[Lesson]:
    yield await Lesson.make(school, browser, *ROOMS, viewer=True)
    await close_pages(browser)


async def _clean(what: str, *seats: Seat) -> None:
    """No serious violation, and no sideways scroll on a phone."""
    for seat in seats:
        found = await violations(seat.page)
        assert not found, f"{what}, {seat.page.url}: {found}"
        await _fits_a_phone(seat.page, what)


async def _fits_a_phone(page: Page, what: str) -> None:
    await page.set_viewport_size(PHONE)
    wide = await page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
    await page.set_viewport_size(PC)
    assert max(wide) <= PHONE["width"], f"{what}, {page.url}: {wide} px wide"


async def test_pages_without_a_lesson(school: Product, browser: Browser, lesson: Lesson) -> None:
    for path in ("/", "/nowhere", "/join/nonsense", f"/class/{lesson.id}", "/teach/nosuchlesson"):
        for lang in ("en-US", "zh-CN"):
            page = await open_page(browser, school.url + path, locale=lang)
            await _clean(path, Seat(page))
            assert await page.evaluate("document.documentElement.lang") == ("zh-CN" if lang == "zh-CN" else "en")
            await page.context.close()


async def test_every_state_of_a_lesson(school: Product, browser: Browser, lesson: Lesson) -> None:
    early = await lesson.seat(ROOMS[0])
    await early.says("#cover-title", "Not started yet")
    await _clean("scheduled", early)

    console = await lesson.console()
    await console.says("#delivery", "Classrooms here: 1")
    other, viewer = await asyncio.gather(lesson.seat(ROOMS[1]), lesson.seat("viewer"))
    wall_link = await school.link(lesson.id, "wall")
    wall = Seat(await open_page(browser, wall_link.page, locale="en-US"), tuple(f"wall.{n}.video" for n in range(1, 10)))
    everybody = (console, early, viewer, wall)
    await wall.plays("wall.1.video", "wall.2.video")
    await early.says("#cover-title", "Class is about to start")
    await _clean("waiting room", *everybody)

    await console.start()
    await console.page.locator("#screen").click()
    await asyncio.gather(*(seat.plays("program.camera", "program.screen") for seat in (early, other, viewer)))
    await console.says("#delivery", "2 of 2 classrooms hear and see you")
    await _clean("live", *everybody)

    await console.call(ROOMS[0])
    await early.says("#air-words", "everyone hears us")
    await viewer.plays("stage.1.video")
    await console.page.locator("#devices").click()
    await console.page.get_by_role("button", name="End class").click()
    await _clean("on stage, devices open, end asked", *everybody)

    again = await lesson.console()
    await console.says("#bands", "This lesson was opened elsewhere")
    await _clean("opened elsewhere", console)
    await again.end()
    await asyncio.gather(*(seat.says("#cover-title", "Class is over") for seat in (early, viewer)))
    await _clean("ended", again, early, viewer, wall)

    await school.cli("link", "revoke", lesson.links[ROOMS[1]].id)
    await other.says("#bands", "This link was withdrawn")
    await _clean("revoked", other)


async def _reach(page: Page, name: str) -> None:
    """Tab until the button of this name has the focus, and the focus is to be seen."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        label = await page.evaluate(
            "(({ ariaLabel, innerText, tagName }) => tagName === 'BODY' ? '' : ariaLabel ?? innerText)(document.activeElement)"
        )
        if name in label:
            shown = "(({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2)"
            assert await page.evaluate(f"{shown}(getComputedStyle(document.activeElement))"), f"no visible focus on {name}"
            return
    raise AssertionError(f"{name!r} is not reached with Tab")


async def test_a_lesson_with_keys_only(lesson: Lesson) -> None:
    console, room = await asyncio.gather(lesson.console(), lesson.seat(ROOMS[0]))
    page = console.page
    await console.says("#delivery", "Classrooms here: 1")
    await _reach(page, "Start class")
    await page.keyboard.press("Enter")
    await console.says("#phase", "Live")
    await room.plays("program.camera", "program.audio")

    for key, off, on in (("m", "Mic off", "Mic on"), ("c", "Camera off", "Camera on"), ("s", "Stop sharing", "Share screen")):
        await page.keyboard.press(key)
        await console.says("#controls", off)
        await page.keyboard.press(key)
        await console.says("#controls", on)

    await console.plays("wall.1.video")
    await _reach(page, f"Call {ROOMS[0]} on stage")
    await page.keyboard.press("Space")
    await room.says("#air-words", "everyone hears us")
    await room.page.keyboard.press("m")
    await room.says("#air-words", "microphone closed")
    await _reach(page, f"Send back {ROOMS[0]}")
    await page.keyboard.press("Enter")
    await room.page.locator("#air").wait_for(state="hidden")

    await _reach(page, "End class")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await console.says("#phase", "Live")
    await page.keyboard.press("Enter")
    assert "Keep going" in await page.evaluate("document.activeElement.innerText"), "Enter twice must not end a lesson"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await console.says("#phase", "Ended")
    await _reach(page, "Reopen class")


async def test_reduced_motion_and_dark_are_clean_too(lesson: Lesson) -> None:
    dark: Console = await lesson.console(color_scheme="dark", reduced_motion="reduce")
    await dark.start()
    await _clean("dark", dark)
    moving = "[...document.querySelectorAll('*')].filter((e) => parseFloat(getComputedStyle(e).transitionDuration) > 0.01).length"
    assert await dark.page.evaluate(moving) == 0
