"""The timetable in a phone's calendar."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from server.store import tables as t
from server.web import keys
from tests.server.web.conftest import Browser, Town


async def drawn(town: Town, who: str = "x1.teacher") -> str:
    """The path that a calendar program asks."""
    answer = await town.browser(who).post("/timetable/feed", page=True)
    assert answer.status == 200
    found = re.search(r'readonly value="([^"]+)"', await answer.text())
    assert found
    return urlsplit(html.unescape(found[1])).path


async def test_a_teacher_subscribes_and_sees_the_own_lessons(town: Town) -> None:
    path = await drawn(town)
    program = Browser(town.web, {})
    answer = await program.get(path)
    assert (answer.status, answer.content_type) == (200, "text/calendar")
    body = await answer.read()
    assert all(len(line) <= 75 for line in body.split(b"\r\n")), "RFC 5545 section 3.1"
    events = Calendar.from_ical(body).walk("VEVENT")
    row = await town.web.app[keys.STORE].database.one(select(t.lesson).where(t.lesson.c.id == "lesson.x"))
    assert row
    mine = next(one for one in events if str(one["uid"]).startswith("lesson.x@"))
    assert mine["dtstart"].dt == datetime.fromtimestamp(row.starts_at // 1000, UTC)
    assert str(mine["summary"]) == "分数的认识"
    assert "石桥二小" in str(mine["location"])
    text = body.decode()
    for name in ("王", "林"):
        assert f"{name}老师" not in text


async def test_a_new_address_ends_the_old_one_and_can_be_ended(town: Town) -> None:
    old, program, browser = await drawn(town), Browser(town.web, {}), town.browser("x1.teacher")
    new = await drawn(town)
    assert ((await program.get(old)).status, (await program.get(new)).status) == (404, 200)
    assert "起有一个订阅地址在用" in await (await browser.get("/timetable/feed", page=True)).text()
    assert (await browser.post("/timetable/feed/end")).status == 200
    assert (await program.get(new)).status == 404


async def test_rights_are_those_of_now(town: Town) -> None:
    path, program, database = await drawn(town), Browser(town.web, {}), town.web.app[keys.STORE].database
    await database.execute(update(t.assignment).where(t.assignment.c.person == "x1.teacher").values(valid_until=1))
    assert b"BEGIN:VEVENT" not in await (await program.get(path)).read()
    await database.execute(update(t.person).where(t.person.c.id == "x1.teacher").values(disabled_at=1))
    assert (await program.get(path)).status == 404


@pytest.mark.parametrize("token", ["x1.teacher.", "x1.teacher.wrong", "%00.x", "a" * 300, "..%2f..%2fetc"])
async def test_a_token_that_does_not_count(town: Town, token: str) -> None:
    await drawn(town)
    assert (await Browser(town.web, {}).get(f"/feed/{token}.ics")).status == 404
