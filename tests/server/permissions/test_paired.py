"""Rooms paired across counties (S6): taking part in a lesson shows that lesson and one's own rooms in it, of the others nothing.

`lesson.x` is taught in x1 (county x) to x2 (county x) and y1 (county y).
"""

from __future__ import annotations

import re
from itertools import product

import pytest
from sqlalchemy import select, update

from server.store import tables as t
from server.web import keys
from tests.server.permissions.conftest import Furnished
from tests.server.permissions.furnished import secret

MASTER, ROOM_X2, ROOM_Y1 = secret("lesson room", "x"), "密室二小", secret("lesson room", "y")
SCHOOLS = {"x1": "石桥中心小学", "x2": "石桥二小", "y1": "红旗中心小学"}
LISTS = ("/", "/timetable?org=y1", "/lessons/lesson.x")


@pytest.fixture
async def paired(furnished_town: Furnished) -> Furnished:
    """x2's room has a name that is nowhere else; county y's own lesson is out of the way."""
    database = furnished_town.web.app[keys.STORE].database
    await database.execute(update(t.classroom).where(t.classroom.c.id == "x2.r1").values(name=ROOM_X2))
    await database.execute(update(t.lesson).where(t.lesson.c.id != "lesson.x").values(starts_at=1, ends_at=2))
    return furnished_town


async def text(town: Furnished, who: str, path: str, status: int = 200) -> str:
    answer = await town.browser(who).get(path, page=True)
    assert answer.status == status, (who, path, await answer.text())
    return await answer.text()


ROOMS_SEEN = {
    **dict.fromkeys(("x1.teacher", "x1.colleague", "x1.assistant", "x.admin", "n.admin"), frozenset({ROOM_X2, ROOM_Y1})),
    **dict.fromkeys(("x2.admin", "x2.assistant", "x2.d1"), frozenset({ROOM_X2})),
    **dict.fromkeys(("y.admin", "y.inspector", "y1.admin", "y1.assistant", "y1.d1"), frozenset({ROOM_Y1})),
    **dict.fromkeys(("y1.c1.s1", "x2.c1.s1"), frozenset()),
}
MASTERS = ("/orgs/x", "/orgs/x1", "/rooms/x1.r1", "/rooms/x1.r1/devices", "/classes/x1.c1", "/people/x1.teacher", "/groups/g.x")
OTHERS = ("/rooms/x2.r1", "/classes/x2.c1", "/courses/k.x1", "/orgs/x1/calendar")
REMOTES = ("/orgs/y1", "/rooms/y1.r1", "/rooms/y1.r1/card", "/classes/y1.c1", "/people/y1.teacher", "/lessons/lesson.y")


async def test_the_lessons_page_shows_the_master_and_ones_own_rooms(paired: Furnished) -> None:
    for who, rooms in ROOMS_SEEN.items():
        page = await text(paired, who, "/lessons/lesson.x")
        assert secret("lesson name", "x") in page, who
        assert secret("teacher name", "x") in page, who
        assert f"{SCHOOLS['x1']} {MASTER}" in page, who
        assert {room for room in (ROOM_X2, ROOM_Y1) if room in page} == rooms, who
        assert len(re.findall(r"<li>[^<]*(?:小学|二小)[^<]*</li>", page)) == len(rooms), who  # nor how many others there are


async def test_no_list_of_the_other_county_names_the_third_school(paired: Furnished) -> None:
    for who, path in product(("y.admin", "y.inspector", "y1.admin", "y1.assistant", "y1.c1.s1"), LISTS):
        page = await text(paired, who, path)
        assert secret("lesson name", "x") in page, (who, path)
        for hidden in (SCHOOLS["x2"], ROOM_X2, "x2.r1", "x2.c1", "x1.c1", "三年级1班", secret("pupil name", "x")):
            assert hidden not in page, (who, path, hidden)


async def test_the_rooms_own_page_shows_the_lesson_that_it_hears(paired: Furnished) -> None:
    for who, seen in (("y.admin", True), ("y1.assistant", True), ("y1.teacher", False)):  # a teacher of y1 has no part in it
        page = await text(paired, who, "/rooms/y1.r1")
        assert (secret("lesson name", "x") in page) is seen, who
        assert 'class="when"' in page, who
        assert SCHOOLS["x2"] not in page
        assert MASTER not in page


async def test_of_the_other_schools_nothing_else_is_open_on_either_side(paired: Furnished) -> None:
    theirs = product(("y.admin", "y1.admin", "y1.assistant"), (*MASTERS, *OTHERS, "/lessons/none"))
    ours = product(("x.admin", "x1.admin", "x1.teacher", "x2.admin"), REMOTES)
    for who, path in (*theirs, *ours, ("y2.assistant", "/lessons/later.x")):
        assert "标记" not in await text(paired, who, path, 404), (who, path)


