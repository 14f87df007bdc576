"""REC: every room sees that the class is recorded, that it is not just now, and the teacher says which."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from sqlalchemy import select

from server.settings import read
from server.store import Store
from server.store import tables as t
from tests.harness.axe import violations
from tests.harness.browser import close_pages, open_page
from tests.harness.product import Product
from tests.harness.school import Lesson, Seat, within

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOM = "Stone Bridge"
PHONE, PC = {"width": 360, "height": 740}, {"width": 1366, "height": 768}


@pytest_asyncio.fixture(loop_scope="module")
async def lesson(school: Product, browser: Browser) -> AsyncIterator[Lesson]:
    yield await Lesson.make(school, browser, ROOM, viewer=True)
    await close_pages(browser)


async def _row(lesson: Lesson) -> str:
    """The state in the table of recordings; empty: there is none."""
    store = await Store.open(read(lesson.product.environment).database_url)
    try:
        found = await store.database.one(select(t.recording.c.state).where(t.recording.c.lesson == lesson.id))
        return found.state if found else ""
    finally:
        await store.close()


async def _clean(*seats: Seat) -> None:
    """axe finds nothing serious; on a phone nothing is cut off."""
    for seat in seats:
        assert not await violations(seat.page)
        await seat.page.set_viewport_size(PHONE)
        assert await seat.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], seat.page.url
        assert not await violations(seat.page)
        await seat.page.set_viewport_size(PC)


async def test_everybody_sees_rec_and_the_teacher_pauses_and_stops_it(lesson: Lesson) -> None:
    console, room, viewer = await asyncio.gather(lesson.console(), lesson.seat(ROOM), lesson.seat("viewer"))
    wall_link = await lesson.product.link(lesson.id, "wall")
    wall = Seat(await open_page(lesson.browser, wall_link.page, locale="en-US"))
    paper = await lesson.product.link(lesson.id, "assistant", ROOM)
    aide = Seat(await open_page(lesson.browser, paper.page, locale="en-US"))
    others = (room, viewer, wall, aide)
    await console.says("#delivery", "Classrooms here: 1")
    assert not any([await seat.sees("#rec-chip") for seat in others])
    assert not await console.sees("#rec")
    assert await _row(lesson) == ""

    await console.start()
    await asyncio.gather(*(seat.says("#rec-chip", "Recording") for seat in others))
    await console.says("#rec-words", "Recording")
    await console.says("#rec-time", "0:01")
    assert await _row(lesson) == "live"

    page = console.page
    await page.keyboard.press("r")
    await console.shows("#rec-acts")
    assert await page.evaluate("document.activeElement.id") == "rec-toggle"
    await _clean(console, *others)
    await page.keyboard.press("Enter")
    await asyncio.gather(*(seat.says("#rec-chip", "Recording paused") for seat in others))
    await console.says("#rec-words", "Recording paused")
    assert not await console.sees("#rec-acts")
    stands = await page.inner_text("#rec-time")
    await _clean(console, *others)

    again = await lesson.seat("viewer")
    await again.says("#rec-chip", "Recording paused")
    await page.keyboard.press("r")
    await page.keyboard.press("Enter")
    await within(10, lambda: _runs(room))
    await within(10, lambda: _differs(console, stands))

    await page.locator("#rec-state").click()
    await page.get_by_role("button", name="Stop recording").click()
    await page.get_by_role("button", name="Yes, stop").click()
    await console.says("#rec-words", "Not recording")
    await within(10, lambda: _gone(others))
    assert await _row(lesson) == "ended"

    await page.keyboard.press("r")
    await page.keyboard.press("Enter")
    await within(10, lambda: _runs(room))
    await console.end()
    await console.says("#over-record", "The recording is saved")
    await within(10, lambda: _gone(others))
    await _clean(console)
    assert await _row(lesson) == "ended"
    assert [seat.page.errors for seat in (console, *others)] == [[]] * 5


async def _runs(seat: Seat) -> bool:
    return await seat.sees("#rec-chip") and (await seat.page.inner_text("#rec-chip")).strip() == "Recording"


async def _differs(seat: Seat, before: str) -> bool:
    return await seat.page.inner_text("#rec-time") != before


async def _gone(seats: tuple[Seat, ...]) -> bool:
    return not any([await seat.sees("#rec-chip") for seat in seats])
