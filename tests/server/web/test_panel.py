"""The assistant's panel on the big screen: the room's PIN, and nothing else, opens the console there (S3)."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import aiohttp
import pytest
from sqlalchemy import update

from server.accounts.panel import VALID_MS
from server.accounts.throttle import FREE
from server.accounts.tokens import PanelPaper
from server.store import tables as t
from server.web import keys
from tests.server.web.conftest import Browser, Town, error_code

PIN = "4071"


class Screen(Browser):
    """A paired PC in a room of lesson.x."""

    async def type_pin(self, pin: Any, query: str = "?a=me-classroom") -> aiohttp.ClientResponse:
        response = await self._ask("POST", f"/class/lesson.x/panel{query}", json={"pin": pin})
        held = SimpleCookie(response.headers.get("Set-Cookie", ""))
        self.cookies = {**self.cookies, **{name: one.value for name, one in held.items()}}
        return response

    async def close(self) -> int:
        response = await self._ask("POST", "/class/lesson.x/panel/close?a=me-classroom")
        held = SimpleCookie(response.headers.get("Set-Cookie", ""))
        self.cookies = {name: value for name, value in self.cookies.items() if name not in held or held[name].value}
        return response.status

    async def console(self) -> aiohttp.ClientResponse:
        return await self.get("/assist/lesson.x?a=panel", page=True)


async def screen(town: Town, who: str = "x2.d1", pin: str = PIN) -> Screen:
    """The PC, after an assistant of its school has set a PIN."""
    assert (await town.browser("x2.assistant").post("/rooms/x2.r1/pin", {"pin": pin})).status == 200
    return Screen(town.web, town.world.cookies(who))


async def test_the_pin_opens_the_console_inside_the_screen(town: Town) -> None:
    pc = await screen(town)
    first = await pc.get("/class/lesson.x?a=me-classroom", page=True)
    assert "frame-src 'self'; frame-ancestors 'none'" in first.headers["Content-Security-Policy"]
    assert (await pc.console()).status in (303, 401)
    opened = await pc.type_pin(PIN)
    assert (opened.status, await opened.json()) == (200, {"address": "/assist/lesson.x?a=panel"})
    flags = opened.headers["Set-Cookie"].lower()
    assert "httponly" in flags
    assert "samesite=strict" in flags
    page = await pc.console()
    assert page.status == 200
    assert '"role": "assistant"' in await page.text()
    assert '"participant": "pt.x2"' in await page.text()
    assert "frame-src 'none'; frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
    own = await town.browser("x2.assistant").get("/assist/lesson.x?a=me-assistant", page=True)
    assert "frame-ancestors 'none'" in own.headers["Content-Security-Policy"]


@pytest.mark.parametrize("pin", ["0000", "", "40710", "٤٠٧١", "x" * 64])
async def test_another_pin_opens_nothing(town: Town, pin: str) -> None:
    pc = await screen(town)
    answer = await pc.type_pin(pin)
    assert (answer.status, await error_code(answer)) == (422, "panel.wrong_pin")
    assert (await pc.console()).status in (303, 401)


@pytest.mark.parametrize("body", [None, 4071, "x" * 65, ["4071"]])
async def test_what_is_no_pin_is_a_bad_request(town: Town, body: Any) -> None:
    assert (await (await screen(town)).type_pin(body)).status == 400


async def test_guessing_is_slowed_down(town: Town) -> None:
    pc = await screen(town)
    codes = [await error_code(await pc.type_pin(f"{guess:04}")) for guess in range(7)]
    assert codes[:5] == ["panel.wrong_pin"] * 5
    assert codes[-1] == "request.too_many"
    assert await error_code(await pc.type_pin(PIN)) == "request.too_many", "the right one waits as well"


async def test_whoever_guesses_at_one_screen_shuts_the_panel_of_no_other(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link into the room, entered again and again, is one screen."""
    pc = await screen(town)
    link = await town.web.link("lesson.x", "classroom", "石桥二小 1号教室")

    async def other() -> tuple[Screen, str]:
        entered = await Browser(town.web, {}).get(f"/join/{town.web.signer.link_token(link)}", page=True)
        cookies = {name: morsel.value for name, morsel in entered.cookies.items()}
        return Screen(town.web, cookies), "?" + entered.headers["Location"].partition("?")[2]

    codes = []
    for guess in range(7):
        guesser, query = await other()
        codes.append(await error_code(await guesser.type_pin(f"{guess:04}", query)))
    assert codes == ["panel.wrong_pin"] * 5 + ["request.too_many"] * 2
    assert (await pc.type_pin(PIN)).status == 200
    monkeypatch.setitem(FREE, "pins", 5)
    assert await error_code(await pc.type_pin(PIN)) == "request.too_many", "of a room there is a limit too"


