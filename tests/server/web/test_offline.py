"""What an assistant's device keeps without network (S24): the worker, the pages that are nobody's, and the day."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import aiohttp
import pytest
from sqlalchemy import insert, update

from server.store import tables as t
from server.web import keys
from server.web.assets import Assets
from tests.client_web.files import ROOT
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Browser, Town, Web

HOUR = 3_600_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def plan(town: Town, school: str) -> None:
    """Pupils 1 and 2 sit on seats 3 and 7 of the school's first room."""

    async def write(connection: Any) -> None:
        row = {"id": f"plan.{school}", "school_class": f"{school}.c1", "classroom": f"{school}.r1", "valid_from": "2026-01-05"}
        await connection.execute(insert(t.seating_plan).values(**row, created=0))
        for seat, n in ((3, 1), (7, 2)):
            await connection.execute(insert(t.seat).values(plan=row["id"], seat=seat, student=f"{school}.c1.s{n}"))

    await town.web.app[keys.STORE].database.write(write)


async def later_lesson(town: Town) -> None:
    """x2.r1 takes part in another lesson, which is about to begin."""
    begin, end = now_ms() - 60_000, now_ms() + HOUR

    async def write(connection: Any) -> None:
        row = {"id": "lesson.z", "name": "古诗三首", "head": 0, "created": begin, "org": "x1", "day": "2026-09-21"}
        await connection.execute(insert(t.lesson).values(**row, starts_at=begin, ends_at=end, teacher="x1.teacher"))
        await connection.execute(insert(t.participant).values(lesson="lesson.z", id="pz.x2", role="classroom", name="石桥二小 1号教室"))
        room = {"lesson": "lesson.z", "classroom": "x2.r1", "participant": "pz.x2", "school_class": "x2.c1"}
        await connection.execute(insert(t.lesson_room).values(**room))
        await connection.execute(insert(t.booking).values(resource="room:x2.r1", lesson="lesson.z", starts_at=begin, ends_at=end))

    await town.web.app[keys.STORE].database.write(write)


async def day(browser: Browser, query: str = "") -> dict[str, Any]:
    answer = await browser.get(f"/assist/lesson.x/day{query}")
    assert answer.status == 200, await answer.text()
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(await answer.json())


def written(body: str) -> dict[str, Any]:
    """What the worker's script was given."""
    found = re.match(r"self\.written = (\{.*\});\nimportScripts\((\".*\")\);\n\Z", body)
    assert found
    return dict(json.loads(found[1])) | {"script": json.loads(found[2])}


async def test_the_worker_is_checked_each_time_covers_its_own_folder_and_names_files_that_exist(web: Web) -> None:
    answer = await web.client.get("/assist/sw.js")
    assert answer.status == 200
    assert answer.content_type == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Service-Worker-Allowed" not in answer.headers, "its scope is the folder it lies in, and nothing above"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; script-src 'self'; connect-src 'self'"
    worker = written(await answer.text())
    assert worker["build"] == web.app[keys.ASSETS].build
    assert worker["shells"] == {"list": "/assist/", "lesson": "/assist/lesson.html"}
    for address in (*worker["files"], worker["script"]):
        file = await web.client.get(address)
        assert file.status == 200, address
        assert "immutable" in file.headers["Cache-Control"]
    assert (await web.client.post("/assist/sw.js")).status == 405


