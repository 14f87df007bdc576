"""A day of the demo county in real browsers: logging in, pairing, the lesson by itself, a restart in the middle, revoking."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.harness.axe import violations
from tests.harness.browser import close_pages, open_page
from tests.harness.product import Product
from tests.harness.school import MASTER_SLOTS, Console, Seat

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

PAGES_OF_ONE_KIND = 2
PHONE, PC = {"width": 360, "height": 740}, {"width": 1366, "height": 768}
ELSEWHERE = ("/join", "/static", "/teach", "/class/", "/watch", "/wall", "/audit.csv", "/feed")
"""Lessons, downloads: looked at in other stories."""
DOWNLOAD = re.compile(r"/exchange/\w+/(template|export)\b")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    product = Product(tmp_path_factory.mktemp("county") / "data")
    await product.start("run")
    yield product
    if product.running:
        await product.stop()


def logins(product: Product) -> dict[str, str]:
    """Login → password, as `shuangshi run` keeps them for its owner."""
    path: Path = product.data / "demo-logins.txt"
    assert path.stat().st_mode & 0o077 == 0
    return dict(line.split()[:2] for line in path.read_text().splitlines() if len(line.split()) >= 3)


async def login(product: Product, browser: Browser, who: str, url: str = "") -> Page:
    """By keyboard alone: the cursor is in the first field."""
    page = await open_page(browser, f"{url or product.url}/login", locale="en-US")
    await page.locator("[name=login]:focus").wait_for()  # a busy browser puts the cursor there a little after the page is loaded
    await page.keyboard.type(who)
    await page.keyboard.press("Tab")
    await page.keyboard.type(logins(product)[who])
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/$"))
    return page


async def pair(product: Product, browser: Browser, assistant: Page, name: str) -> Page:
    """A classroom's PC, approved by the assistant, on its own page."""
    await assistant.goto(f"{product.url}/orgs")
    assert name in await assistant.inner_text("h1"), "who has one school is there at once"
    await assistant.get_by_role("link", name="多媒体教室").click()
    code = re.search(r"\b\d{6}\b", await assistant.inner_text("main"))
    assert code
    room = assistant.url
    pc = await open_page(browser, f"{product.url}/pair", locale="en-US")
    await pc.locator("[name=join_code]").fill(code[0])
    await pc.keyboard.press("Enter")
    shown = await pc.locator(".big-code").inner_text()
    await assistant.goto(f"{room}/devices")
    await assistant.locator("[name=code]").fill(shown)
    await assistant.keyboard.press("Enter")
    await pc.wait_for_url(re.compile("/(room|class)"))
    return pc


async def test_a_school_day(county: Product, browser: Browser) -> None:
    teacher = await login(county, browser, "teacher")
    assert "分数的认识" in await teacher.inner_text(".next-lesson")
    await teacher.get_by_role("link", name="Enter").first.focus()
    await teacher.keyboard.press("Enter")
    await teacher.wait_for_url(re.compile("/teach/"))
    console = Console(teacher, MASTER_SLOTS)

    assistant = await login(county, browser, "assistant")
    pc = await pair(county, browser, assistant, "石桥村小学")
    await pc.wait_for_url(re.compile("/class/"))  # by itself: the waiting room is open
    room = Seat(pc)
    await console.says("#delivery", "Classrooms here: 1", seconds=20)
    await console.start()
    await room.plays("program.camera", "program.audio", seconds=20)

    await county.stop()
    await county.start("run")
    await room.plays("program.camera", seconds=40)
    await console.says("#phase", "Live", seconds=20)
    await teacher.goto(county.url)
    assert "/login" not in teacher.url, "a login survives a restart"

    await assistant.reload()
    await assistant.get_by_role("button", name="Revoke").click()
    await room.says("#bands", "withdrawn", seconds=4)
    assert not (await room.got())[1], "nothing is received any more"
    await close_pages(browser)


async def test_a_login_counts_at_every_web_process(county: Product, browser: Browser) -> None:
    other = Product(county.data, county.settings, media_port=county.media_port)
    await other.start("web")
    try:
        page = await login(county, browser, "teacher2")
        await page.goto(f"{other.url}/self")
        assert "teacher2" in await page.inner_text("main")
        await page.get_by_role("button", name="Log out").click()
        await page.goto(f"{county.url}/self")
        assert "/login" in page.url, "ended at one is ended at all"
    finally:
        await other.stop()
    await page.context.close()


async def clean(page: Page, path: str) -> None:
    """Axe finds nothing serious, no id is there twice, a phone needs no sideways scroll."""
    assert await violations(page) == [], path
    assert await page.evaluate(TWINS) == [], path
    await page.set_viewport_size(PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
    assert await page.evaluate(CUT) == [], path
    await page.set_viewport_size(PC)
    assert page.errors == [], path  # type: ignore[attr-defined]


@pytest.mark.parametrize("who", ["county", "teacher", "assistant", "inspector"])
async def test_every_office_page_is_clean(county: Product, browser: Browser, who: str) -> None:
    page = await login(county, browser, who)
    seen: dict[str, int] = {}
    waiting, visited = ["/"], set[str]()
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"[0-9a-f]{12,}", "ID", path.partition("?")[0])
        if path in visited or path.startswith(ELSEWHERE) or DOWNLOAD.match(path) or seen.get(kind, 0) >= PAGES_OF_ONE_KIND:
            continue
        visited.add(path)
        seen[kind] = seen.get(kind, 0) + 1
        response = await page.goto(county.url + path)
        assert response
        assert response.status == 200, path
        await clean(page, path)
        waiting += await page.evaluate(LINKS)
    assert len(seen) > 6, seen
    await page.context.close()


async def test_a_refused_import_is_read_and_kept_by_keyboard(county: Product, browser: Browser) -> None:
    page = await login(county, browser, "county")
    await page.goto(f"{county.url}/exchange/rooms")
    lines = "".join(f"NOWHERE-{n},{n},教室,大,5,99\n" for n in range(40))
    sheet = f"学校代码,教室代码,名称,类型,排数,列数\n{lines}".encode()
    await page.locator("[name=file]").set_input_files({"name": "rooms.csv", "mimeType": "text/csv", "buffer": sheet})
    await page.get_by_role("button", name="Check", exact=False).first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".scroll.tall")
    await clean(page, "a refused import")
    assert await page.locator(".scroll.tall tbody tr").count() == 120
    await page.locator(".scroll.tall").focus()
    await page.keyboard.press("End")
    await expect(page.locator(".scroll.tall tbody tr").last).to_be_in_viewport()
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Download this list").click()
    download = await waiting.value
    assert download.suggested_filename == "rooms-bad-cells.csv"
    assert len(Path(await download.path()).read_text("utf-8-sig").splitlines()) == 121
    await page.context.close()


LINKS = "[...document.querySelectorAll('a[href^=\"/\"]')].map((a) => a.getAttribute('href'))"
CUT = "[...document.querySelectorAll('.menu a')].filter((a) => a.getBoundingClientRect().right > innerWidth).map((a) => a.textContent)"
TWINS = "(() => { const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); return ids.filter((id, i) => ids.indexOf(id) !== i); })()"
