"""The library in a real browser, empty and with resources: from an ended lesson to a teacher of another school, on every screen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from server.web import keys
from tests.harness.axe import violations
from tests.harness.browser import chromium, open_page
from tests.scenarios.test_school_day import CUT, TWINS
from tests.server.library.taught import MINUTE, Tapes, cut_out, drafted, over, published
from tests.server.web.conftest import Town, Web, assets, environment, settings, town, web, worker  # noqa: F401  # fixtures

pytestmark = pytest.mark.scenario

SIZES = ((360, 740), (1366, 768), (1920, 1080))
SMALLEST = 44
"""px: smart boards are touched."""
SMALL = """(smallest) => [...document.querySelectorAll('main .button, main summary, .tree a, .steps a, main select, main input:not([type=hidden])')]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < smallest).map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as running:
        yield running


@pytest.fixture
async def tapes(town: Town) -> Tapes:  # noqa: F811
    made, library = Tapes(), town.web.app[keys.LIBRARY]
    library.recordings, library.covers = made.recordings, made.cover
    return made


async def enter(town: Town, browser: Browser, who: str, path: str, lang: str = "zh-CN") -> Page:  # noqa: F811
    """Somebody's own browser, logged in."""
    page = await open_page(browser, f"{town.web.origin}/healthz", locale=lang)
    cookies = [{"name": name, "value": value, "url": town.web.origin} for name, value in town.world.cookies(who).items()]
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]
    await page.goto(town.web.origin + path)
    return page


async def clean(page: Page, what: str) -> None:
    """At every size, with all that unfolds unfolded: nothing serious, no id twice, nothing cut off, everything large enough to touch."""
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert await page.evaluate(TWINS) == [], what
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await violations(page) == [], f"{what} at {width} px"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{what} at {width} px"
        assert await page.evaluate(CUT) == [], f"{what} at {width} px"
        assert await page.evaluate(SMALL, SMALLEST) == [], f"{what} at {width} px"
    await page.set_viewport_size({"width": 1366, "height": 768})
    assert page.errors == [], what  # type: ignore[attr-defined]


async def press(page: Page, name: str) -> None:
    """A button by its words, without a mouse."""
    there = page.get_by_role("button", name=name, exact=True).first
    await there.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


@pytest.mark.parametrize("lang", ["zh-CN", "en-US"])
async def test_an_empty_library(town: Town, tapes: Tapes, browser: Browser, lang: str) -> None:  # noqa: F811
    page = await enter(town, browser, "x2.teacher", "/library", lang)
    await clean(page, "an empty library")
    await page.goto(f"{town.web.origin}/library?q=x&grade=3")
    await clean(page, "nothing found")
    await page.goto(f"{town.web.origin}/library/nosuch")
    await clean(page, "no such resource")
    librarian = await enter(town, browser, "x.librarian", "/", lang)
    await clean(librarian, "nothing waits")
    await librarian.goto(f"{town.web.origin}/library")
    await clean(librarian, "an empty library for who fills it")


