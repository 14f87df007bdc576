"""The classroom's PC nobody stands at: no camera, no microphone, no finger on the screen. Default autoplay policy, real prompts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.harness.browser import chromium, close_pages, open_page, quietly, sounds
from tests.harness.product import Product
from tests.harness.school import Lesson, Seat

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOM = "Stone Bridge"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lesson(school: Product, browser: Browser) -> AsyncIterator[Lesson]:
    """A live lesson, its master in the browser with devices."""
    made = await Lesson.make(school, browser, ROOM, viewer=True)
    await (await made.console()).start()
    yield made
    await close_pages(browser)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bare() -> AsyncIterator[Browser]:
    """A browser on a machine without camera and microphone."""
    async with chromium(devices=()) as running:
        yield running


async def _held_back(seat: Seat) -> None:
    """The browser holds the sound back, and the page says so with one large button."""
    await seat.shows("#sound")
    assert not await sounds(seat.page)
    assert await quietly(seat.page, "document.querySelector('#sound').getBoundingClientRect().height") >= 56


async def _unlocked(seat: Seat) -> None:
    await seat.page.locator("#sound").wait_for(state="hidden")
    await seat.plays("program.audio")
    assert await sounds(seat.page)
    assert seat.page.errors == []  # type: ignore[attr-defined]


async def test_a_room_without_devices_joins_and_has_sound_after_one_touch(lesson: Lesson, bare: Browser) -> None:
    room = Seat(await open_page(bare, lesson.links[ROOM].page, locale="en-US"))
    await room.plays("program.camera")
    await room.says("#bands", "Camera or microphone not found. Watching works")
    await _held_back(room)
    await room.page.locator("#sound").click()
    await _unlocked(room)
    await room.close()


async def test_a_room_whose_browser_asks_and_gets_no_answer_watches_all_the_same(lesson: Lesson) -> None:
    async with chromium(devices=("--use-fake-device-for-media-stream",)) as asking:
        room = Seat(await open_page(asking, lesson.links[ROOM].page, locale="en-US", allowed=False))
        await room.plays("program.camera")
        await room.says("#bands", "The browser blocks camera and microphone. Watching works")


async def test_a_restarted_kiosk_has_sound_without_a_touch(lesson: Lesson) -> None:
    for _ in range(2):
        room = await lesson.seat(ROOM)
        await room.plays("program.camera", "program.audio")
        assert await sounds(room.page)
        assert not await room.sees("#sound")
        assert not await quietly(room.page, "navigator.userActivation.hasBeenActive")
        await room.close()


async def test_a_plain_viewer_turns_on_the_sound_with_a_key_too(lesson: Lesson, bare: Browser) -> None:
    viewer = Seat(await open_page(bare, lesson.links["viewer"].page, locale="en-US"))
    await viewer.plays("program.camera")
    await _held_back(viewer)
    await viewer.page.keyboard.press("Tab")
    await _unlocked(viewer)
    await viewer.close()
