"""The wrong-answer book through the public door: from answers of a real lesson to the class's page, the child's, the file."""

from __future__ import annotations

import asyncio
import io
import re
from typing import Any

import aiohttp
import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select

from server.store import tables as t
from server.web import keys
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Browser, Town

pytestmark = both_databases
PLACES = {"master": "x1", "pt.x2": "x2", "pt.y1": "y1"}
HELLO = {"type": "hello", "protocol": 1, "build": "b", "surface": "screen"}


class Page:
    """A page of the lesson behind its socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket, self.sent = socket, 0

    async def order(self, kind: str, **payload: Any) -> None:
        """A command; returns when it is acknowledged."""
        self.sent += 1
        await self.socket.send_json({"type": "command", "id": f"c{self.sent}", "kind": kind, "payload": payload})
        async with asyncio.timeout(5):
            while True:
                message = await self.socket.receive_json()
                assert message["type"] != "refused", message
                if message["type"] == "ack" and message["id"] == f"c{self.sent}":
                    return


async def enter(town: Town, http: aiohttp.ClientSession, who: str, lesson: str, words: str) -> Page:
    cookie = "; ".join(f"{name}={value}" for name, value in town.world.cookies(who).items())
    headers = {"Origin": town.web.origin, "Cookie": cookie}
    page = Page(await http.ws_connect(f"{town.web.origin}/ws/{lesson}?a={words}", headers=headers))
    await page.socket.send_json(HELLO)
    return page


async def seated(town: Town) -> None:
    """Five pupils of each class sit on the seats of their numbers."""
    database = town.web.app[keys.STORE].database
    for school in ("x1", "x2", "y1"):
        plan = {"id": f"plan.{school}", "school_class": f"{school}.c1", "classroom": f"{school}.r1", "valid_from": "2026-09-01"}
        await database.execute(insert(t.seating_plan).values(**plan, created=0))
        for n in range(1, 6):
            await database.execute(insert(t.seat).values(plan=f"plan.{school}", seat=n, student=f"{school}.c1.s{n}"))


async def another(town: Town) -> None:
    """A second lesson, that of county y: taught in `y1.r1` to nobody."""
    database = town.web.app[keys.STORE].database
    row = (await database.read(select(t.lesson).where(t.lesson.c.id == "lesson.x")))[0]
    more = {
        "id": "lesson.y",
        "name": "小数的认识",
        "org": "y1",
        "teacher": "y1.teacher",
        "master_classroom": "y1.r1",
        "school_class": "y1.c1",
    }
    await database.execute(insert(t.lesson).values(**dict(row._mapping) | more))
    await database.execute(insert(t.participant).values(lesson="lesson.y", id="master", role="master", name="主讲"))


async def lesson(town: Town, of: str, teacher: str, question: str, answers: dict[str, dict[int, int]]) -> None:
    """A whole lesson with one card of three options, the first one right. `answers`: participant → seat → option."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        console = await enter(town, http, teacher, of, "me-master")
        await console.order("lesson.live")
        key = {"options": [0]}
        await console.order("quiz.open", type="single", question=question, options=["二分之一", "三分之一", ""], key=key)
        quiz = town.web.app[keys.LESSONS].rooms.running(of).state.quiz.open
        for place, seats in answers.items():
            page = console if place == "master" else await enter(town, http, f"{PLACES[place]}.d1", of, "me-classroom")
            for seat, option in seats.items():
                await page.order("quiz.answer", quiz=quiz, participant=place, seat=seat, choice=[option])
        await console.order("quiz.reveal", quiz=quiz)
        await console.order("lesson.end")


@pytest.fixture
async def taught(town: Town) -> Town:
    """Two lessons of two counties are over."""
    await seated(town)
    await another(town)
    answers = {"master": {1: 0, 2: 1}, "pt.x2": {1: 1, 2: 2, 3: 1}, "pt.y1": {1: 2}}
    await lesson(town, "lesson.x", "x1.teacher", "半个是几分之几？", answers)
    await lesson(town, "lesson.y", "y1.teacher", "零点五是多少？", {"master": {1: 0, 2: 1}})
    return town


async def read(browser: Browser, path: str) -> str:
    answer = await browser.get(path, page=True)
    text = await answer.text()
    assert answer.status == 200, (path, answer.status, text[:300])
    return text


async def test_the_class_sees_its_own_mistakes_by_answer(taught: Town) -> None:
    teacher = taught.browser("x2.teacher")
    page = await read(teacher, "/classes/x2.c1/mistakes")
    for words in ("分数的认识", "半个是几分之几？", "A 二分之一", "B 三分之一", "2 人", "1 人", "01", "02", "03"):
        assert words in page
    assert page.index("2 人") < page.index("1 人"), "what most answered comes first"
    named = " ".join(re.findall(r'<span class="quiet">([^<]*)</span>', page))  # not in the time of day, which may have it too
    assert ("03" in named, "04" in named) == (True, False)
    assert "零点五" not in page
    assert "学生x2.c1.s1" not in page, "masked unless asked for"
    assert "学生x2.c1.s1" in await read(teacher, "/classes/x2.c1/mistakes?names=1")
    assert 'href="/classes/x2.c1/mistakes"' in await read(teacher, "/classes/x2.c1")
    other = await read(taught.browser("y1.teacher"), "/classes/y1.c1/mistakes")
    assert other.index("零点五是多少？") < other.index("半个是几分之几？"), "of both lessons, the later one first"