async def test_four_steps_by_keyboard_and_found_by_another_school(town: Town, tapes: Tapes, browser: Browser) -> None:  # noqa: F811
    library = town.web.app[keys.LIBRARY]
    await over(library.office.database, tapes, "done", begin=library.office.now())
    page = await enter(town, browser, "x.librarian", "/")
    await clean(page, "a lesson waits")
    await page.get_by_role("link", name="整理成资源").focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await clean(page, "the first step")
    assert "取段" in await page.locator("[aria-current=step]").inner_text()
    await page.locator("[name=end]").fill("59:00")
    await press(page, "下一步")
    assert await page.locator("[name=end][aria-invalid=true]").count() == 1
    await clean(page, "a span that is too long")
    await page.locator("[name=end]").fill("20:00")
    await press(page, "下一步")
    assert await page.locator("[name=title]").input_value() == "分数的认识"
    await page.locator("[name=unit]").fill("第八单元 分数的初步认识")
    await page.locator("[name=edition]").fill("")
    await clean(page, "the second step")
    await press(page, "下一步")
    await clean(page, "the third step")
    async with page.expect_navigation():
        await page.get_by_role("link", name="下一步", exact=True).press("Enter")
    assert await page.get_by_role("button", name="发布").count() == 0
    await clean(page, "something is missing")
    await page.locator(".steps a").nth(1).click()
    await page.locator("[name=edition]").fill("人教版")
    await press(page, "下一步")
    await page.locator(".steps a").nth(3).click()
    await clean(page, "the fourth step")
    await press(page, "发布")
    address = page.url
    await clean(page, "what the librarian sees of a resource that is being prepared")
    early = await enter(town, browser, "x2.teacher", address.removeprefix(town.web.origin))
    await expect(early.locator("h1")).to_contain_text("正在准备")
    await clean(early, "what others see of it")
    await early.context.close()
    begin = tapes.spans["done"].begin_ms
    for state, words in (("failed", "没有准备成功"), ("waiting", "正在准备")):
        await cut_out(library.office.database, "done", begin, begin + 20 * MINUTE, state=state, made=None)
        await page.goto(f"{town.web.origin}/recordings/done/publish?step=publish")
        await expect(page.locator(".chip", has_text=words)).to_be_visible()
        await clean(page, f"its cut is {state}")
    await cut_out(library.office.database, "done", begin, begin + 20 * MINUTE)
    await page.goto(address)
    await clean(page, "what the librarian sees of a resource")
    teacher = await enter(town, browser, "x2.teacher", "/library")
    await teacher.locator("[name=q]").focus()
    await teacher.keyboard.type("初步认识")
    async with teacher.expect_navigation():
        await teacher.keyboard.press("Enter")
    async with teacher.expect_navigation():
        await teacher.locator(".covers a").first.press("Enter")
    assert teacher.url == address
    assert await teacher.evaluate("document.querySelector('.cover').naturalWidth") == 320
    assert await teacher.get_by_role("link", name="播放").get_attribute("href") == address.removeprefix(town.web.origin) + "/watch"
    await clean(teacher, "a resource")
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    await page.locator("[name=reason]").fill("要重新录")
    await press(page, "退出")
    gone = await teacher.reload()
    assert gone
    assert gone.status == 410
    await clean(teacher, "a resource that was withdrawn")


async def test_a_full_library(town: Town, tapes: Tapes, browser: Browser) -> None:  # noqa: F811
    database = town.web.app[keys.STORE].database
    for n in range(30):
        subject, edition = ("chinese", "统编版") if n % 3 else ("maths", "人教版")
        long = "很长的课题要折行显示而不能把页面撑宽" * 3 if n == 29 else f"第{n}课"
        await published(
            database, f"r{n:02}", "x1" if n % 2 else "x2", at=n, title=long, subject=subject, edition=edition, unit=f"第{n % 5}单元"
        )
    await drafted(database, "begun")
    await drafted(database, "handed", state="submitted")
    page = await enter(town, browser, "x2.teacher", "/library")
    await clean(page, "a full library")
    tree, finds = [await page.locator(one).bounding_box() for one in (".tree", ".finds")]
    assert tree
    assert finds
    assert tree["x"] + tree["width"] <= finds["x"], "the tree stands at the left"
    await page.set_viewport_size({"width": 360, "height": 740})
    tree, finds = [await page.locator(one).bounding_box() for one in (".tree", ".finds")]
    assert tree
    assert finds
    assert finds["y"] < tree["y"], "on a phone what was found comes first"
    await page.set_viewport_size({"width": 1366, "height": 768})
    await page.locator("#f-subject").select_option("maths")
    await press(page, "查找")
    assert await page.locator(".covers > li").count() == 10
    await clean(page, "a library with a filter")
    await page.locator(".chosen a").first.click()
    assert await page.locator(".covers > li").count() == 24
    await page.get_by_role("link", name="看更早的").click()
    assert await page.locator(".covers > li").count() == 6
    for who, path in (("x2.c1.s1", "/library"), ("x1.d1", "/library"), ("n.admin", "/library"), ("x.librarian", "/")):
        await clean(await enter(town, browser, who, path), f"{path} of {who}")
