"""People with accounts and paired devices enter lessons of the timetable by who they are."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from sqlalchemy import Executable, delete, update

from server.store import tables as t
from server.web import keys
from tests.harness.postgres import both_databases
from tests.server.live.doubles import OFFER
from tests.server.web.conftest import Browser, Town, error_code

HELLO = {"type": "hello", "protocol": 1, "surface": "screen"}


@both_databases
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


@asynccontextmanager
async def socket(town: Town, who: str, word: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Somebody's own socket of the lesson, welcomed."""
    cookie = "; ".join(f"{name}={value}" for name, value in town.browser(who).cookies.items())
    headers = {"Origin": town.web.origin, "Cookie": cookie}
    address = f"{town.web.origin}/ws/lesson.x?a={word}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http, http.ws_connect(address, headers=headers) as ws:
        await ws.send_json(HELLO)
        yield ws


async def goodbye(ws: aiohttp.ClientWebSocketResponse) -> str:
    """Why it ends, which it does within two seconds."""
    async with asyncio.timeout(2):
        while (message := await ws.receive_json())["type"] != "bye":
            pass
    return str(message["code"])


async def change(town: Town, statement: Executable) -> None:
    await town.web.app[keys.STORE].database.execute(statement)


@both_databases
@pytest.mark.parametrize(
    "statement",
    [
        update(t.device).where(t.device.c.id == "y1.d1").values(revoked_at=1),
        update(t.classroom).where(t.classroom.c.id == "y1.r1").values(closed_at=1),
        update(t.org).where(t.org.c.id == "y1").values(closed_at=1),
    ],
    ids=["revoked", "room closed", "school closed"],
)
async def test_a_device_sends_and_its_socket_and_media_end_when_it_may_no_more(town: Town, statement: Executable) -> None:
    web, device = town.web, town.browser("y1.d1")
    headers = {"Content-Type": "application/sdp"}
    posted = await device._ask("POST", "/whip/lesson.x?a=me-classroom", data=OFFER, headers=headers)
    assert posted.status == 201, await posted.text()
    assert posted.headers["Location"].endswith("?a=me-classroom")
    async with socket(town, "y1.d1", "me-classroom") as ws:
        you = (await ws.receive_json())["you"]
        assert (you["participant"], you["name"]) == ("pt.y1", "红旗中心小学 1号教室")
        await change(town, statement)
        assert await goodbye(ws) == "revoked"
    async with asyncio.timeout(2):
        while web.worker.fake.sessions:
            await asyncio.sleep(0.01)
    assert await error_code(await device.get("/class/lesson.x")) == "login.needed"


@both_databases
async def test_a_login_that_ended_is_out_within_two_seconds(town: Town) -> None:
    async with socket(town, "x1.teacher", "me-master") as ws:
        assert (await ws.receive_json())["you"]["role"] == "master"
        await change(town, update(t.person).where(t.person.c.id == "x1.teacher").values(epoch=2))
        assert await goodbye(ws) == "revoked"


@both_databases
@pytest.mark.parametrize(("who", "page", "closed"), [("x1.teacher", "teach", "/orgs"), ("x.inspector", "watch", "/people")])
async def test_a_login_whose_time_ran_out_goes_on_in_the_lesson_and_opens_nothing_else(
    town: Town, who: str, page: str, closed: str
) -> None:
    browser, word = town.browser(who), {"teach": "me-master", "watch": "me-viewer"}[page]
    async with socket(town, who, word) as ws:
        assert (await ws.receive_json())["type"] == "welcome"
        await change(town, update(t.session).values(expires_at=time.time_ns() // 1_000_000 - 1000))
        await ws.send_json({"type": "ping"})
        assert (await ws.receive_json())["type"] != "bye"
    async with socket(town, who, word) as ws:
        assert (await ws.receive_json())["type"] == "welcome", "it comes back"
    assert (await browser.get(f"/{page}/lesson.x?a={word}", page=True)).status == 200
    assert (await browser.get(closed, page=True)).headers["Location"].startswith("/login")
    assert await error_code(await browser.get(closed)) == "login.needed"
    await change(town, update(t.session).values(ended_at=1))
    assert await error_code(await browser.get(f"/{page}/lesson.x?a={word}")) == "login.needed"


@both_databases
async def test_an_assistant_of_one_lesson_is_named_on_its_page_and_is_out_within_two_seconds(town: Town) -> None:
    admin, helper = town.browser("x1.admin"), town.browser("x2.teacher")
    assert (await helper.get("/lessons/lesson.x")).status == 404
    page = await (await admin.get("/lessons/lesson.x", page=True)).text()
    assert '<option value="x1.assistant">' in page
    assert "姓名x2.teacher" not in page
    form = {"person": "x2.teacher"}
    assert (await admin.post("/lessons/lesson.x/assistants", form)).status == 422, "not one of the school's people"
    assert (await helper.post("/lessons/lesson.x/assistants", form)).status == 404
    made = await town.browser("x.admin").post("/lessons/lesson.x/assistants", form)
    assert made.status == 200
    page = await (await helper.get("/lessons/lesson.x", page=True)).text()
    assert page.count('href="/class/lesson.x?room=') == 3  # the button, and either room
    home = await (await helper.get("/", page=True)).text()
    assert 'href="/class/lesson.x?room=x2.r1"' in home
    assert "姓名x2.teacher" in await (await admin.get("/lessons/lesson.x", page=True)).text()
    assert "姓名x2.teacher" not in await (await town.browser("y1.admin").get("/lessons/lesson.x", page=True)).text()
    async with socket(town, "x2.teacher", "me-classroom-y1.r1") as ws:
        assert (await ws.receive_json())["you"]["participant"] == "pt.y1"
        role = {"assignment": (await made.json())["id"]}
        ended = await town.browser("x.admin").post("/lessons/lesson.x/assistants/end", role, page=True)
        assert (ended.status, ended.headers["Location"]) == (303, "/lessons/lesson.x")
        assert await goodbye(ws) == "revoked"
    assert (await helper.get("/lessons/lesson.x")).status == 404


async def test_whoever_has_a_role_in_one_lesson_only_has_no_door_that_is_shut(town: Town) -> None:
    await change(town, delete(t.assignment).where(t.assignment.c.person == "x2.teacher"))
    assert (await town.browser("x.admin").post("/lessons/lesson.x/assistants", {"person": "x2.teacher"})).status == 200
    helper = town.browser("x2.teacher")
    menu = re.findall(r'<li><a href="(/[^"]*)"', (await (await helper.get("/", page=True)).text()).partition("</nav>")[0])
    assert menu == ["/", "/timetable", "/self"]
    for path in menu:
        assert (await helper.get(path, page=True)).status == 200, path


async def test_nobody_is_led_to_the_login(town: Town) -> None:
    answer = await Browser(town.web, {}).get("/teach/lesson.x", page=True)
    assert (answer.status, answer.headers.get("Location")) == (303, "/login?next=%2Fteach%2Flesson.x")
