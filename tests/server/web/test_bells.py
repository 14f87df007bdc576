"""Course and lesson pages name the remote schools that ring otherwise, each to who may see them (S6, S9)."""

from __future__ import annotations

import datetime as dt

from server.store.schedule import Schedule
from server.web import keys
from tests.server.web.conftest import Town
from tests.server.web.test_office import course, made, text


async def test_another_bell_is_named_before_and_after_publishing(town: Town) -> None:
    admin = town.browser("x.admin")
    new = await course(admin)
    assert "作息" not in (await text(admin, f"/courses/{new}")).partition("<h1>")[2]
    since = (dt.date.today() - dt.timedelta(days=2)).isoformat()
    await made(await admin.post("/orgs/x2/bells", {"name": "B", "valid_from": since, "lines": "09:00-09:40 10:10-10:50"}))
    page = await text(admin, f"/courses/{new}")
    assert "石桥二小 1号教室 · 10:00–10:40 · 那边第 2 节 10:10–10:50" in page
    assert page.count("那边") == 1, "once, not for each lesson"
    await made(await admin.post(f"/courses/{new}/publish"))
    assert "那边" not in await text(admin, f"/courses/{new}")
    lesson = (await Schedule(town.web.app[keys.STORE].database).of_course(new))[0]
    for who, words in (("x.admin", 1), ("x2.assistant", 1), ("x1.teacher", 1)):
        assert (await text(town.browser(who), f"/lessons/{lesson.id}")).count("那边第 2 节") == words
    english = await admin.get(f"/lessons/{lesson.id}", page=True, headers={"Accept-Language": "en"})
    assert "their period 2, 10:10–10:50" in await english.text()
