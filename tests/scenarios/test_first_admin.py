"""An empty installation: the first admin by a one-time link, a second factor, a school, a room, a teacher; then a restart."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import Browser, Page

from tests.harness.axe import violations
from tests.harness.browser import open_page
from tests.harness.product import Product

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

PASSWORD = "brook-lantern-eleven"


async def send(page: Page, form: str, **fields: str) -> None:
    """Fill and send the form that goes to `form`; a folded one is unfolded first."""
    part = page.locator(f"form[action='{form}']")
    fold = page.locator("details", has=part)
    if await fold.count() and await fold.get_attribute("open") is None:
        await fold.locator("summary").click()
    for name, value in fields.items():
        field = part.locator(f"[name={name}]")
        if await field.evaluate("(e) => e.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    await part.get_by_role("button").first.click()


def code(secret: str, step: int) -> str:
    """Of this half minute, or a later one: a code counts once."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * step)


async def told(product: Product, words: str, times: int, seconds: float = 10) -> None:
    """`serve` has printed the words so often, not more."""
    until = time.monotonic() + seconds
    while product.log.read_text().count(words) < times:
        assert time.monotonic() < until, product.log.read_text()
        await asyncio.sleep(0.05)
    assert product.log.read_text().count(words) == times


async def test_from_nothing_to_a_school(tmp_path: Path, browser: Browser) -> None:
    async with Product(tmp_path / "data") as product:
        await told(product, "shuangshi admin create-admin --org", times=1)
        made = json.loads(await product.cli("admin", "create-admin", "--org", "SQ", "--org-name", "石桥县", "--json"))
        page = await open_page(browser, made["link"], locale="en-US")
        assert made["link"] != page.url, "the link leaves the address bar"
        assert await violations(page) == []
        await send(page, "/slip", login="fang.min", password="short")
        assert "fang.min" in await page.locator("[name=login]").input_value(), "what was typed is kept"
        await send(page, "/slip", login="fang.min", password=PASSWORD)

        await page.wait_for_url("**/self/totp")
        secret = (await page.locator("p.code").inner_text()).replace(" ", "")
        await send(page, "/self/totp", code="000000", password=PASSWORD)
        assert await page.locator("p.code").inner_text() == secret, "what was scanned goes on counting"
        await send(page, "/self/totp", code=code(secret, 0), password=PASSWORD)
        await page.goto(f"{product.url}/orgs")
        county = page.url
        await send(page, f"{county.removeprefix(product.url)}/children", name="石桥小学", code="SQ-1", tier="school")
        await page.goto(county)
        await page.get_by_role("link", name="石桥小学").click()
        school = page.url.removeprefix(product.url)
        await send(page, f"{school}/rooms", code="101", name="录播教室", kind="master", seat_rows="5", seat_columns="8")
        await page.goto(product.url + school)
        assert re.search(r"\b\d{6}\b", await page.inner_text("main")), "the room has a join code"

        again = await open_page(browser, made["link"], locale="en-US")
        assert "/self" not in again.url
        assert await again.locator("[name=password]").count() == 0, "a slip counts once"

        await product.stop()
        await product.start()
        await told(product, f"{product.url}/\n", times=2)
        await told(product, "shuangshi admin create-admin --org", times=1)
        await page.goto(product.url + school)
        assert "录播教室" in await page.inner_text("main"), "login and school survive a restart"
        fresh = await open_page(browser, f"{product.url}/login", locale="en-US")
        await send(fresh, "/login?next=/", login="fang.min", password=PASSWORD)
        await fresh.wait_for_url("**/login/code**")
        await fresh.locator("[name=code]").fill(code(secret, 1))
        await fresh.keyboard.press("Enter")
        await fresh.wait_for_url(product.url + "/")
        for one in (page, again, fresh):
            await one.context.close()
