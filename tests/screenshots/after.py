"""What stays of a lesson: its replay, the recordings of the tier, four steps into the library, and the library."""

from __future__ import annotations

from playwright.async_api import Browser, Page

from tests.harness.product import Product
from tests.screenshots.lesson import draw_on_board, slides
from tests.screenshots.shots import BIG, PC, PHONE, login, sized


async def take_after(product: Product, browser: Browser) -> None:
    """A lesson of the timetable is taught, ended, watched and published."""
    words = (product.data / "demo-logins.txt").read_text().splitlines()
    logins = dict(line.split()[:2] for line in words if len(line.split()) >= 3)
    teacher = await login(product, browser, "teacher", logins["teacher"])
    lesson = await _taught(teacher, await slides(browser))
    await _watched(teacher, f"{product.url}/replay/{lesson}")
    await _noted(await login(product, browser, "inspector", logins["inspector"]), f"{product.url}/replay/{lesson}")
    county = await login(product, browser, "county", logins["county"])
    for path, name in (("/recordings", "recordings"), (f"/recordings/{lesson}", "recording")):
        await county.goto(product.url + path)
        await sized(county, name, ("pc", PC), ("phone", PHONE), ("big", BIG))
    librarian = await login(product, browser, "librarian", logins["librarian"])
    await librarian.goto(f"{product.url}/recordings/{lesson}/publish")
    await sized(librarian, "publish", ("pc", PC), ("phone", PHONE), ("big", BIG))
    for _ in range(2):
        await librarian.get_by_role("button", name="下一步").click()
    await librarian.get_by_role("link", name="下一步", exact=True).click()
    await librarian.get_by_role("button", name="发布").click()
    await librarian.wait_for_url("**/library/*")
    await sized(librarian, "resource", ("pc", PC), ("phone", PHONE), ("big", BIG))
    await teacher.goto(f"{product.url}/library")
    await sized(teacher, "library", ("pc", PC), ("phone", PHONE), ("big", BIG))


async def _taught(page: Page, courseware: bytes) -> str:
    """Half a minute of class; the lesson's id."""
    await page.set_viewport_size({"width": PC[0], "height": PC[1]})
    await page.locator("main a.button.next").first.click()
    await page.locator("#go").click()
    await page.wait_for_timeout(8000)
    await draw_on_board(page, courseware)
    await page.wait_for_timeout(20_000)
    await page.get_by_role("button", name="下课").click()
    await page.get_by_role("button", name="确定下课").click()
    await page.wait_for_timeout(2000)
    return page.url.split("/teach/")[1].partition("?")[0]


async def _watched(page: Page, address: str) -> None:
    await page.goto(f"{address}?t=22")
    await page.locator("#cover").wait_for(state="hidden", timeout=60_000)
    await page.locator("#play").click()
    await page.wait_for_timeout(3000)
    await sized(page, "replay", ("pc", PC), ("phone", PHONE), ("big", BIG))


async def _noted(page: Page, address: str) -> None:
    """An inspector's own notes beside the replay."""
    await page.goto(f"{address}?t=12")
    await page.locator("#cover").wait_for(state="hidden", timeout=60_000)
    for moment, words in (("12", "板书清楚，每一步都有根据。"), ("22", "学生的问题没有马上回答；下课前是否补上？")):
        await page.goto(f"{address}?t={moment}")
        await page.locator("#note-text").fill(words)
        await page.locator("#note button").click()
        await page.locator("#notes li").filter(has_text=words[:6]).wait_for()
    await sized(page, "replay-notes", ("pc", PC), ("big", BIG))
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await page.locator("#note").scroll_into_view_if_needed()
    await sized(page, "replay-notes", ("phone", PHONE))