async def test_the_calendar_file_of_the_other_county(paired: Furnished) -> None:
    browser = paired.browser("y1.assistant")
    drawn = await (await browser.post("/timetable/feed", {}, page=True)).text()
    found = re.search(r"/feed/[\w.-]+\.ics", drawn)
    assert found
    calendar = (await (await paired.browser("nobody").get(found[0])).text()).replace("\r\n ", "")
    assert secret("lesson name", "x") in calendar
    assert ROOM_Y1 in calendar
    assert SCHOOLS["x2"] not in calendar
    assert secret("teacher name", "x") not in calendar


async def rooms_of(town: Furnished) -> set[str]:
    query = select(t.group_room.c.classroom).where(t.group_room.c.standing_group == "g.x", t.group_room.c.accepted_at.is_not(None))
    return {row.classroom for row in await town.web.app[keys.STORE].database.read(query)}


async def test_a_room_of_the_other_county_is_asked_by_its_code_and_answered_and_taken_out_by_its_own_school(paired: Furnished) -> None:
    admin, school = paired.browser("x.admin"), paired.browser("y1.admin")
    by_id = await admin.post("/groups/g.x/rooms", {"room": "y1.r2", "version": 1})
    assert (by_id.status, set((await by_id.json())["error"]["fields"])) == (422, {"room"})
    code = await paired.web.app[keys.STORE].database.one(select(t.classroom.c.join_code).where(t.classroom.c.id == "y1.r2"))
    assert code is not None
    asked = await admin.post("/groups/g.x/rooms", {"room": code.join_code, "version": 1})
    assert (asked.status, (await asked.json())["pending"]) == (200, True)
    assert "y1.r2" not in await rooms_of(paired)
    page = await text(paired, "x.admin", "/groups/g.x")
    assert secret("other room", "y") in page  # what the school's own card says
    assert "等对方学校同意" in page
    assert code.join_code not in page
    for who, form in (("y1.admin", True), ("y1.assistant", False)):
        page = await text(paired, who, "/rooms/y1.r2")
        assert secret("group name", "x") in page
        assert ("/rooms/y1.r2/groups/g.x/accept" in page, "/rooms/y1.r2/groups/g.x/refuse" in page) == (form, form)
    assert page.count("有结对邀请") == 0
    assert "有结对邀请" in await text(paired, "y1.admin", "/orgs/y1")
    for who, status in (("x.admin", 404), ("y2.assistant", 404), ("y1.assistant", 403), ("y.inspector", 403)):
        assert (await paired.browser(who).post("/rooms/y1.r2/groups/g.x/accept", {})).status == status, who
    assert "y1.r2" not in await rooms_of(paired)
    agreed = await school.post("/rooms/y1.r2/groups/g.x/accept", {"school_class": "y1.c1"}, page=True)
    assert (agreed.status, agreed.headers["Location"]) == (303, "/rooms/y1.r2")
    assert "y1.r2" in await rooms_of(paired)
    for who, status in (("y2.assistant", 404), ("y1.assistant", 403), ("y.inspector", 403), ("x1.admin", 404)):
        assert (await paired.browser(who).post("/groups/g.x/rooms/remove", {"room": "y1.r2", "version": 2})).status == status
    other = await school.post("/groups/g.x/rooms/remove", {"room": "x2.r1", "version": 2})
    assert other.status == 404
    out = await school.post("/groups/g.x/rooms/remove", {"room": "y1.r2", "version": 2}, page=True)
    assert (out.status, out.headers["Location"]) == (303, "/rooms/y1.r2")
    assert "y1.r2" not in await rooms_of(paired)
    lines = await text(paired, "y.admin", "/audit")
    assert secret("group name", "x") not in lines
    assert {"请外校教室加入结对组", "同意教室加入结对组", "结对组去了教室"} <= set(
        re.findall(r"请外校教室加入结对组|同意教室加入结对组|结对组去了教室", lines)
    )


async def test_a_room_that_declines_is_asked_no_more(paired: Furnished) -> None:
    school = paired.browser("y1.admin")
    assert (await school.post("/rooms/y1.r2/groups/ask.y/refuse", {}, page=True)).status == 303
    assert "邀请</" not in await text(paired, "y1.admin", "/rooms/y1.r2")
    assert (await school.post("/rooms/y1.r2/groups/ask.y/accept", {})).status == 404


async def test_the_lesson_lets_its_people_in_and_those_of_neither_room_not(paired: Furnished) -> None:
    for who, path, status in (
        ("y1.assistant", "/class/lesson.x", 303),
        ("y1.assistant", "/teach/lesson.x", 403),
        ("y1.teacher", "/class/lesson.x", 404),
        ("y2.assistant", "/class/lesson.x", 404),
        ("y1.assistant", "/class/lesson.x?room=x2.r1", 403),
        ("x2.assistant", "/class/lesson.x?room=y1.r1", 403),
    ):
        answer = await paired.browser(who).get(path, page=True)
        assert answer.status == status, (who, path)
