"""One picture, and what pictures need: sizes, a film for the camera, a login."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
from playwright.async_api import Browser, Page

from media.synthetic.pictures import teacher
from tests.harness.browser import open_page
from tests.harness.product import ROOT, Product

PICTURES = ROOT / "docs" / "pictures"
PC, PHONE, BIG = (1366, 768), (360, 740), (1920, 1080)


def write_y4m(path: Path, seconds: int = 4, rate: int = 10) -> None:
    """A short film of the teacher for Chromium's fake camera (YUV4MPEG2, 4:2:0)."""
    paint = teacher(640, 360)
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W640 H360 F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for i in range(seconds * rate):
            film.write(b"FRAME\n" + cv2.cvtColor(paint(i / rate), cv2.COLOR_BGR2YUV_I420).tobytes())


async def shot(page: Page, name: str) -> None:
    await page.screenshot(path=PICTURES / f"{name}.png")
    print(PICTURES / f"{name}.png")


async def sized(page: Page, name: str, *sizes: tuple[str, tuple[int, int]]) -> None:
    for suffix, (width, height) in sizes:
        await page.set_viewport_size({"width": width, "height": height})
        await page.wait_for_timeout(600)
        await shot(page, f"{name}-{suffix}")


async def login(product: Product, browser: Browser, who: str, password: str) -> Page:
    page = await open_page(browser, f"{product.url}/login", *PC, locale="zh-CN")
    if who == "teacher":
        await sized(page, "login", ("pc", PC), ("phone", PHONE))
    await page.locator("[name=login]").fill(who)
    await page.locator("[name=password]").fill(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/$"))
    return page


async def playing(page: Page) -> None:
    for _ in range(100):  # `wait_for_function` would need eval, which our pages forbid
        if await page.evaluate(
            "() => [...document.querySelectorAll('video')].some((v) => v.getVideoPlaybackQuality().totalVideoFrames > 10)"
        ):
            break
        await page.wait_for_timeout(100)
    await page.wait_for_timeout(3000)
