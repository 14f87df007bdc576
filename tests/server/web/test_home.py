"""The home page of each: today's lesson, and one button that leads into it."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import event, insert, select, update

from server.school import today
from server.store import tables as t
from server.web import keys
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Browser, Town


@pytest.mark.parametrize(
    ("who", "door"),
    [
        ("x1.teacher", "/teach/lesson.x"),
        ("x2.assistant", "/class/lesson.x"),
        ("y1.assistant", "/class/lesson.x"),
    ],
)
async def test_the_next_lesson_is_one_click_away(town: Town, who: str, door: str) -> None:
    answer = await town.browser(who).get("/", page=True)
    text = await answer.text()
    assert answer.status == 200
    assert f'<a class="button next big" href="{door}">' in text
    assert "分数的认识" in text


def home_of(who: str) -> str:
    """Where somebody's `/` leads."""
    return "/child" if who.endswith(".parent") else "/"


@pytest.mark.parametrize("who", ["x1.c1.s1", "x1.c1.s1.parent", "y1.c1.s1", "x1.admin", "y.admin"])
async def test_others_see_what_goes_on(town: Town, who: str) -> None:
    assert "分数的认识" in await (await town.browser(who).get(home_of(who), page=True)).text()


async def test_an_assistant_may_also_assist_on_a_phone(town: Town) -> None:
    browser = town.browser("x2.assistant")
    assert 'href="/assist/lesson.x"' in await (await browser.get("/", page=True)).text()
    entered = await browser.get("/assist/lesson.x", page=True)
    assert (entered.status, entered.headers["Location"]) == (303, "/assist/lesson.x?a=me-assistant")
    assert 'href="/assist/' not in await (await town.browser("x1.teacher").get("/", page=True)).text()


@pytest.mark.parametrize("who", ["y2.teacher", "y2.assistant", "y2.admin", "x1p.c1.s1", "y2.c1.s1.parent", "x.librarian", "x2.teacher"])
async def test_who_has_no_part_in_it_sees_nothing_of_it(town: Town, who: str) -> None:
    answer = await town.browser(who).get(home_of(who), page=True)
    assert answer.status == 200
    assert "分数的认识" not in await answer.text()


@both_databases
async def test_the_other_county_sees_its_own_room_only(town: Town) -> None:
    text = await (await town.browser("y.admin").get("/", page=True)).text()
    assert "x2.r1" not in text
    assert "学生" not in text


@both_databases
async def test_a_device_goes_to_its_room_and_nobody_to_the_welcome(town: Town) -> None:
    device = await town.browser("x1.d1").get("/", page=True)
    assert (device.status, device.headers["Location"]) == (303, "/room")
    assert 'href="/login"' in await (await Browser(town.web, {}).get("/", page=True)).text()


@both_databases
async def test_an_office_looks_at_one_school_at_a_time(town: Town) -> None:
    admin = town.browser("x.admin")
    chooser = await (await admin.get("/timetable", page=True)).text()
    assert "石桥二小" in chooser
    assert "红旗二小" not in chooser
    assert "分数的认识" not in chooser
    assert "分数的认识" in await (await admin.get("/timetable?org=x2", page=True)).text()
    assert "分数的认识" not in await (await admin.get("/timetable?org=x1p", page=True)).text()
    assert (await admin.get("/timetable?org=y1")).status == 404
    assert (await town.browser("x1.teacher").get("/timetable?org=y2")).status == 200, "a teacher's own week, whatever is asked"


@both_databases
async def test_a_board_counts_all_and_shows_what_needs_somebody_first(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(today, "BOARD", 0)
    page = await (await town.browser("x.admin").get("/", page=True)).text()
    assert "还有 1 节" in page
    assert "分数的认识" not in page


async def late(town: Town, *more: str) -> None:
    """The world's lesson should have begun twenty minutes ago; `more` lessons alike, in the same places."""
    database = town.web.app[keys.STORE].database
    await database.execute(update(t.lesson).where(t.lesson.c.id == "lesson.x").values(starts_at=t.lesson.c.starts_at - 20 * 60_000))
    (row,) = await database.read(select(t.lesson).where(t.lesson.c.id == "lesson.x"))
    parts = await database.read(select(t.lesson_room).where(t.lesson_room.c.lesson == "lesson.x"))
    for new in more:
        await database.execute(insert(t.lesson).values({**row._mapping, "id": new}))
        for part in parts:
            await database.execute(insert(t.lesson_room).values({**part._mapping, "lesson": new}))


async def statements(town: Town, who: str) -> int:
    """How many statements somebody's home page takes; the timetable's own ticks meanwhile do not count."""
    seen: list[str] = []
    engine = town.web.app[keys.STORE].database.engine.sync_engine

    def note(_: object, __: object, statement: str, *___: object) -> None:
        task = asyncio.current_task()
        if task and "RequestHandler" in repr(task.get_coro()):
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await town.browser(who).get("/", page=True)).status == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


async def test_a_board_takes_no_more_statements_for_more_lessons(town: Town) -> None:
    await late(town)
    one = await statements(town, "x.admin")
    assert one > 5, "the search finds the page's statements"
    await late(town, *(f"lesson.{n}" for n in range(20)))
    assert await statements(town, "x.admin") == one


@both_databases
async def test_a_board_counts_what_was_not_held_and_says_so_in_red(town: Town) -> None:
    admin = town.browser("x.admin")
    assert "没有上" not in await (await admin.get("/", page=True)).text()
    database = town.web.app[keys.STORE].database
    await database.execute(update(t.lesson).where(t.lesson.c.id == "lesson.x").values(ends_at=t.lesson.c.starts_at - 20 * 60_000))
    page = await (await admin.get("/", page=True)).text()
    assert re.search(r'<span class="chip red">(?:(?!</span>).)*<span class="words">没有上 1</span>', page, re.S)


async def test_who_cannot_enter_is_not_told_that_the_room_is_open(town: Town) -> None:
    board = await (await town.browser("x.admin").get("/", page=True)).text()
    assert "候课中" in board
    assert "可以进教室了" not in board
    lesson = await (await town.browser("x.admin").get("/lessons/lesson.x", page=True)).text()
    assert "候课中" in lesson
    assert "可以进教室了" in await (await town.browser("x1.teacher").get("/", page=True)).text()


@both_databases
async def test_the_next_lesson_has_one_button(town: Town) -> None:
    page = await (await town.browser("x1.teacher").get("/", page=True)).text()
    assert page.count('href="/teach/lesson.x"') == 1
    assert page.count("分数的认识") == 2, "it stays in the list"


@both_databases
async def test_a_board_says_which_room_is_missing_and_whom_to_ask(town: Town) -> None:
    await late(town)
    database = town.web.app[keys.STORE].database
    await database.execute(update(t.classroom).where(t.classroom.c.id == "x2.r1").values(contact="x2.assistant"))
    page = await (await town.browser("x.admin").get("/", page=True)).text()
    assert "石桥二小 不在" in page
    assert "请联系 姓名x2.assistant" in page
    assert "红旗中心小学 不在" in page, "the master's county sees every room of its lesson"
    other = await (await town.browser("y.admin").get("/", page=True)).text()
    assert "红旗中心小学 不在" in other
    assert "石桥二小" not in other
