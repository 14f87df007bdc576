"""The timetable's pages and the wrong-answer book in all their states: on a phone, a PC and a big screen, and by keyboard."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page
from sqlalchemy import insert, select

from server.accounts.contents import Contents
from server.accounts.keys import load_keys
from server.domain.payload import TextRef
from server.domain.quiz.choice import Key
from server.domain.quiz.events import QuizOpened
from server.domain.quiz.state import Quiz
from server.settings import read
from server.store import Store
from server.store import tables as t
from server.store.book import keep_card
from tests.harness.axe import violations
from tests.harness.product import Product
from tests.scenarios.test_school_day import TWINS, login

pytestmark = [pytest.mark.scenario, pytest.mark.asyncio(loop_scope="module")]

SIZES = ((360, 740), (1366, 768), (1920, 1080))
HOUR = 3_600_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def county(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    product = Product(tmp_path_factory.mktemp("county") / "data")
    await product.start("run")
    yield product
    await product.stop()


async def clean(page: Page, what: str) -> None:
    """At every size, with all that unfolds unfolded: nothing serious, no id twice, no sideways scroll."""
    await unfold(page)
    assert await page.evaluate(TWINS) == [], what
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        assert await violations(page) == [], f"{what} at {width} px"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{what} at {width} px"
    await page.set_viewport_size({"width": 1366, "height": 768})
    assert page.errors == [], what  # type: ignore[attr-defined]


async def unfold(page: Page) -> None:
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


async def press(page: Page, name: str) -> None:
    """A button by its words, without a mouse."""
    await enter(page, page.get_by_role("button", name=name, exact=True).first)


async def enter(page: Page, there: Locator) -> None:
    """Enter on a link, a button or a field; the next page is there."""
    await there.focus()
    async with page.expect_navigation():
        await page.keyboard.press("Enter")


async def typed(page: Page, field: str, text: str) -> None:
    """A field of dates and times takes text by its value only."""
    await page.locator(f"form [name={field}]").first.fill(text)


async def school(page: Page) -> str:
    """Path of the school whose timetable is looked at."""
    await page.locator("select[name=org]").focus()
    await page.keyboard.press("ArrowDown")
    await press(page, "Show")
    return f"/orgs/{re.findall(r'org=([^&]+)', page.url)[0]}"


async def test_a_lesson_by_hand_from_the_week_and_back(county: Product, browser: Browser) -> None:
    page = await login(county, browser, "county")
    await page.goto(f"{county.url}/timetable")
    await clean(page, "a week before a school is chosen")
    await school(page)
    await clean(page, "a school's week")
    await enter(page, page.locator('a[href="/lessons/new"]'))
    await clean(page, "a new lesson")
    day = dt.date.today() + dt.timedelta(days=9)
    for field, text in (("name", "公开课"), ("begins", "05:10"), ("day", (day - dt.timedelta(days=30)).isoformat())):
        await typed(page, field, text)
    await enter(page, page.locator("[name=name]"))
    assert await page.locator("[aria-invalid=true]").count() > 0
    await clean(page, "a new lesson that is refused")
    await typed(page, "day", day.isoformat())
    await enter(page, page.locator("[name=name]"))
    assert "公开课" in await page.inner_text("h1")
    await clean(page, "a lesson by hand")
    lesson = page.url
    await press(page, "Cancel this lesson")
    await page.goto(lesson)
    await clean(page, "a cancelled lesson")
    await page.goto(f"{county.url}/timetable?day={day}")
    await school(page)
    assert await page.locator("a.lesson.cancelled").count() > 0
    await clean(page, "a week with a cancelled lesson")
    await page.goto(f"{county.url}/timetable/feed")
    await clean(page, "the calendar's address")
    await page.context.close()


async def test_a_course_whose_calendar_changes_and_that_is_closed(county: Product, browser: Browser) -> None:
    async with Database(county) as store:
        query = select(t.lesson.c.day, t.course.c.id, t.course.c.org).join_from(t.lesson, t.course, t.course.c.id == t.lesson.c.course)
        last = (await store.database.read(query.order_by(t.lesson.c.day.desc()).limit(1)))[0]
    page, place = await login(county, browser, "admin"), f"{county.url}/orgs/{last.org}"
    await page.goto(f"{place}/calendar")
    await clean(page, "a calendar")
    form = page.locator('form[action$="/days"]').first
    await form.locator("[name=day]").fill(last.day)
    await form.locator("[name=kind]").select_option("off")
    await enter(page, form.locator("button[type=submit]"))
    await page.goto(f"{place}/calendar")
    await clean(page, "a calendar with courses behind it")
    await enter(page, page.locator(f'a[href="/courses/{last.id}"]'))
    assert await page.locator(".band.amber").count() > 0
    await clean(page, "a course behind its calendar")
    await enter(page, page.locator(".button.big"))
    await clean(page, "a course that was published again")
    await unfold(page)
    await press(page, "Close")
    await clean(page, "a closed course")
    await page.goto(f"{place}/courses")
    await clean(page, "courses, one of them closed")
    await page.context.close()


class Database:
    """The installation's own tables, for what no page can make quickly."""

    def __init__(self, product: Product) -> None:
        self.settings = read({"SHUANGSHI_DATA_DIR": str(product.data)})

    async def __aenter__(self) -> Store:
        self.store = await Store.open(self.settings.database_url)
        return self.store

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()


