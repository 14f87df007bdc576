"""The people's pages: nobody and no school is left out, however many there are; the next step is at the top."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert

from server.accounts import directory
from server.store import tables as t
from server.web import keys
from server.web.people import places
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Browser, Town

pytestmark = both_databases


async def text(browser: Browser, path: str, status: int = 200) -> str:
    answer = await browser.get(path, page=True)
    page = await answer.text()
    assert answer.status == status, page
    return page


async def crowd(town: Town, many: int) -> None:
    """People of school x1 more, with logins and no readable names."""
    rows = [{"id": f"p{n:05}", "org": "x1", "login": f"crowd{n:05}", "name": "none", "created": 0} for n in range(many)]
    await town.web.app[keys.STORE].database.write(lambda connection: connection.execute(insert(t.person), rows))


async def test_the_way_to_add_somebody_is_in_the_head_of_the_page(town: Town) -> None:
    admin = town.browser("x1.admin")
    page = await text(admin, "/people")
    head = re.search(r'<div class="page-head">.*?</div>', page, re.S)
    assert head
    assert 'href="/people?add=1"' in head[0]
    assert 'action="/people"' in page
    assert 'method="post" action="/people"' not in page
    search = re.search(r'<form[^>]*role="search".*?</form>', page, re.S)
    assert search
    assert "可不填" not in search[0]
    form = await text(admin, "/people?add=1")
    assert 'method="post" action="/people"' in form
    assert form.index('method="post" action="/people"') < form.index('role="search"')
    refused = await admin.post("/people", {"name": "王芳", "org": "x1", "login": "?"}, page=True)
    again = await refused.text()
    assert refused.status == 422
    assert 'value="王芳"' in again
    for who in ("x.inspector",):
        page = await text(town.browser(who), "/people?add=1")
        assert "/people?add=1" not in page
        assert 'method="post" action="/people"' not in page


async def test_pages_of_many_people_keep_what_was_asked(town: Town) -> None:
    await crowd(town, 230)
    admin = town.browser("x.admin")
    first = await text(admin, "/people?org=x1")
    assert "1 / 3" in first
    following = re.search(r'href="(\?[^"]*page=1)"', first)
    assert following
    second = await text(admin, "/people" + following[1].replace("&amp;", "&"))
    assert "2 / 3" in second
    logins = [set(re.findall(r"<td>(crowd\d+)</td>", page)) for page in (first, second)]
    assert logins[0]
    assert not logins[0] & logins[1]
    assert "crowd00229" in await text(admin, "/people?search=crowd00229")
    assert "crowd" not in await text(admin, "/people?org=x2")
    assert "crowd" not in await text(admin, "/people?org=C-x2")
    assert await text(admin, "/people?org=y1", 404)


async def test_too_many_to_search_is_said_in_words(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "MOST_SEARCHED", 3)
    page = await text(town.browser("x.admin"), "/people?search=姓名", 422)
    assert "请先选一个单位" in page
    assert "没有" not in re.sub(r"<[^>]+>", "", page.partition("<main")[2])
    assert "姓名x2.teacher" in await text(town.browser("x.admin"), "/people?search=姓名&org=x2")


async def test_more_schools_than_a_list_holds_are_named_by_their_code(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = town.browser("x.admin")
    page = await text(admin, "/people?add=1")
    assert page.count('<option value="x2"') == 2  # where to look, and where to add
    monkeypatch.setattr(places, "MOST_PLACES", 3)
    page = await text(admin, "/people?add=1")
    assert '<option value="x2"' not in page
    assert 'name="org"' in page
    made = await admin.post("/people", {"name": "王芳", "org": "C-x2", "role": "teacher"})
    assert made.status == 200
    new = (await made.json())["id"]
    assert "石桥二小" in await text(admin, f"/people/{new}")
    assert (await admin.post(f"/people/{new}/roles", {"role": "assistant", "org": "C-x1"})).status == 200
    for code in ("C-y1", "C-none"):
        for path, form in (("/people", {"name": "甲", "org": code}), (f"/people/{new}/roles", {"role": "assistant", "org": code})):
            answer = await admin.post(path, form)
            assert (answer.status, set((await answer.json())["error"]["fields"])) == (422, {"org"})
    assert (await admin.post("/people", {"name": "甲", "org": "y1"})).status == 404
