"""The second factor on its pages: codes are shown once, one lets its owner in, an admin helps who lost them all."""

from __future__ import annotations

import re
import time

import pyotp
import pytest
from sqlalchemy import update

from server.store import tables as t
from server.web import keys
from tests.harness.postgres import both_databases
from tests.server.services import PASSWORD, QUICK
from tests.server.web.conftest import Town
from tests.server.web.keeping import Keeping

pytestmark = both_databases

ME = "x1.teacher"


async def enrol(town: Town, browser: Keeping) -> tuple[str, list[str]]:
    """Turn the second factor on; its secret and the codes on the page that answers."""
    secret = re.search(r'name="secret" value="(\w+)"', await (await browser.get("/self/totp", page=True)).text())[1]  # type: ignore[index]
    code = pyotp.TOTP(secret).at(int(time.time()))
    form = {"secret": secret, "code": code, "password": PASSWORD}
    answer = await browser.post("/self/totp", form, page=True)
    page = await answer.text()
    assert answer.status == 200, page
    assert answer.headers["Cache-Control"] == "no-store"
    codes = re.findall(r'<li class="code">(\d{4} \d{4} \d{4})</li>', page)
    assert len(codes) == 10
    assert f'value="{browser.token}"' in page  # the new session's token: its button to log out works
    return secret, codes


async def teacher(town: Town) -> Keeping:
    kept = await QUICK.hash(PASSWORD)
    await town.web.app[keys.STORE].database.execute(update(t.person).where(t.person.c.id == ME).values(password_hash=kept))
    return Keeping(town.web, town.world.cookies(ME))


async def halfway(town: Town) -> Keeping:
    browser = Keeping(town.web, {})
    answer = await browser.post("/login?next=/timetable", {"login": ME, "password": PASSWORD}, page=True, csrf=False)
    assert answer.headers["Location"] == "/login/code?next=%2Ftimetable"
    return browser


async def test_codes_are_shown_once_and_one_lets_in(town: Town) -> None:
    browser = await teacher(town)
    assert "/self/recovery" not in await (await browser.get("/self", page=True)).text()
    _, codes = await enrol(town, browser)
    own = await (await browser.get("/self", page=True)).text()
    assert "恢复码 · 10" in own
    assert codes[0] not in own + await (await browser.get("/self/recovery", page=True)).text()
    lost = await halfway(town)
    assert "恢复码" in await (await lost.get("/login/code?next=/timetable", page=True)).text()
    answer = await lost.post("/login/code?next=/timetable", {"code": codes[0]}, page=True)
    assert (answer.status, answer.headers["Location"]) == (303, "/timetable")
    assert "还剩 9 个" in await (await lost.get("/self/recovery", page=True)).text()
    again = await halfway(town)
    assert (await again.post("/login/code", {"code": codes[0]})).status == 401


async def test_guesses_make_one_wait(town: Town) -> None:
    browser = await teacher(town)
    _, codes = await enrol(town, browser)
    lost = await halfway(town)
    found = [(await lost.post("/login/code", {"code": f"{n:012}"})).status for n in range(11)]
    assert found == [401] * 10 + [429]
    assert (await lost.post("/login/code", {"code": codes[0]})).status == 429


async def test_new_codes_are_made_with_a_code(town: Town) -> None:
    browser = await teacher(town)
    _, codes = await enrol(town, browser)
    assert (await browser.post("/self/recovery", {"code": codes[0]}, csrf=False)).status == 403
    wrong = await browser.post("/self/recovery", {"code": "1"}, page=True)
    assert wrong.status == 422
    new = (await (await browser.post("/self/recovery", {"code": codes[0]})).json())["codes"]
    assert len(new) == 10
    assert not set(new) & set(codes)
    assert (await (await halfway(town)).post("/login/code", {"code": codes[1]})).status == 401
    assert (await (await halfway(town)).post("/login/code", {"code": new[1]})).status == 200


