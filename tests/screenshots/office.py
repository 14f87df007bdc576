"""The pages around the lesson, and a classroom's PC from the join code to its own page."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Page

from tests.harness.browser import open_page
from tests.harness.product import Product
from tests.screenshots.shots import BIG, PC, PHONE, login, sized

OFFICE = (
    ("teacher", "/", "today"),
    ("teacher", "/timetable", "timetable"),
    ("county", "/", "board"),
    ("county", "/people", "people"),
    ("assistant", "/orgs", "school"),
)
"""Who, where, name of the picture."""


async def take_office(product: Product, browser: Browser) -> None:
    """The pages around the lesson, as people of the demo county see them, and a classroom's PC from the join code to its own page."""
    words = (product.data / "demo-logins.txt").read_text().splitlines()
    logins = dict(line.split()[:2] for line in words if len(line.split()) >= 3)
    pages = {who: await login(product, browser, who, logins[who]) for who in dict.fromkeys(who for who, _, _ in OFFICE)}
    for who, path, name in OFFICE:
        await pages[who].goto(product.url + path)
        await sized(pages[who], name, ("pc", PC), ("phone", PHONE), ("big", BIG))
    school = pages["assistant"].url
    await pages["assistant"].get_by_role("link", name="三年级（1）班").click()
    await pages["assistant"].locator("a[href$='/mistakes']").click()
    await pages["assistant"].wait_for_url(re.compile("/mistakes"))
    await sized(pages["assistant"], "book", ("pc", PC), ("phone", PHONE), ("big", BIG))
    await pages["assistant"].goto(school)
    await _room(pages["assistant"])
    await sized(pages["assistant"], "classroom", ("pc", PC), ("phone", PHONE), ("big", BIG))
    waiting = await _unpaired(product, browser, pages["assistant"])  # its lesson is soon: it may knock
    await sized(waiting, "pairing", ("big", BIG), ("phone", PHONE))
    # A room without a lesson soon: it would be in it before the picture is taken.
    other = await login(product, browser, "assistant3", logins["assistant3"])
    await other.goto(f"{product.url}/orgs")
    await _room(other)
    device = await _unpaired(product, browser, other)
    await other.goto(f"{other.url}/devices")
    await other.locator("[name=code]").fill(await device.locator(".big-code").inner_text())
    await other.keyboard.press("Enter")
    await device.wait_for_url(re.compile("/room$"))
    await sized(device, "room", ("big", BIG))


async def _room(assistant: Page) -> None:
    """From the school's page to its room's."""
    await assistant.get_by_role("link", name="多媒体教室").click()
    await assistant.wait_for_url(re.compile("/rooms/"))


async def _unpaired(product: Product, browser: Browser, assistant: Page) -> Page:
    """A PC in the room that the assistant looks at, showing its pairing code."""
    code = re.search(r"\b\d{6}\b", await assistant.inner_text("main"))
    assert code
    device = await open_page(browser, f"{product.url}/pair", *BIG, locale="zh-CN")
    await device.locator("[name=join_code]").fill(code[0])
    await device.keyboard.press("Enter")
    await device.locator(".big-code").wait_for()
    return device
