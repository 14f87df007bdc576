"""The timetable in a phone's calendar."""

from __future__ import annotations

import datetime as dt
import html
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from server.store import tables as t
from server.web import keys
from tests.harness.zones import SCHOOL_ZONE
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


async def event(town: Town, path: str) -> Any:
    """`lesson.x` as a calendar program reads it, None if it is not there."""
    body = await (await Browser(town.web, {}).get(path)).read()
    return next((one for one in Calendar.from_ical(body).walk("VEVENT") if str(one["uid"]).startswith("lesson.x@")), None)


async def test_a_calendar_program_hears_of_a_move_a_substitute_and_a_cancellation(town: Town) -> None:
    feeds = {who: await drawn(town, who) for who in ("x1.teacher", "x2.teacher", "x2.assistant")}
    admin = town.browser("x.admin")
    first = await event(town, feeds["x1.teacher"])
    assert (str(first["status"]), first["sequence"], await event(town, feeds["x2.teacher"])) == ("CONFIRMED", 1, None)

    day = dt.datetime.now(SCHOOL_ZONE).date() + dt.timedelta(days=3)
    form = {"day": day.isoformat(), "begins": "13:00", "ends": "13:40", "version": 1}
    assert (await admin.post("/lessons/lesson.x/move", form)).status == 200
    moved = await event(town, feeds["x1.teacher"])
    assert moved["dtstart"].dt == dt.datetime.combine(day, dt.time(13), SCHOOL_ZONE).astimezone(UTC)
    assert (str(moved["uid"]), moved["sequence"], str(moved["status"])) == (str(first["uid"]), 2, "CONFIRMED")

    assert (await admin.post("/lessons/lesson.x/substitute", {"teacher": "x2.teacher", "version": 2})).status == 200
    assert await event(town, feeds["x1.teacher"]) is None
    taken = await event(town, feeds["x2.teacher"])
    assert (str(taken["summary"]), taken["sequence"]) == ("分数的认识 （代课）", 3)

    assert (await admin.post("/lessons/lesson.x/cancel", {"version": 3})).status == 200
    for who in ("x2.teacher", "x2.assistant"):
        gone = await event(town, feeds[who])
        assert (str(gone["status"]), gone["sequence"], gone["dtstart"].dt) == ("CANCELLED", 4, moved["dtstart"].dt), who
        assert str(gone["summary"]).startswith("分数的认识 （停课）")
    assert await event(town, feeds["x1.teacher"]) is None


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
