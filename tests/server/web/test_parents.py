"""Parents through the public door: from the printed slip to the child's week, and never further."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import update

from server.store import tables as t
from server.web import keys
from tests.server.services import PASSWORD
from tests.server.web.conftest import Town
from tests.server.web.keeping import Keeping

FORM = {"login": "zhang.baba", "password": PASSWORD, "name": "张爸爸"}


async def printed(town: Town, student: str = "x1.c1.s2", who: str = "x1.assistant") -> str:
    """The token on a printed slip."""
    group = student.rpartition(".")[0]
    page = await (await town.browser(who).post(f"/classes/{group}/slips", {"student": student}, page=True)).text()
    (token,) = re.findall(r"/slip/([\w.-]+)", page)
    return token


async def opened(town: Town, token: str, who: str | None = None) -> Keeping:
    """A parent's phone that has scanned the slip; the token has left the address bar."""
    phone = Keeping(town.web, town.world.cookies(who) if who else {})
    response = await phone.get(f"/slip/{token}", page=True)
    assert (response.status, response.headers["Location"]) == (303, "/slip")
    return phone


async def text(browser: Keeping, path: str) -> str:
    response = await browser.get(path, page=True)
    assert response.status == 200, (path, response.status)
    return await response.text()


async def test_from_the_slip_to_the_childs_week(town: Town) -> None:
    phone = await opened(town, await printed(town))
    page = await text(phone, "/slip")
    assert "石桥中心小学" in page
    assert "02 号 学" in page
    assert "学生x1.c1.s2" not in page  # masked: whoever found the paper learns no name
    weak = await phone.post("/slip", {**FORM, "password": "zhang.baba1"}, page=True, csrf=False)
    assert weak.status == 422
    assert 'value="zhang.baba"' in await weak.text()
    assert (await phone.post("/slip", FORM, csrf=False)).status == 200
    assert "ss_slip" not in phone.cookies
    home = await phone.get("/", page=True)
    assert (home.status, home.headers["Location"]) == (303, "/child")
    week = await text(phone, "/child")
    assert "学生x1.c1.s2" in week
    assert "分数的认识" in week
    assert 'href="/child" aria-current="page"' in week
    for nobody in ("x1.c1.s1", "x1.c1.s3", "二小", "红旗", "姓名", "1号"):
        assert nobody not in week
    assert "张爸爸" in await text(phone, "/self")


async def test_the_class_page_prints_for_all_and_shows_who_is_bound(town: Town) -> None:
    assistant = town.browser("x1.assistant")
    page = await (await assistant.post("/classes/x1.c1/slips", page=True)).text()
    assert len(set(re.findall(r"/slip/([\w.-]+)", page))) == 5
    assert page.count("<svg") >= 5
    links = (await (await assistant.post("/classes/x1.c1/slips")).json())["slips"]
    assert [one["number"] for one in links] == ["01", "02", "03", "04", "05"]
    shown = await (await assistant.get("/classes/x1.c1", page=True)).text()
    assert "解除 x1.c1.s1.parent" in shown
    assert 'action="/classes/x1.c1/slips"' not in await (await town.browser("x1.teacher").get("/classes/x1.c1", page=True)).text()
    assert (await assistant.post("/classes/x1.c1/parents/end", {"assignment": "a.x1.c1.s1.parent"})).status == 200
    assert "解除" not in await (await assistant.get("/classes/x1.c1", page=True)).text()
    assert (await town.browser("x1.c1.s1.parent").get("/child")).status == 403


async def test_a_slip_counts_once_in_two_browsers(town: Town) -> None:
    token = await printed(town)
    phones = [await opened(town, token) for _ in range(3)]
    found = await asyncio.gather(*(phone.post("/slip", {**FORM, "login": f"parent.{n}"}, csrf=False) for n, phone in enumerate(phones)))
    assert sorted(response.status for response in found) == [200, 401, 401]
    assert (await Keeping(town.web, {}).get(f"/slip/{token}", page=True)).status == 401


