"""`make screenshots`: pictures of every page, taken from the running demo with a real browser, into `docs/pictures`.

The browser's camera shows the synthetic teacher, so that a picture holds no test card.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import cv2
from playwright.async_api import Browser, Page

from media.synthetic.pictures import teacher
from tests.harness.browser import chromium, open_page
from tests.harness.product import ROOT, Product
from tests.harness.zones import zone_where_it_is

PICTURES = ROOT / "docs" / "pictures"
PC, PHONE, BIG = (1366, 768), (360, 740), (1920, 1080)


def write_y4m(path: Path, seconds: int = 4, rate: int = 10) -> None:
    """A short film of the teacher for Chromium's fake camera (YUV4MPEG2, 4:2:0)."""
    paint = teacher(640, 360)
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W640 H360 F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for i in range(seconds * rate):
            film.write(b"FRAME\n" + cv2.cvtColor(paint(i / rate), cv2.COLOR_BGR2YUV_I420).tobytes())


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


async def _shot(page: Page, name: str) -> None:
    await page.screenshot(path=PICTURES / f"{name}.png")
    print(PICTURES / f"{name}.png")


async def _sized(page: Page, name: str, *sizes: tuple[str, tuple[int, int]]) -> None:
    for suffix, (width, height) in sizes:
        await page.set_viewport_size({"width": width, "height": height})
        await page.wait_for_timeout(600)
        await _shot(page, f"{name}-{suffix}")


async def take(product: Product, browser: Browser) -> None:
    """Walk through the product as a newcomer does."""
    links = await home_links(product)
    home = await open_page(browser, product.url, *PC, locale="zh-CN")
    await _sized(home, "home", ("pc", PC), ("phone", PHONE))
    room = await open_page(browser, links["classroom"], *BIG, locale="zh-CN")
    await _playing(room)
    await _sized(room, "class", ("big", BIG), ("pc", PC), ("phone", PHONE))
    viewer = await open_page(browser, links["viewer"], *PC, locale="zh-CN")
    await _playing(viewer)
    await _sized(viewer, "watch", ("pc", PC), ("phone", PHONE))
    wall = await open_page(browser, links["wall"], *BIG, locale="zh-CN")
    await wall.wait_for_timeout(4000)
    await _sized(wall, "wall", ("big", BIG))
    console = await open_page(browser, links["master"], *PC, locale="zh-CN")
    await console.get_by_role("button", name="改由这里发送").click()
    await console.wait_for_timeout(6000)
    await console.locator(".tile", has_text="红旗小学").get_by_role("button").click()
    await console.wait_for_timeout(3000)
    await _sized(console, "teach", ("phone", PHONE), ("big", BIG), ("pc", PC))
    await console.locator(".tile", has_text="第 3 教室").get_by_role("button").click()
    await room.wait_for_timeout(3000)
    await _sized(room, "class-stage", ("big", BIG))


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
    pages = {who: await _login(product, browser, who, logins[who]) for who in dict.fromkeys(who for who, _, _ in OFFICE)}
    for who, path, name in OFFICE:
        await pages[who].goto(product.url + path)
        await _sized(pages[who], name, ("pc", PC), ("phone", PHONE), ("big", BIG))
    await _room(pages["assistant"])
    await _sized(pages["assistant"], "classroom", ("pc", PC), ("phone", PHONE), ("big", BIG))
    waiting = await _unpaired(product, browser, pages["assistant"])  # its lesson is soon: it may knock
    await _sized(waiting, "pairing", ("big", BIG), ("phone", PHONE))
    # A room without a lesson soon: it would be in it before the picture is taken.
    other = await _login(product, browser, "assistant3", logins["assistant3"])
    await other.goto(f"{product.url}/orgs")
    await _room(other)
    device = await _unpaired(product, browser, other)
    await other.goto(f"{other.url}/devices")
    await other.locator("[name=code]").fill(await device.locator(".big-code").inner_text())
    await other.keyboard.press("Enter")
    await device.wait_for_url(re.compile("/room$"))
    await _sized(device, "room", ("big", BIG))


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


async def _login(product: Product, browser: Browser, who: str, password: str) -> Page:
    page = await open_page(browser, f"{product.url}/login", *PC, locale="zh-CN")
    if who == "teacher":
        await _sized(page, "login", ("pc", PC), ("phone", PHONE))
    await page.locator("[name=login]").fill(who)
    await page.locator("[name=password]").fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/$"))
    return page


async def _playing(page: Page) -> None:
    for _ in range(100):  # `wait_for_function` would need eval, which our pages forbid
        if await page.evaluate(
            "() => [...document.querySelectorAll('video')].some((v) => v.getVideoPlaybackQuality().totalVideoFrames > 10)"
        ):
            break
        await page.wait_for_timeout(100)
    await page.wait_for_timeout(3000)


async def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "teacher.y4m"
        write_y4m(film)
        now = datetime.now(UTC)
        morning = zone_where_it_is(8 if now.minute >= 30 else 9, now)  # pictures of a school day, whenever they are taken
        product = Product(Path(folder) / "data", {"SHUANGSHI_TIMEZONE": morning})
        await product.start("run")
        try:
            async with chromium(f"--use-file-for-fake-video-capture={film}") as browser:
                await take_office(product, browser)
                await take(product, browser)
        finally:
            await product.stop()


if __name__ == "__main__":
    asyncio.run(main())
