"""A county's lesson has more classrooms than a wall has places: the wall is turned, and shows each of them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from media.synthetic.peer import publisher
from media.synthetic.pictures import classroom
from media.synthetic.tracks import PictureTrack
from tests.harness.axe import violations
from tests.harness.browser import open_page
from tests.harness.product import Product
from tests.harness.socket import LessonSocket

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

ROOMS = [f"Room {n:02}" for n in range(1, 31)]


async def shows(page: Page, room: str) -> None:
    """Until the picture of that room moves on this wall."""
    await page.wait_for_function(
        """(name) => [...document.querySelectorAll('.tile')].some((tile) =>
            tile.querySelector('h3').textContent.includes(name) && tile.querySelector('video')?.currentTime > 1)""",
        arg=room,
        timeout=20_000,
    )


async def test_thirty_rooms(browser: Browser, tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    people = [("master", ""), ("wall", ""), *(("classroom", room) for room in ROOMS)]
    async with product, AsyncExitStack() as stack:
        lesson, (master, wall, *rooms) = await product.invite(people)
        for room in rooms:
            await stack.enter_async_context(LessonSocket(product, lesson, room))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        for n in (0, 29):
            peer = await stack.enter_async_context(
                publisher(http, rooms[n].whip, rooms[n].token, [PictureTrack(classroom(320, 180, n), 5)])
            )
            await peer.connect()
        page = await open_page(browser, wall.page, 1920, 1080, locale="zh-CN")
        await shows(page, "Room 01")
        await expect(page.locator("#wall-pages")).to_contain_text("第 1 页，共 2 页")
        await expect(page.locator(".tile")).to_have_count(25)
        assert await violations(page) == []
        await page.keyboard.press("PageDown")
        await expect(page.locator(".tile")).to_have_count(5)
        await shows(page, "Room 30")
        console = await open_page(browser, master.page, 1366, 768, locale="zh-CN")
        await console.locator("#wall-pages").get_by_role("button", name="下一页").click()
        await shows(console, "Room 30")
        assert await violations(console) == []

        product.kill_web()
        await product.wait_healthy()
        await page.wait_for_function("document.querySelectorAll('.tile').length === 5")
        await shows(page, "Room 30")
        await page.keyboard.press("PageUp")
        await shows(page, "Room 01")
        await page.context.close()
        await console.context.close()