async def wrong_answers(product: Product, class_id: str) -> None:
    """A lesson of yesterday left two cards: one that many got wrong, one with a long question."""
    settings, now = read({"SHUANGSHI_DATA_DIR": str(product.data)}), time.time_ns() // 1_000_000
    async with Database(product) as store:
        contents = Contents(store.database, load_keys(settings).vault, lambda: now)
        group = (await store.database.read(select(t.school_class).where(t.school_class.c.id == class_id)))[0]
        students = [row.id for row in await store.database.read(select(t.student.c.id).where(t.student.c.school_class == class_id))]
        lesson = {
            "id": "yesterday",
            "name": "分数的认识",
            "head": 0,
            "created": 0,
            "org": group.org,
            "phase": "archived",
            "subject": "maths",
        }
        times = {"starts_at": now - 24 * HOUR, "ends_at": now - 23 * HOUR}
        await store.database.execute(insert(t.lesson).values(**lesson | times))

        async def work(connection: object) -> None:
            words = ("半个是几分之几？", "二分之一", "三分之一", "把一张长方形的纸对折再对折，每一份是这张纸的几分之几？" * 4)
            refs = [TextRef(ref.id, ref.digest) for ref in await contents.put_many(connection, "lesson", [("yesterday", w) for w in words])]  # type: ignore[arg-type]
            single = QuizOpened(quiz="q1", type="single", question=refs[0], options=(refs[1], refs[2]), key=Key(options=(0,)))
            number = QuizOpened(quiz="q2", type="number", question=refs[3], key=Key(number=0.25, tolerance=0.01))
            await keep_card(connection, "yesterday", Quiz(single, now - 24 * HOUR), dict.fromkeys(students, (1,)))  # type: ignore[arg-type]
            await keep_card(connection, "yesterday", Quiz(number, now - 24 * HOUR + 1), {students[0]: 0.5})  # type: ignore[arg-type]

        await store.database.write(work)


async def test_the_wrong_answer_book_empty_and_full(county: Product, browser: Browser) -> None:
    page = await login(county, browser, "county")
    await page.goto(f"{county.url}/timetable")
    await page.goto(county.url + await school(page))
    await enter(page, page.locator('a[href^="/classes/"]').first)
    class_id = page.url.rpartition("/")[2]
    await enter(page, page.get_by_role("link", name="Wrong answers of the class"))
    await clean(page, "an empty book")
    await wrong_answers(county, class_id)
    await page.reload()
    assert "B 三分之一" in await page.inner_text("main")
    await clean(page, "a class's book")
    await page.goto(f"{county.url}/classes/{class_id}/mistakes?names=1")
    await clean(page, "a class's book with names")
    await page.goto(f"{county.url}/classes/{class_id}/mistakes?before=1")
    await clean(page, "before the book begins")
    await page.context.close()
