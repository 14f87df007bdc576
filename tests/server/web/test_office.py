"""The office through its pages: from an empty county to a term's timetable, every step as a form."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import aiohttp
import pytest

from server.store.schedule import Schedule
from server.web import keys
from tests.harness.postgres import both_databases
from tests.harness.zones import SCHOOL_ZONE
from tests.server.web.conftest import Browser, Town


async def made(response: aiohttp.ClientResponse) -> dict[str, Any]:
    assert response.status == 200, await response.text()
    return dict(await response.json())


async def text(browser: Browser, path: str) -> str:
    response = await browser.get(path, page=True)
    assert response.status == 200, (path, await response.text())
    return await response.text()


def version(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def days() -> tuple[str, str, str, dt.date]:
    today = dt.datetime.now(SCHOOL_ZONE).date()
    monday = today - dt.timedelta(days=today.weekday())
    return today.isoformat(), (today + dt.timedelta(days=40)).isoformat(), monday.isoformat(), today


async def course(admin: Browser, school: str = "x1") -> str:
    """A course on Mondays and Tuesdays, third period, from group g.x."""
    first, last, monday, today = days()
    await made(
        await admin.post(f"/orgs/{school}/terms", {"name": "2026-2027 (1)", "first_day": first, "last_day": last, "week_one": monday})
    )
    term = (await made(await admin.post("/orgs/x/terms", {"name": "T", "first_day": first, "last_day": last, "week_one": monday})))["id"]
    del term
    bell = {"name": "Bells", "valid_from": (today - dt.timedelta(days=1)).isoformat(), "lines": "08:00-08:40 08:50-09:30 10:00-10:40"}
    await made(await admin.post(f"/orgs/{school}/bells", bell))
    listing = await text(admin, f"/orgs/{school}/courses")
    term = re.search(r'<select id="f-term"[^>]*><option value="([^"]+)"', listing)[1]  # type: ignore[index]
    form = {
        "name": "三年级数学",
        "subject": "maths",
        "stage": "primary",
        "grade": "3",
        "edition": "人教版",
        "volume": "上册",
        "teacher": "x1.teacher",
        "term": term,
        "standing_group": "g.x",
        "school_class": "x1.c1",
    }
    new = (await made(await admin.post(f"/orgs/{school}/courses", form)))["id"]
    for weekday in (1, 2):
        page = await text(admin, f"/courses/{new}")
        await made(await admin.post(f"/courses/{new}/slots", {"weekday": weekday, "period": 3, "weeks": "all", "version": version(page)}))
    return str(new)


@both_databases
async def test_from_an_empty_county_to_a_seat(town: Town) -> None:
    admin = town.browser("x.admin")
    school = (await made(await admin.post("/orgs/x/children", {"name": "云岭小学", "code": "YL-1", "tier": "school"})))["id"]
    room = await made(
        await admin.post(f"/orgs/{school}/rooms", {"code": "1", "name": "一号", "kind": "remote", "seat_rows": 2, "seat_columns": 3})
    )
    assert re.fullmatch(r"\d{6}", room["join_code"])
    form = {"code": "301", "name": "三1班", "grades": ["3", "4"], "year": "2026"}
    group = (await made(await admin.post(f"/orgs/{school}/classes", form)))["id"]
    added = await made(await admin.post(f"/classes/{group}/students", {"lines": "01 张三丰\n02\n03 李四"}))
    assert added["students"] == 3
    masked = await text(admin, f"/classes/{group}")
    assert "张*丰" in masked
    assert "张三丰" not in masked
    assert "张三丰" in await text(admin, f"/classes/{group}?names=1")
    plan = f"/classes/{group}/plans/{room['id']}"
    await made(await admin.post(plan, {"valid_from": "2026-09-01", "seat.1": "02", "seat.6": "01"}))
    assert 'name="seat.6" value="01"' in await text(admin, plan)
    wrong = await admin.post(plan, {"valid_from": "2026-09-02", "seat.1": "02", "seat.2": "02", "seat.7": "01", "seat.3": "99"})
    assert wrong.status == 422
    assert set((await wrong.json())["error"]["fields"]) == {"seat.2", "seat.7", "seat.3"}
    assert "一号" in await text(admin, f"/rooms/{room['id']}")
    assert room["join_code"] in await text(admin, f"/rooms/{room['id']}/card")
    assert "云岭小学" in await text(admin, "/orgs/x")


@both_databases
async def test_a_term_is_published_and_a_lesson_moved_substituted_cancelled(town: Town) -> None:
    admin = town.browser("x.admin")
    new = await course(admin)
    published = await made(await admin.post(f"/courses/{new}/publish"))
    assert published["lessons"] >= 10
    assert (await made(await admin.post(f"/courses/{new}/publish")))["lessons"] == 0
    schedule = Schedule(town.web.app[keys.STORE].database)
    lessons = await schedule.of_course(new)
    assert {(one.period, len(one.rooms)) for one in lessons} == {(3, 2)}
    local = dt.datetime.fromtimestamp((lessons[0].starts_at or 0) / 1000, SCHOOL_ZONE)
    assert (local.hour, local.minute) == (10, 0)

    first, second, third = lessons[:3]
    clash = await admin.post(f"/lessons/{first.id}/move", {"day": second.day, "period": "3", "version": 1})
    assert clash.status == 409
    error = (await clash.json())["error"]
    assert (error["code"], error["params"]["lesson"]) == ("booking.clash", "三年级数学")
    await made(await admin.post(f"/lessons/{first.id}/move", {"day": second.day, "begins": "13:00", "ends": "13:40", "version": 1}))
    stale = await admin.post(f"/lessons/{first.id}/move", {"day": second.day, "begins": "15:00", "ends": "15:40", "version": 1})
    assert (stale.status, (await stale.json())["error"]["code"]) == (409, "edit.conflict")
    await made(await admin.post(f"/lessons/{second.id}/substitute", {"teacher": "x2.teacher", "version": 1}))
    await made(await admin.post(f"/lessons/{third.id}/cancel", {"version": 1}))
    again = {one.id: one for one in await schedule.of_course(new)}
    assert (again[second.id].teacher, again[second.id].instead_of) == ("x2.teacher", "x1.teacher")
    assert again[third.id].phase == "cancelled"
    await made(await admin.post(f"/lessons/{first.id}/move", {"day": third.day, "period": "3", "version": 2}))
    assert "三年级数学" in await text(town.browser("x2.teacher"), f"/timetable?day={second.day}")
    assert "三年级数学" in await text(town.browser("x2.assistant"), f"/timetable?day={second.day}")
    assert (await town.browser("y.admin").get(f"/lessons/{second.id}", page=True)).status == 404


@pytest.mark.parametrize(
    ("who", "path", "tiers"),
    [
        ("x1.teacher", "/orgs/x1", []),
        ("x1.assistant", "/orgs/x1", []),
        ("x.inspector", "/orgs/x", []),
        ("x.inspector", "/orgs/x1", []),
        ("x.librarian", "/orgs/x", []),
        ("x1.admin", "/orgs/x1", ["point"]),
        ("x.admin", "/orgs/x2", ["point"]),
        ("x.admin", "/orgs/x", ["school"]),
        ("n.admin", "/orgs/d", ["county", "school"]),
    ],
)
async def test_only_who_may_add_an_organisation_is_offered_the_form(town: Town, who: str, path: str, tiers: list[str]) -> None:
    page = await text(town.browser(who), path)
    assert (f'action="{path}/children"' in page) is bool(tiers)
    assert ("添加下级单位" in page) is bool(tiers)
    assert re.findall(r'<option value="(nation|province|city|county|school|point)"', page) == tiers


async def test_a_page_says_its_name_once_and_has_no_empty_heading(town: Town) -> None:
    page = await text(town.browser("x2.assistant"), "/orgs/x2")
    assert page.count(">石桥二小<") == 1, "no trail of one"
    assert "下级单位" not in page
    assert "下级单位</h2>" not in await text(town.browser("x2.admin"), "/orgs/x2")
    assert "下级单位</h2>" in await text(town.browser("x1.admin"), "/orgs/x1"), "it has a teaching point"
    assert 'aria-current="page">石桥二小<' in await text(town.browser("x.admin"), "/orgs/x2")


@both_databases
async def test_people_are_invited_and_get_in_once(town: Town) -> None:
    admin = town.browser("x1.admin")
    new = (await made(await admin.post("/people", {"name": "王芳", "org": "x1", "role": "teacher", "number": "33010219800101"})))["id"]
    page = await (await admin.post(f"/people/{new}/invite", {"kind": "invitation"}, page=True)).text()
    token = re.search(r"/slip/([\w.-]+)", page)[1]  # type: ignore[index]
    guest = Browser(town.web, {})
    taken = await guest.get(f"/slip/{token}", page=True)
    assert (taken.status, taken.headers["Location"]) == (303, "/slip")
    guest.cookies["ss_slip"] = token
    assert "王芳" not in await text(guest, "/slip")
    weak = await guest.post("/slip", {"login": "wang.fang", "password": "wang.fang1"}, csrf=False)
    assert (await weak.json())["error"]["fields"]["password"]["code"] == "common"
    entered = await guest.post("/slip", {"login": "wang.fang", "password": "石桥的春天很长"}, csrf=False)
    assert entered.status == 422  # ten characters at least
    entered = await guest.post("/slip", {"login": "wang.fang", "password": "石桥的春天真的很长很长"}, csrf=False)
    assert entered.status == 200, await entered.text()
    session = entered.cookies["ss_session"].value
    assert "王芳" in await text(Browser(town.web, {"ss_session": session}), "/self")
    assert (await guest.get(f"/slip/{token}", page=True)).status == 401
    bad = await guest.post("/login", {"login": "wang.fang", "password": "wrong password"}, csrf=False)
    assert (bad.status, (await bad.json())["error"]["code"]) == (401, "login.wrong")
    good = await guest.post("/login", {"login": "WANG.fang", "password": "石桥的春天真的很长很长"}, csrf=False)
    assert good.status == 200
    listed = await text(admin, "/people?search=王")
    assert "王芳" in listed
    assert "33010219800101" not in listed


@both_databases
@pytest.mark.parametrize(
    "nasty", ["<script>alert(1)</script>", "'; DROP TABLE org; --", "../../etc/passwd", "=cmd|' /C calc'!A1", "名\u202e字"]
)
async def test_nasty_names_are_only_names(town: Town, nasty: str) -> None:
    admin = town.browser("x.admin")
    answer = await admin.post("/orgs/x/children", {"name": nasty, "code": "N-1", "tier": "school"})
    if "\u202e" in nasty:
        assert (await answer.json())["error"]["fields"] == {"name": (await answer.json())["error"]["fields"]["name"]}
        return
    page = await text(admin, f"/orgs/{(await made(answer))['id']}")
    assert "<script>alert" not in page
    assert len(re.findall("<h1>", page)) == 1


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        ("x.admin", "/orgs/x1", 200),
        ("x1.teacher", "/orgs/x1", 200),
        ("x1.teacher", "/orgs/x2", 404),
        ("y.admin", "/orgs/x1", 404),
        ("y.admin", "/rooms/x1.r1", 404),
        ("y.admin", "/classes/x1.c1", 404),
        ("y.admin", "/people/x1.teacher", 404),
        ("y.admin", "/groups/g.x", 404),
        ("x1.admin", "/people/x1.teacher", 200),
        ("x1.admin", "/people/x.admin", 404),
        ("x1.teacher", "/people", 403),
        ("x1.c1.s1", "/orgs/x1", 404),
        ("x.inspector", "/orgs/x1/calendar", 200),
        ("x.admin", "/orgs/nowhere", 404),
        ("x.admin", "/orgs/%00", 404),
    ],
)
async def test_who_may_see_what(town: Town, who: str, path: str, status: int) -> None:
    assert (await town.browser(who).get(path, page=True)).status == status


@pytest.mark.parametrize(
    ("who", "path", "form", "status"),
    [
        ("x1.teacher", "/orgs/x1", {"name": "a", "code": "b", "version": 1}, 403),
        ("y.admin", "/orgs/x1", {"name": "a", "code": "b", "version": 1}, 404),
        ("x1.admin", "/orgs/x1/children", {"name": "a", "code": "b", "tier": "school"}, 403),
        ("x1.admin", "/orgs/x1/children", {"name": "a", "code": "b", "tier": "point"}, 200),
        ("x.admin", "/orgs/x1", {"name": "a", "code": "C-x2", "version": 1}, 409),
        ("x.admin", "/orgs/x1", {"name": "a", "code": "b", "version": 7}, 409),
        ("x.admin", "/orgs/x1", {"name": "", "code": "b c", "version": "x"}, 422),
        ("x1.admin", "/people/x1.teacher/roles", {"role": "admin", "org": "x"}, 404),
        ("x1.admin", "/people/x1.teacher/roles", {"role": "admin", "org": "x1"}, 200),
        ("n.admin", "/people/n.admin/disable", {"disabled": "1", "version": 1}, 409),
    ],
)
async def test_who_may_change_what(town: Town, who: str, path: str, form: dict[str, Any], status: int) -> None:
    browser = town.browser(who)
    assert (await browser.post(path, form, csrf=False)).status == 403
    answer = await browser.post(path, form)
    assert answer.status == status, await answer.text()


@both_databases
async def test_a_refused_form_comes_again_with_what_was_typed(town: Town) -> None:
    answer = await town.browser("x.admin").post("/orgs/x/children", {"name": "新学校", "code": "C-x2", "tier": "school"}, page=True)
    page = await answer.text()
    assert answer.status == 409
    assert 'value="新学校"' in page
    assert 'aria-invalid="true"' in page