async def test_without_a_pin_it_stays_shut(town: Town) -> None:
    pc = await screen(town)
    assert (await town.browser("x2.assistant").post("/rooms/x2.r1/pin", {"pin": ""})).status == 200
    assert await error_code(await pc.type_pin(PIN)) == "panel.no_pin"
    other = Screen(town.web, town.world.cookies("y1.d1"))
    assert await error_code(await other.type_pin(PIN)) == "panel.no_pin"
    same = await town.browser("x2.assistant").post("/rooms/x2.r1/pin", {"pin": "7777"})
    assert (await same.json())["error"]["fields"]["pin"]["code"] == "common"


async def test_an_open_panel_is_worth_nothing_without_its_screen(town: Town) -> None:
    pc = await screen(town)
    await pc.type_pin(PIN)
    stolen = {"ss_panel": pc.cookies["ss_panel"]}
    for who in (None, "y1.d1", "x2.c1.s1"):
        thief = Screen(town.web, {**(town.world.cookies(who) if who else {}), **stolen})
        assert (await thief.console()).status in (303, 401, 403, 404)
    await town.web.app[keys.STORE].database.execute(update(t.device).where(t.device.c.id == "x2.d1").values(revoked_at=1))
    assert (await pc.console()).status in (303, 401)


async def test_whoever_types_the_address_of_a_closed_panel_sees_nothing(town: Town) -> None:
    pc = await screen(town)
    await pc.type_pin(PIN)
    assert (await pc.console()).status == 200
    assert await pc.close() == 204
    assert (await pc.console()).status in (303, 401)
    assert await pc.close() == 204, "closing twice harms nobody"
    assistant = Screen(town.web, town.world.cookies("x2.assistant"))
    response = await assistant._ask("POST", "/class/lesson.x/panel/close?a=me-assistant")
    assert response.status == 403


async def test_a_panel_keeps_nothing_on_its_pc(town: Town) -> None:
    pc = await screen(town)
    await pc.type_pin(PIN)
    assert (await pc.get("/assist/lesson.x/day?a=panel")).status == 403


async def test_another_pin_shuts_what_the_old_one_opened(town: Town) -> None:
    pc = await screen(town)
    await pc.type_pin(PIN)
    assert (await pc.console()).status == 200
    for pin in ("9182", ""):
        assert (await town.browser("x2.assistant").post("/rooms/x2.r1/pin", {"pin": pin})).status == 200
        assert (await pc.get("/assist/lesson.x?a=panel")).status == 401


async def test_it_is_over_after_a_quarter_of_an_hour(town: Town) -> None:
    pc = await screen(town)
    now = town.web.app[keys.OFFICE].now()
    await pc.type_pin(PIN)
    good = town.web.signer.read_panel(pc.cookies["ss_panel"])
    for opened, status in ((now - VALID_MS + 60_000, 200), (now - VALID_MS - 1, 401), (now + 3_600_000, 401)):
        paper = PanelPaper(good.lesson, good.participant, good.screen, good.room, good.pin, opened)
        pc.cookies = {**pc.cookies, "ss_panel": town.web.signer.panel_cookie(paper)}
        assert (await pc.get("/assist/lesson.x?a=panel")).status == status
    for lesson, participant in (("lesson.y", "pt.x2"), ("lesson.x", "pt.y1")):
        paper = PanelPaper(lesson, participant, good.screen, good.room, good.pin, now)
        pc.cookies = {**pc.cookies, "ss_panel": town.web.signer.panel_cookie(paper)}
        assert (await pc.get("/assist/lesson.x?a=panel")).status == 401