async def test_before_the_code_there_are_no_new_ones(town: Town) -> None:
    await enrol(town, await teacher(town))
    lost = await halfway(town)
    answer = await lost.get("/self/recovery", page=True)
    assert (answer.status, answer.headers["Location"]) == (303, "/login/code")
    assert (await lost.post("/self/recovery", {"code": "1"})).status == 403


@pytest.mark.parametrize(("who", "status"), [(ME, 404), ("x1.c1.s1", 404), (None, 401)])
async def test_without_a_second_factor_there_is_no_page(town: Town, who: str | None, status: int) -> None:
    assert (await town.browser(who).get("/self/recovery")).status == status


async def test_an_admin_removes_it(town: Town) -> None:
    browser = await teacher(town)
    await enrol(town, browser)
    admin = town.browser("x1.admin")
    assert "清除两步验证" in await (await admin.get(f"/people/{ME}", page=True)).text()
    for who, status in (("x1.assistant", 404), ("y.admin", 404), ("x.inspector", 403)):
        assert (await town.browser(who).post(f"/people/{ME}/reset", {"what": "totp"})).status == status
    assert (await admin.post(f"/people/{ME}/reset", {"what": "everything"})).status == 422
    assert (await admin.post(f"/people/{ME}/reset", {"what": "totp"}, csrf=False)).status == 403
    assert (await admin.post(f"/people/{ME}/reset", {"what": "totp"}, page=True)).status == 303
    assert (await browser.get("/self", page=True)).status == 303
    answer = await Keeping(town.web, {}).post("/login", {"login": ME, "password": PASSWORD}, page=True, csrf=False)
    assert answer.headers["Location"] == "/"
    assert "清除两步验证" not in await (await admin.get(f"/people/{ME}", page=True)).text()


async def test_an_unattended_session_adds_and_replaces_no_second_factor(town: Town) -> None:
    browser = await teacher(town)
    page = await (await browser.get("/self/totp", page=True)).text()
    assert 'name="password"' in page
    secret = re.search(r'name="secret" value="(\w+)"', page)[1]  # type: ignore[index]
    form = {"secret": secret, "code": pyotp.TOTP(secret).at(int(time.time()))}
    for more, wrong in (({}, "password"), ({"password": "wrong"}, "password")):
        answer = await browser.post("/self/totp", form | more)
        assert (answer.status, set((await answer.json())["error"]["fields"])) == (422, {wrong})
    again = await browser.post("/self/totp", form, page=True)
    shown = await again.text()
    assert again.status == 422
    assert secret in shown, "the picture that was scanned already goes on counting"
    assert "恢复码" not in shown
    _, codes = await enrol(town, browser)
    page = await (await browser.get("/self/totp", page=True)).text()
    assert ('name="current"' in page, 'name="password"' in page) == (True, False)
    other = re.search(r'name="secret" value="(\w+)"', page)[1]  # type: ignore[index]
    form = {"secret": other, "code": pyotp.TOTP(other).at(int(time.time()))}
    for more in ({}, {"password": PASSWORD}, {"current": "000000"}):
        answer = await browser.post("/self/totp", form | more)
        assert (answer.status, set((await answer.json())["error"]["fields"])) == (422, {"current"})
    assert (await browser.post("/self/totp", form | {"current": codes[0]})).status == 200


async def test_an_account_without_a_password_is_asked_to_log_in_afresh(town: Town) -> None:
    browser = Keeping(town.web, town.world.cookies(ME))
    page = await (await browser.get("/self/totp", page=True)).text()
    assert ('name="current"' in page, 'name="password"' in page) == (False, False)
    await town.web.app[keys.STORE].database.execute(update(t.session).values(created=1))
    secret = re.search(r'name="secret" value="(\w+)"', page)[1]  # type: ignore[index]
    answer = await browser.post("/self/totp", {"secret": secret, "code": pyotp.TOTP(secret).at(int(time.time()))}, page=True)
    assert answer.status == 401
    assert "要刚登录才行" in await answer.text()
