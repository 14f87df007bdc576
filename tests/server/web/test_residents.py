"""People with accounts and paired devices enter lessons of the timetable by who they are."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from sqlalchemy import update

from server.store import tables as t
from server.web import keys
from tests.server.live.doubles import OFFER
from tests.server.web.conftest import Browser, Town, error_code

HELLO = {"type": "hello", "protocol": 1, "surface": "screen"}


@pytest.mark.parametrize(
    ("who", "page", "word"),
    [
        ("x1.teacher", "teach", "me-master"),
        ("x1.teacher", "wall", "me-wall"),
        ("x2.assistant", "class", "me-classroom"),
        ("y1.d1", "class", "me-classroom"),
        ("x.inspector", "watch", "me-viewer"),
    ],
)
async def test_the_page_of_ones_part(town: Town, who: str, page: str, word: str) -> None:
    browser = town.browser(who)
    first = await browser.get(f"/{page}/lesson.x", page=True)
    assert (first.status, first.headers["Location"]) == (303, f"/{page}/lesson.x?a={word}")
    second = await browser.get(first.headers["Location"], page=True)
    assert second.status == 200
    assert f'"admission": "{word}"' in await second.text()


@pytest.mark.parametrize("page", ["teach", "class", "watch", "wall"])
@pytest.mark.parametrize(
    "who", ["y1.teacher", "x2.d1", "y.inspector", "x1.teacher", "x1.c1.s1", "x1.c1.s1.parent", "x2.assistant", "y2.admin"]
)
async def test_other_pages_are_closed(town: Town, who: str, page: str) -> None:
    if (who, page) in {("x1.teacher", "teach"), ("x1.teacher", "wall"), ("x2.assistant", "class"), ("x2.d1", "class")}:
        return
    answer = await town.browser(who).get(f"/{page}/lesson.x?a=me-", page=False)
    assert answer.status in (403, 404)
    assert "分数" not in await answer.text()


async def test_a_device_sends_and_its_socket_and_media_end_when_it_is_revoked(town: Town) -> None:
    web, device = town.web, town.browser("y1.d1")
    headers = {"Content-Type": "application/sdp"}
    posted = await device._ask("POST", "/whip/lesson.x?a=me-classroom", data=OFFER, headers=headers)
    assert posted.status == 201, await posted.text()
    assert posted.headers["Location"].endswith("?a=me-classroom")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        cookie = "; ".join(f"{name}={value}" for name, value in device.cookies.items())
        address = f"{web.origin}/ws/lesson.x?a=me-classroom"
        async with http.ws_connect(address, headers={"Origin": web.origin, "Cookie": cookie}) as ws:
            await ws.send_json(HELLO)
            welcome = await ws.receive_json()
            assert welcome["you"]["participant"] == "pt.y1"
            assert welcome["you"]["name"] == "红旗中心小学 1号教室"
            database = web.app[keys.STORE].database
            await database.execute(update(t.device).where(t.device.c.id == "y1.d1").values(revoked_at=1))
            async with asyncio.timeout(2):
                while (message := await ws.receive_json())["type"] != "bye":
                    pass
    assert message["code"] == "revoked"
    async with asyncio.timeout(2):
        while web.worker.fake.sessions:
            await asyncio.sleep(0.01)
    assert await error_code(await device.get("/class/lesson.x")) == "login.needed"


async def test_a_login_that_ended_is_out_within_two_seconds(town: Town) -> None:
    web, teacher = town.web, town.browser("x1.teacher")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        cookie = "; ".join(f"{name}={value}" for name, value in teacher.cookies.items())
        async with http.ws_connect(f"{web.origin}/ws/lesson.x?a=me-master", headers={"Origin": web.origin, "Cookie": cookie}) as ws:
            await ws.send_json(HELLO)
            assert (await ws.receive_json())["you"]["role"] == "master"
            database = web.app[keys.STORE].database
            await database.execute(update(t.person).where(t.person.c.id == "x1.teacher").values(epoch=2))
            async with asyncio.timeout(2):
                while (message := await ws.receive_json())["type"] != "bye":
                    pass
    assert message["code"] == "revoked"


async def test_nobody_is_led_to_the_login(town: Town) -> None:
    answer = await Browser(town.web, {}).get("/teach/lesson.x", page=True)
    assert (answer.status, answer.headers.get("Location")) == (303, "/login?next=%2Fteach%2Flesson.x")