async def test_another_build_is_another_worker(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await (await web.client.get("/assist/sw.js")).text()
    other = Assets(ROOT)
    other.build = "0" * 12
    monkeypatch.setitem(web.app._state, keys.ASSETS, other)
    assert await (await web.client.get("/assist/sw.js")).text() != first


async def test_everything_a_kept_page_asks_for_is_kept(web: Web) -> None:
    kept = set(written(await (await web.client.get("/assist/sw.js")).text())["files"])
    for shell in ("/assist/", "/assist/lesson.html"):
        for lang in ("zh", "en"):
            text = await (await web.client.get(shell, headers={"Accept": "text/html", "Accept-Language": lang})).text()
            asked = {address.partition("#")[0] for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', text)}
            scripts = {"views/dom.js", "i18n.js"} | ({"offline/outbox.js", "fold/quiz.js"} if "lesson" in shell else set())
            assert scripts <= {address.partition("/js/")[2] for address in asked}
            asked |= {json.loads(f'"{address}"') for address in re.findall(r'"(?:locale|icons)": "([^"]+)"', text)}
            assert asked
            assert asked - kept == set()


async def test_the_kept_pages_are_the_same_for_everybody_and_hold_nothing_of_anybody(town: Town) -> None:
    for path in ("/assist/", "/assist/lesson.html"):
        pages = {await (await town.browser(who).get(path, page=True)).text() for who in (None, "x2.assistant", "x1.c1.s1", "x1.d1")}
        assert len(pages) == 1
        boot = re.search(r'id="boot">(.*?)</script>', pages.pop())
        assert boot
        found = json.loads(boot[1])
        assert (found["lesson"], found["admission"], found["csrf"], found["holder"], found["iceServers"]) == (
            {"id": "", "name": ""},
            "",
            "",
            "",
            [],
        )


@both_databases
async def test_an_assistant_gets_the_seats_and_masked_names_and_full_ones_only_when_asked(town: Town) -> None:
    await plan(town, "x2")
    assistant = town.browser("x2.assistant")
    found = await day(assistant)
    assert (found["resident"], found["full"]) == (True, False)
    assert 17 * HOUR < found["until"] - found["now"] < 19 * HOUR
    (lesson,) = found["lessons"]
    assert lesson["lesson"] == {"id": "lesson.x", "name": "分数的认识"}
    assert lesson["you"] == {"participant": "pt.x2", "role": "assistant", "name": "石桥二小 1号教室", "seat": 0}
    assert (lesson["seats"], lesson["plan"], lesson["admission"]) == (40, "plan.x2.1", "me-assistant")
    assert set(lesson["names"]) == {"3", "7"}
    assert all("*" in name for name in lesson["names"].values())
    full = (await day(assistant, "?names=1"))["lessons"][0]["names"]
    assert full == {"3": "学生x2.c1.s1", "7": "学生x2.c1.s2"}


async def test_nobody_reads_names_of_another_school(town: Town) -> None:
    await plan(town, "x2")
    body = await (await town.browser("y1.assistant").get("/assist/lesson.x/day?names=1")).text()
    assert "pt.y1" in body
    assert "pt.x2" not in body
    assert "学生" not in body


async def test_whoever_assists_in_one_lesson_only_reads_no_names(town: Town) -> None:
    await plan(town, "x2")

    async def write(connection: Any) -> None:
        row = {"id": "a.one", "person": "x2.teacher", "role": "assistant", "lesson": "lesson.x", "valid_from": 0, "granted_by": "test"}
        await connection.execute(insert(t.assignment).values(**row, created=0))
        await connection.execute(update(t.assignment).where(t.assignment.c.id == "a.x2.teacher").values(valid_until=1))

    await town.web.app[keys.STORE].database.write(write)
    found = (await day(town.browser("x2.teacher"), "?names=1"))["lessons"][0]
    assert (found["seats"], found["names"]) == (40, {})


@both_databases
async def test_an_account_gets_todays_other_lessons_too(town: Town) -> None:
    await plan(town, "x2")
    await later_lesson(town)
    first, second = (await day(town.browser("x2.assistant")))["lessons"]
    assert (first["lesson"]["id"], second["lesson"]) == ("lesson.x", {"id": "lesson.z", "name": "古诗三首"})
    assert (second["admission"], second["you"]["participant"]) == ("me-assistant-x2.r1", "pz.x2")
    assert set(second["names"]) == {"3", "7"}
    page = await town.browser("x2.assistant").get(f"/assist/lesson.z?a={second['admission']}", page=True)
    assert page.status == 200
    assert [one["lesson"]["id"] for one in (await day(town.browser("y1.assistant")))["lessons"]] == ["lesson.x"]


async def test_the_holder_is_the_same_on_page_and_in_the_day_and_nobody_elses(town: Town) -> None:
    holders = []
    for who in ("x2.assistant", "y1.assistant"):
        found = (await day(town.browser(who)))["holder"]
        text = await (await town.browser(who).get("/assist/lesson.x?a=me-assistant", page=True)).text()
        assert f'"holder": "{found}"' in text
        assert who not in found
        holders.append(found)
    assert len(set(holders)) == 2
    console = await (await town.browser("x2.assistant").get("/class/lesson.x?a=me-classroom", page=True)).text()
    assert '"holder": ""' in console


async def test_what_one_left_in_an_open_page_is_sent_as_nobody_elses(town: Town) -> None:
    holder = (await day(town.browser("x2.assistant")))["holder"]
    handshake = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "QUFBQUFBQUFBQUFBQUFBQQ==",
    }
    for who, fits in (("x2.assistant", True), ("y1.assistant", False)):
        page = await town.browser(who).get(f"/assist/lesson.x?a=me-assistant&holder={holder}")
        assert page.status == (200 if fits else 401), "the page that asks why learns that it must be loaded again"
        cookie = "; ".join(f"{name}={value}" for name, value in town.browser(who).cookies.items())
        headers = {"Origin": town.web.origin, "Cookie": cookie, **handshake}
        address = f"{town.web.origin}/ws/lesson.x?a=me-assistant&holder={holder}"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http, http.get(address, headers=headers) as answer:
            assert answer.status == (101 if fits else 401)


async def test_a_links_assistant_gets_seats_and_no_names_even_beside_a_login(town: Town) -> None:
    await plan(town, "x2")
    link = await town.web.link("lesson.x", "assistant", "石桥二小 1号教室")
    entered = await Browser(town.web, {}).get(f"/join/{town.web.signer.link_token(link)}", page=True)
    papers = {name: morsel.value for name, morsel in entered.cookies.items()}
    admission = entered.headers["Location"].partition("?")[2]
    found = await day(Browser(town.web, papers | town.browser("x2.assistant").cookies), f"?{admission}&names=1")
    (lesson,) = found["lessons"]
    assert (found["resident"], lesson["names"], lesson["you"]["participant"]) == (False, {}, "pt.x2")
    assert f"a={lesson['admission']}" == admission
    await town.web.app[keys.LESSONS].revoke(link.id)
    gone = await Browser(town.web, papers).get(f"/assist/lesson.x/day?{admission}")
    assert (gone.status, (await gone.json())["error"]["code"]) == (401, "link.invalid")


@pytest.mark.parametrize(
    ("who", "status"), [(None, 401), ("x1.teacher", 403), ("x1.assistant", 403), ("y2.assistant", 404), ("x2.d1", 403)]
)
async def test_others_get_nothing(town: Town, who: str | None, status: int) -> None:
    assert (await town.browser(who).get("/assist/lesson.x/day?names=1")).status == status
    assert (await town.browser(who).get("/assist/lesson.x/day?a=me-classroom")).status in (401, 403, 404)