async def test_a_child_and_its_parent_see_the_childs_and_nobody_elses(taught: Town) -> None:
    child, parent = taught.browser("x2.c1.s1"), taught.browser("x2.c1.s1.parent")
    for browser in (child, parent):
        page = await read(browser, "/students/x2.c1.s1/mistakes")
        assert "学生x2.c1.s1" in page
        assert "B 三分之一" in page.split("正确答案")[1]
        assert "人</" not in page.split("<main")[1]
        for other in ("x2.c1.s2", "x2.c1.s9", "y1.c1.s1", "none"):
            assert (await browser.get(f"/students/{other}/mistakes")).status == 404
        assert (await browser.get("/classes/x2.c1/mistakes")).status == 404
        assert (await browser.get("/classes/x2.c1/mistakes/export")).status == 404
    assert 'href="/students/x2.c1.s1/mistakes"' in await read(child, "/")
    assert 'href="/students/x2.c1.s1/mistakes"' in await read(parent, "/child")
    right = await read(taught.browser("x1.c1.s1"), "/students/x1.c1.s1/mistakes")
    assert "还没有错题" in right, "x1.c1.s1 was right"


async def test_other_schools_and_counties_see_nothing(taught: Town) -> None:
    for who, status in (("x1.teacher", 404), ("y1.teacher", 404), ("y.admin", 404), ("x.inspector", 403), ("x2.d1", 404)):
        for path in ("/classes/x2.c1/mistakes", "/classes/x2.c1/mistakes/export", "/students/x2.c1.s1/mistakes"):
            assert (await taught.browser(who).get(path)).status == status, (who, path)
    assert (await taught.browser(None).get("/classes/x2.c1/mistakes")).status == 401


async def test_the_file_has_names_and_leaves_a_line(taught: Town) -> None:
    answer = await taught.browser("x2.teacher").get("/classes/x2.c1/mistakes/export")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    rows = list(load_workbook(io.BytesIO(await answer.read())).worksheets[0].values)
    assert rows[0] == ("日期", "时间", "课", "学科", "题目", "正确答案", "学号", "姓名", "答成")
    assert [row[2:] for row in rows[1:]] == [
        ("分数的认识", "数学", "半个是几分之几？", "A 二分之一", "01", "学生x2.c1.s1", "B 三分之一"),
        ("分数的认识", "数学", "半个是几分之几？", "A 二分之一", "03", "学生x2.c1.s3", "B 三分之一"),
        ("分数的认识", "数学", "半个是几分之几？", "A 二分之一", "02", "学生x2.c1.s2", "C"),
    ]
    (line,) = await taught.web.app[keys.STORE].database.read(select(t.audit))
    assert (line.actor, line.act, line.target, line.details) == ("x2.teacher", "book.export", "x2.c1", '{"rows":3}')


async def test_with_the_student_the_answers_are_erased(taught: Town) -> None:
    admin = taught.browser("x2.admin")
    assert (await admin.post("/classes/x2.c1/erase", {"student": "x2.c1.s1", "version": "1"})).status == 200
    rows = await taught.web.app[keys.STORE].database.read(select(t.mistake.c.student).order_by(t.mistake.c.student))
    assert [row.student for row in rows] == ["x1.c1.s2", "x2.c1.s2", "x2.c1.s3", "y1.c1.s1", "y1.c1.s2"]
    page = await read(admin, "/classes/x2.c1/mistakes")
    assert page.count("1 人") == 2
    assert (await taught.browser("x2.c1.s1").get("/students/x2.c1.s1/mistakes")).status in (401, 404)


async def test_what_was_asked_is_said_to_be_removed_once_it_is(taught: Town) -> None:
    app = taught.web.app
    await app[keys.STORE].database.write(lambda connection: app[keys.CONTENTS].erase_owner(connection, "lesson.x"))
    page = await read(taught.browser("x2.teacher"), "/classes/x2.c1/mistakes")
    assert "半个" not in page
    assert page.count("（已抹去）") >= 3


@pytest.mark.parametrize("before", ["x", "-1", "9" * 16, "%00", "1.5"])
async def test_a_place_that_is_no_number(taught: Town, before: str) -> None:
    assert (await taught.browser("x2.teacher").get(f"/classes/x2.c1/mistakes?before={before}")).status == 422


async def test_before_the_first_one_there_is_nothing(taught: Town) -> None:
    page = await read(taught.browser("x2.teacher"), "/classes/x2.c1/mistakes?before=1")
    assert "没有更早的了" in page
