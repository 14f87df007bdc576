"""The demo lesson: home, classroom, viewer, wall, console."""

from __future__ import annotations

import asyncio
import re

import aiohttp
from playwright.async_api import Browser

from tests.harness.browser import open_page
from tests.harness.product import Product
from tests.screenshots.shots import BIG, PC, PHONE, playing, sized


async def home_links(product: Product) -> dict[str, str]:
    """Role → page, as the home page shows them to a newcomer."""
    async with aiohttp.ClientSession() as http:
        for _ in range(300):
            async with http.get(product.url) as response:
                found = re.findall(r'href="([^"]*/join/[^"]+)".*?#(\w+)"', await response.text())
            if found:
                icons = {"room": "classroom", "teacher": "master", "eye": "viewer", "wall": "wall"}
                return {icons[icon]: page for page, icon in found}
            await asyncio.sleep(0.1)
    raise AssertionError("the home page shows no links")


async def take(product: Product, browser: Browser) -> None:
    """Walk through the product as a newcomer does."""
    links = await home_links(product)
    home = await open_page(browser, product.url, *PC, locale="zh-CN")
    await sized(home, "home", ("pc", PC), ("phone", PHONE))
    room = await open_page(browser, links["classroom"], *BIG, locale="zh-CN")
    await playing(room)
    await sized(room, "class", ("big", BIG), ("pc", PC), ("phone", PHONE))
    viewer = await open_page(browser, links["viewer"], *PC, locale="zh-CN")
    await playing(viewer)
    await sized(viewer, "watch", ("pc", PC), ("phone", PHONE))
    wall = await open_page(browser, links["wall"], *BIG, locale="zh-CN")
    await wall.wait_for_timeout(4000)
    await sized(wall, "wall", ("big", BIG))
    console = await open_page(browser, links["master"], *PC, locale="zh-CN")
    await console.get_by_role("button", name="改由这里发送").click()
    await console.wait_for_timeout(6000)
    await console.locator(".tile", has_text="红旗小学").get_by_role("button").click()
    await console.wait_for_timeout(3000)
    await sized(console, "teach", ("phone", PHONE), ("big", BIG), ("pc", PC))
    await console.locator(".tile", has_text="第 3 教室").get_by_role("button").click()
    await room.wait_for_timeout(3000)
    await sized(room, "class-stage", ("big", BIG))