async def test_somebody_with_an_account_binds_with_a_button(town: Town) -> None:
    phone = await opened(town, await printed(town, "x2.c1.s3", "x2.assistant"), "x1.c1.s1.parent")
    page = await text(phone, "/slip")
    assert 'action="/slip/bind"' in page
    assert 'name="password"' not in page
    assert (await phone.post("/slip/bind", csrf=False)).status == 403
    assert (await phone.post("/slip/bind")).status == 200
    week = await text(phone, "/child")
    assert "学生x1.c1.s1" in week
    assert "学生x2.c1.s3" in week


async def test_without_a_login_nothing_is_bound(town: Town) -> None:
    phone = await opened(town, await printed(town))
    assert 'href="/login?next=/slip"' in await text(phone, "/slip")
    assert (await phone.post("/slip/bind")).status == 401


async def test_a_teacher_who_is_a_parent_keeps_the_own_home(town: Town) -> None:
    phone = await opened(town, await printed(town), "x2.teacher")
    assert (await phone.post("/slip/bind")).status == 200
    assert (await phone.get("/", page=True)).status == 200
    assert 'href="/child"' in await text(phone, "/")
    assert "学生x1.c1.s2" in await text(phone, "/child")


@pytest.mark.parametrize("who", ["x1.teacher", "n.admin", "x1.c1.s1"])
async def test_the_childs_week_is_for_parents(town: Town, who: str) -> None:
    assert (await town.browser(who).get("/child", page=True)).status == 403
    assert 'href="/child"' not in await (await town.browser(who).get("/", page=True)).text()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/orgs/x1", 404), ("/classes/x1.c1", 404), ("/people", 403), ("/people/x1.teacher", 404), ("/audit", 403), ("/rooms/x1.r1", 404)],
)
async def test_a_parent_goes_no_further(town: Town, path: str, status: int) -> None:
    assert (await town.browser("x1.c1.s1.parent").get(path, page=True)).status == status


async def test_parents_are_not_among_the_staff(town: Town) -> None:
    page = await (await town.browser("x1.admin").get("/people", page=True)).text()
    assert "x1.teacher" in page
    assert ".parent" not in page
    assert (await town.browser("x1.admin").get("/people/x1.c1.s1.parent", page=True)).status == 200  # an admin can still help


@pytest.mark.parametrize(("day", "status"), [("2026-13-01", 422), ("x", 422), ("1066-01-01", 422), ("2026-09-21", 200)])
async def test_weeks_of_other_days(town: Town, day: str, status: int) -> None:
    assert (await town.browser("x1.c1.s1.parent").get(f"/child?day={day}", page=True)).status == status


async def test_a_child_that_left_is_gone_at_once(town: Town) -> None:
    parent = town.browser("x1.c1.s1.parent")
    assert (await parent.get("/child", page=True)).status == 200
    await town.web.app[keys.STORE].database.execute(update(t.student).where(t.student.c.id == "x1.c1.s1").values(left_at=1))
    assert (await parent.get("/child", page=True)).status == 403
    home = await parent.get("/", page=True)
    assert home.status == 200
    assert "分数的认识" not in await home.text()


@pytest.mark.parametrize("nasty", ["<script>alert(1)</script>", "'; DROP TABLE person; --", "{{ 7*7 }}"])
async def test_nasty_names_are_only_names(town: Town, nasty: str) -> None:
    phone = await opened(town, await printed(town))
    assert (await phone.post("/slip", {**FORM, "name": nasty}, csrf=False)).status == 200
    page = await text(phone, "/self")
    assert "<script>alert" not in page


@pytest.mark.parametrize("form", [{**FORM, "login": "a b"}, {**FORM, "login": ""}, {**FORM, "name": "a" * 61}, {**FORM, "role": "admin"}])
async def test_bad_forms_name_their_fields(town: Town, form: dict[str, str]) -> None:
    phone = await opened(town, await printed(town))
    assert (await phone.post("/slip", form, csrf=False)).status == 422
