"""Eight o'clock, a new PC, nobody to approve it: it knocks at the lesson, and the master lets it in for this lesson only."""

from __future__ import annotations

import base64

import pytest
from sqlalchemy import func, select, update

from server.accounts.knocks import KEPT_MS
from server.store import tables as t
from server.web import keys
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Browser, Town, error_code

from .test_devices import ask

pytestmark = both_databases

PICTURE = base64.b64encode(b"\xff\xd8\xff\xe0" + b"room" * 50).decode()
KNOCKS = "/lessons/lesson.x/knocks"


async def knocked(town: Town) -> Browser:
    pc, _ = await ask(town)
    page = await (await pc.get("/pair/wait", page=True)).text()
    assert "分数的认识" in page
    assert "敲门" in page
    answer = await pc.post("/pair/knock", {"picture": PICTURE}, csrf=False)
    assert answer.status == 202, await answer.text()
    return pc


async def pictures(town: Town) -> int:
    row = await town.web.app[keys.STORE].database.one(select(func.count().label("n")).where(t.content.c.kind == "knock"))
    assert row
    return int(row.n)


async def test_the_master_lets_it_in_for_this_lesson_only(town: Town) -> None:
    pc, master = await knocked(town), town.browser("x1.teacher")
    assert (await (await pc.get("/pair/state")).json()) == {"paired": False, "knock": "waiting"}
    waiting = (await (await master.get(KNOCKS)).json())["knocks"]
    assert [one["picture"] for one in waiting] == [PICTURE]
    assert "石桥二小" in waiting[0]["room"]
    assert await pictures(town) == 1
    answer = await master.post(f"{KNOCKS}/{waiting[0]['id']}", {"allow": "1"})
    assert answer.status == 200, await answer.text()
    assert await pictures(town) == 0, "the picture is erased with the answer"
    assert (await (await master.get(KNOCKS)).json())["knocks"] == []

    sent = await pc.get("/pair/wait", page=True)
    assert sent.status == 303
    joined = await pc.get(sent.headers["Location"], page=True)
    assert joined.status == 303
    where = joined.headers["Location"]
    assert where.startswith("/class/lesson.x?a=")
    admission = next(name for name in joined.cookies if name.startswith("ss-"))
    inside = Browser(town.web, {admission: joined.cookies[admission].value})
    assert (await inside.get(where, page=True)).status == 200
    assert (await inside.get("/room", page=True)).status == 303, "it is no paired device"
    assert (await inside.get("/class/lesson.y", page=True)).status in (303, 403, 404)
    again = await master.post(f"{KNOCKS}/{waiting[0]['id']}", {"allow": "0"})
    assert (again.status, await error_code(again)) == (409, "knock.gone")


async def test_a_refusal_is_told_and_it_may_knock_again(town: Town) -> None:
    pc, master = await knocked(town), town.browser("x1.teacher")
    waiting = (await (await master.get(KNOCKS)).json())["knocks"]
    assert (await master.post(f"{KNOCKS}/{waiting[0]['id']}", {"allow": "0"})).status == 200
    assert (await (await pc.get("/pair/state")).json())["knock"] == "refused"
    assert "没有开门" in await (await pc.get("/pair/wait", page=True)).text()
    assert (await pc.post("/pair/knock", {"picture": PICTURE}, csrf=False)).status == 202
    assert len((await (await master.get(KNOCKS)).json())["knocks"]) == 1


@pytest.mark.parametrize(
    ("who", "status"),
    [("x2.assistant", 403), ("x1.assistant", 403), ("y.admin", 403), ("y1.teacher", 404), ("x2.teacher", 404), (None, 401)],
)
async def test_nobody_else_sees_the_room_or_answers(town: Town, who: str | None, status: int) -> None:
    await knocked(town)
    waiting = (await (await town.browser("x1.teacher").get(KNOCKS)).json())["knocks"]
    other = town.browser(who)
    seen = await other.get(KNOCKS)
    assert seen.status == status, await seen.text()
    assert PICTURE not in await seen.text()
    assert (await other.post(f"{KNOCKS}/{waiting[0]['id']}", {"allow": "1"})).status in (status, 403)
    assert len((await (await town.browser("x1.teacher").get(KNOCKS)).json())["knocks"]) == 1


@pytest.mark.parametrize("picture", ["", "####", base64.b64encode(b"<svg onload=alert(1)>").decode(), "A" * 100_000])
async def test_only_small_photographs_are_taken(town: Town, picture: str) -> None:
    pc, _ = await ask(town)
    assert (await pc.post("/pair/knock", {"picture": picture}, csrf=False)).status == 422
    assert await pictures(town) == 0


async def test_a_picture_nobody_answered_is_erased(town: Town) -> None:
    await knocked(town)
    await town.web.app[keys.STORE].database.execute(update(t.knock).values(expires_at=1))
    assert (await (await town.browser("x1.teacher").get(KNOCKS)).json())["knocks"] == []
    other, _ = await ask(town)
    assert (await other.post("/pair/knock", {"picture": PICTURE}, csrf=False)).status == 202
    assert await pictures(town) == 1


async def test_without_a_pairing_or_a_lesson_there_is_nothing_to_knock_at(town: Town) -> None:
    stranger = Browser(town.web, {})
    assert (await stranger.post("/pair/knock", {"picture": PICTURE}, csrf=False)).status == 409
    pc, _ = await ask(town)
    await town.web.app[keys.STORE].database.execute(update(t.booking).values(starts_at=1, ends_at=2))
    assert (await pc.post("/pair/knock", {"picture": PICTURE}, csrf=False)).status == 404
    assert "敲门" not in await (await pc.get("/pair/wait", page=True)).text()


async def test_rows_are_swept_a_day_later(town: Town) -> None:
    await knocked(town)
    database, now = town.web.app[keys.STORE].database, town.web.app[keys.OFFICE].now()
    await database.execute(update(t.knock).values(expires_at=now - KEPT_MS - 1))
    await knocked(town)
    assert len(await database.read(select(t.knock))) == 1
    assert await pictures(town) == 1
