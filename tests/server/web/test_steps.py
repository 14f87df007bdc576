"""Whoever has only the password of an account with a second factor may type the code or leave, and nothing else."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from server.accounts import totp
from server.store import tables as t
from server.web import keys
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Browser, Town, error_code

ME = "x1.teacher"


async def half_in(town: Town) -> Browser:
    """A browser whose session waits for the code."""
    database, contents = town.web.app[keys.STORE].database, town.web.app[keys.CONTENTS]

    async def write(connection) -> None:
        kept = await contents.put(connection, "totp", ME, totp.new_secret())
        await connection.execute(update(t.person).where(t.person.c.id == ME).values(totp=kept.id))
        await connection.execute(update(t.session).where(t.session.c.person == ME).values(second_factor=False))

    await database.write(write)
    return town.browser(ME)


@pytest.mark.parametrize("path", ["/self", "/self/password", "/self/totp", "/timetable/feed", "/timetable", "/people"])
async def test_no_page_is_open_before_the_code(town: Town, path: str) -> None:
    browser = await half_in(town)
    answer = await browser.get(path)
    assert (answer.status, await error_code(answer)) == (403, "login.step")
    led = await browser.get(path, page=True)
    assert (led.status, led.headers["Location"]) == (303, "/login/code")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/self/password", {"old": "a long enough word", "password": "another long word"}),
        ("/self/sessions", {}),
        ("/self/totp", {"secret": "A" * 32, "code": "000000"}),
        ("/timetable/feed", {}),
    ],
)
async def test_nothing_is_changed_before_the_code(town: Town, path: str, form: dict[str, str]) -> None:
    browser = await half_in(town)
    answer = await browser.post(path, form)
    assert (answer.status, await error_code(answer)) == (403, "login.step")
    assert await town.web.app[keys.STORE].database.read(select(t.feed)) == []


@both_databases
async def test_the_code_and_the_way_out_are_open(town: Town) -> None:
    browser = await half_in(town)
    assert (await browser.get("/login/code", page=True)).status == 200
    assert (await browser.post("/login/code", {"code": "000000"})).status == 401
    assert (await browser.post("/logout")).status == 200
    assert (await browser.get("/login/code", page=True)).status == 303


@both_databases
async def test_an_admin_without_a_second_factor_enrols_first(town: Town) -> None:
    database = town.web.app[keys.STORE].database
    await database.execute(update(t.session).where(t.session.c.person == "x1.admin").values(second_factor=False))
    browser = town.browser("x1.admin")
    for path, status in (("/self/totp", 200), ("/self/password", 200), ("/timetable/feed", 303), ("/orgs/x1", 303)):
        assert (await browser.get(path, page=True)).status == status, path
