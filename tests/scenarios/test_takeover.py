"""Two pages for one place never fight (S4), and a teacher whose browser died is live again at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.harness.browser import chromium, close_pages, kill, open_page, write_film
from tests.harness.product import Product
from tests.harness.school import MASTER_SLOTS, Console, Lesson, Seat, within

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOM = "Stone Bridge"


@pytest_asyncio.fixture(loop_scope="module")
async def lesson(school: Product, browser: Browser) -> AsyncIterator[Lesson]:
    yield await Lesson.make(school, browser, ROOM)
    await close_pages(browser)


async def _sessions(seat: Seat) -> int:
    """Media sessions the page made so far: two pages that fight make more and more."""
    return int(await seat.page.evaluate("window.connections.length"))


async def test_two_master_pages_of_one_link_never_fight(lesson: Lesson) -> None:
    older, room = await asyncio.gather(lesson.console(), lesson.seat(ROOM))
    await older.start()
    await room.plays("program.camera", "program.audio")
    newer = await lesson.console()
    await older.says("#bands", "This lesson was opened elsewhere")
    await newer.says("#phase", "Live")
    await room.plays("program.camera", "program.audio")
    made = [await _sessions(older), await _sessions(newer)]
    await room.plays("program.camera", frames=40)
    assert [await _sessions(older), await _sessions(newer)] == made
    assert not await newer.page.get_by_text("This lesson was opened elsewhere").count()

    await older.page.get_by_role("button", name="Continue here").click()
    await newer.says("#bands", "This lesson was opened elsewhere")
    await older.says("#phase", "Live")
    await room.plays("program.camera", "program.audio")


async def test_two_tabs_of_one_browser_never_fight_either(lesson: Lesson) -> None:
    older, room = await asyncio.gather(lesson.console(), lesson.seat(ROOM))
    await older.start()
    page = await older.page.context.new_page()
    await page.goto(older.page.url)
    newer = Console(page, MASTER_SLOTS)
    await older.says("#bands", "This lesson was opened elsewhere")
    await newer.says("#phase", "Live")
    await room.plays("program.camera", "program.audio")
    made = [await _sessions(older), await _sessions(newer)]
    await room.plays("program.camera", frames=20)
    assert [await _sessions(older), await _sessions(newer)] == made


async def test_another_link_of_the_same_classroom_is_offered_the_place(lesson: Lesson) -> None:
    console, first = await asyncio.gather(lesson.console(), lesson.seat(ROOM))
    await console.plays("wall.1.video")
    link = await lesson.product.link(lesson.id, "classroom", ROOM)
    second = Seat(await open_page(lesson.browser, link.page, locale="en-US"))
    await second.says("#bands", "Another computer is sending in this place already.")
    assert await console.page.locator(".tile").count() == 1, "it is the same classroom"
    await console.plays("wall.1.video", frames=5)

    await second.page.get_by_role("button", name="Send from here instead").click()
    await first.says("#bands", "This lesson was opened elsewhere")

    async def settled() -> bool:
        return "Another computer" not in await second.page.locator("#bands").inner_text()

    await within(5, settled)
    await console.plays("wall.1.video", frames=5)


async def test_a_teacher_whose_browser_was_killed_is_live_within_5_s(lesson: Lesson, tmp_path: Path) -> None:
    room = await lesson.seat(ROOM)
    dying_film, film = write_film(tmp_path / "dying.y4m"), write_film(tmp_path / "teacher.y4m")
    async with chromium(dying_film) as dying:
        console = Console(await open_page(dying, lesson.links["master"].page, locale="en-US"), MASTER_SLOTS)
        await console.start()
        await room.plays("program.camera", "program.audio")
        kill(dying_film)
    started = asyncio.get_running_loop().time()
    async with chromium(film) as again:
        console = Console(await open_page(again, lesson.links["master"].page, locale="en-US"), MASTER_SLOTS)
        await console.says("#phase", "Live")
        await room.plays("program.camera", "program.audio", seconds=5)
        took = asyncio.get_running_loop().time() - started
        print(f"\nlive {took:.2f} s after the teacher started the browser again")
        assert took <= 5
