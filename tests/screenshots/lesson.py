"""A lesson as it travels back: console, rooms, an assistant's phone, a pupil's phone, the inspector."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page

from tests.harness.browser import open_page
from tests.harness.product import Product
from tests.screenshots.shots import BIG, PC, PHONE, login, playing, sized

ROOMS = ("石桥村小", "红旗小学")
NAME = "三年级数学 · 分数的认识"
SLIDES = (
    "<h1>分数的认识</h1><p>三年级数学 · 上册 · 第八单元</p>",
    "<h1>一半怎样表示？</h1><p>把一个蛋糕<b>平均</b>分成 2 份，每份是它的</p><p class=big>½</p>",
    "<h1>练一练</h1><p>用分数表示涂色的部分。</p>",
)
LOOK = """<style>body{margin:0} @page{size:1280px 720px;margin:0} section{box-sizing:border-box;height:720px;padding:72px 96px;break-after:page;
background:#fdfbf5;color:#23302f;font:40px 'Noto Sans CJK SC',sans-serif} h1{margin:0 0 40px;font-size:72px;color:#0f5c5c} .big{margin:0;font-size:150px}</style>"""
QUESTION = "一个苹果平均分给 4 个人，每人得几分之几？\n二分之一\n三分之一\n四分之一\n五分之一"


async def take_lesson(product: Product, browser: Browser) -> None:
    """From the check to the questions, in the order of a lesson."""
    id_, links = await product.invite([("master", ""), *(("classroom", room) for room in ROOMS)], NAME)
    aide_link = await product.link(id_, "assistant", ROOMS[0])
    console = await open_page(browser, links[0].page, *PC, locale="zh-CN")
    one, two = [await open_page(browser, link.page, *BIG, locale="zh-CN") for link in links[1:]]
    aide = await open_page(browser, aide_link.page, *PHONE, locale="zh-CN", allowed=False)
    await console.wait_for_timeout(3000)
    await console.locator("#go").click()
    await playing(one)
    await draw_on_board(console, await slides(browser))
    pupil = await _hands(browser, one, two, aide)
    await console.wait_for_timeout(2000)
    await console.keyboard.press("h")
    await sized(console, "teach-hands", ("pc", PC), ("big", BIG), ("phone", PHONE))
    await sized(one, "class-hands", ("big", BIG), ("pc", PC), ("phone", PHONE))
    await sized(aide, "assist-seats", ("phone", PHONE), ("pc", PC))
    await sized(pupil, "seat-hand", ("phone", PHONE), ("pc", PC))
    await aide.get_by_role("tab", name="课堂").click()
    await sized(aide, "assist-class", ("phone", PHONE), ("pc", PC))
    await one.keyboard.press("F2")
    await sized(one, "class-panel", ("big", BIG), ("pc", PC), ("phone", PHONE))
    await one.keyboard.press("Escape")
    await _quiz(console, two, pupil)
    await sized(console, "teach-quiz", ("pc", PC), ("big", BIG), ("phone", PHONE))
    await sized(one, "class-quiz", ("big", BIG), ("pc", PC), ("phone", PHONE))
    await sized(pupil, "seat-quiz", ("phone", PHONE), ("pc", PC))
    await aide.get_by_role("tab", name="问题").click()
    await sized(aide, "assist-questions", ("phone", PHONE), ("pc", PC))
    await aide.get_by_role("tab", name="座位").click()
    kept = await aide.context.new_page()
    await kept.goto(f"{product.url}/assist/")
    await sized(kept, "assist-kept", ("phone", PHONE), ("pc", PC))
    async with aide.context.expect_page() as opened:
        await aide.locator("a[href^='/cards/']").click()
    cards = await opened.value
    await sized(cards, "cards", ("pc", PC), ("phone", PHONE))
    await asyncio.gather(*(page.context.close() for page in (console, one, two, aide, pupil, cards)))
    await _inspector(product, browser)


async def slides(browser: Browser) -> bytes:
    context = await browser.new_context()
    page = await context.new_page()
    await page.set_content(LOOK + "".join(f"<section>{slide}</section>" for slide in SLIDES))
    made = await page.pdf(prefer_css_page_size=True, print_background=True)
    await context.close()
    return made


async def draw_on_board(console: Page, courseware: bytes) -> None:
    """Courseware on the board, its second page, a line drawn on it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "分数的认识.pdf"
        file.write_bytes(courseware)
        await console.keyboard.press("k")
        await console.locator("#shelf-file").set_input_files(str(file))
        await console.get_by_role("button", name="放上", exact=True).click(timeout=20_000)
    await console.locator("#board .board-page").wait_for()
    await console.keyboard.press("PageDown")
    await console.wait_for_timeout(1500)
    await console.get_by_role("button", name="画笔", exact=True).click()
    box = await console.locator("#board .board-page").bounding_box()
    assert box
    at = [(0.30, 0.62), (0.36, 0.70), (0.44, 0.66), (0.52, 0.74), (0.60, 0.66), (0.68, 0.70)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in at]
    await console.mouse.move(*points[0])
    await console.mouse.down()
    for x, y in points[1:]:
        await console.mouse.move(x, y, steps=6)
    await console.mouse.up()


async def _hands(browser: Browser, one: Page, two: Page, aide: Page) -> Page:
    """Hands from the keyboards and a pupil's phone, which is let in."""
    for room, seats in ((one, ("12", "5")), (two, ("7",))):
        for seat in seats:
            await room.keyboard.type(seat)
            await room.keyboard.press("Enter")
    await aide.get_by_role("tab", name="座位").click()
    await aide.locator("#phones").click()
    await one.locator("#phones-code").wait_for()
    answer = await one.evaluate("async () => (await fetch(location.pathname + '/code' + location.search)).json()")
    pupil = await open_page(browser, answer["address"], *PHONE, locale="zh-CN", allowed=False)
    await pupil.get_by_role("button", name="3", exact=True).click()
    await pupil.locator("#hand").click()
    await aide.locator("#phones").click()
    return pupil


async def _quiz(console: Page, two: Page, pupil: Page) -> None:
    await console.keyboard.press("q")
    await console.locator("#quiz-question").fill(QUESTION)
    await console.locator("#quiz-key").fill("C")
    await console.locator("#panel-quiz form button[class~=next]").click()
    await pupil.locator("#card button").nth(2).click()
    for answer in ("7c", "8c", "9b", "11c", "14d"):
        await two.keyboard.type(answer)
    await pupil.locator("#ask summary").click()
    await pupil.locator("#ask-text").fill("为什么一定要平均分？")
    await pupil.locator("#ask-form button").click()
    await pupil.locator("#ask summary").click()
    await console.wait_for_timeout(1500)


async def _inspector(product: Product, browser: Browser) -> None:
    """A lesson of the timetable begins; the inspector looks into it and writes a note."""
    words = (product.data / "demo-logins.txt").read_text().splitlines()
    logins = dict(line.split()[:2] for line in words if len(line.split()) >= 3)
    teacher = await login(product, browser, "teacher", logins["teacher"])
    await teacher.locator("main a.button.next").first.click()
    await teacher.locator("#go").click()
    await teacher.wait_for_timeout(3000)
    page = await login(product, browser, "inspector", logins["inspector"])
    await page.goto(f"{product.url}/inspect")
    await page.locator("#looks button").first.click()
    await page.locator("#note-text").fill("导入自然，石桥村小的孩子跟得上。")
    await page.locator("#note button").click()
    await page.locator("#notes li").wait_for()
    await page.wait_for_timeout(3000)
    await sized(page, "inspect", ("pc", PC), ("phone", PHONE), ("big", BIG))
