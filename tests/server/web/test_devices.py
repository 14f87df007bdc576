"""A classroom's PC: paired by a code, goes into its lessons, revoked."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from server.store import tables as t
from server.web import keys
from tests.harness.postgres import both_databases
from tests.server.web.conftest import Browser, Town, error_code

pytestmark = both_databases


async def ask(town: Town, join_code: str = "100021") -> tuple[Browser, str]:
    """An unpaired PC of room x2.r1 (join code 100021) asks; its browser and the code it shows."""
    pc = Browser(town.web, {})
    answer = await pc.post("/pair", {"join_code": join_code}, csrf=False)
    assert answer.status == 200, await answer.text()
    pc.cookies["ss_pairing"] = answer.cookies["ss_pairing"].value
    page = await (await pc.get("/pair/wait", page=True)).text()
    shown = re.search(r"<p class=\"big-code\"[^>]*>(\w{4} \w{4})<", page)
    assert shown
    assert 'http-equiv="refresh"' in page
    return pc, shown[1]


async def test_a_pc_is_paired_and_goes_into_its_lesson(town: Town) -> None:
    pc, code = await ask(town)
    assistant = town.browser("x2.assistant")
    assert (
        code not in await (await assistant.get("/rooms/x2.r1/devices", page=True)).text()
    )  # it is typed, not clicked: one looks at the PC
    approved = await assistant.post("/rooms/x2.r1/devices", {"code": code.lower()})
    assert approved.status == 200, await approved.text()
    paired = await pc.get("/pair/wait", page=True)
    assert (paired.status, paired.headers["Location"]) == (303, "/room")
    kept = paired.cookies["ss_device"]
    assert kept["httponly"]
    assert int(kept["max-age"]) > 300 * 24 * 3600
    device = Browser(town.web, {"ss_device": kept.value})
    room = await (await device.get("/room", page=True)).text()
    assert "石桥二小" in room
    assert "分数的认识" in room
    answer = await (await device.get("/room/next")).json()
    assert answer["next"]["door"] == "/class/lesson.x"  # ten minutes before: the waiting room
    assert (await device.get("/class/lesson.x?a=me-classroom", page=True)).status == 200
    again = await assistant.post("/rooms/x2.r1/devices", {"code": code})
    assert (again.status, await error_code(again)) == (409, "pairing.gone")

    listed = await (await assistant.get("/rooms/x2.r1/devices", page=True)).text()
    identity = kept.value.rpartition(".")[0]
    assert f"/devices/{identity}/revoke" in listed
    assert (await town.browser("y.admin").post(f"/devices/{identity}/revoke")).status == 404
    assert (await assistant.post(f"/devices/{identity}/revoke")).status == 200
    assert (await device.get("/room/next")).status == 401


@pytest.mark.parametrize(
    ("who", "room", "status"), [("x1.assistant", "x2.r1", 404), ("x2.assistant", "x2.r2", 409), ("x2.teacher", "x2.r1", 403)]
)
async def test_only_who_looks_after_the_room_approves_and_only_its_own_codes(town: Town, who: str, room: str, status: int) -> None:
    pc, code = await ask(town)
    assert (await town.browser(who).post(f"/rooms/{room}/devices", {"code": code})).status == status
    assert (await pc.get("/pair/wait", page=True)).status == 200


async def test_a_code_lives_five_minutes(town: Town) -> None:
    pc, code = await ask(town)
    await town.web.app[keys.STORE].database.execute(update(t.pairing).values(expires_at=1))
    assert (await pc.get("/pair/wait", page=True)).status == 410
    assert (await town.browser("x2.assistant").post("/rooms/x2.r1/devices", {"code": code})).status == 409


async def test_three_codes_of_a_room_wait_at_once(town: Town) -> None:
    for _ in range(3):
        await ask(town)
    fourth = await Browser(town.web, {}).post("/pair", {"join_code": "100021"}, csrf=False)
    assert (fourth.status, await error_code(fourth)) == (429, "request.too_many")
    assert fourth.headers["Retry-After"]


@pytest.mark.parametrize(("code", "status"), [("999999", 404), ("12", 422), ("'; --", 422)])
async def test_a_wrong_join_code(town: Town, code: str, status: int) -> None:
    assert (await Browser(town.web, {}).post("/pair", {"join_code": code}, csrf=False)).status == status


async def test_somebody_elses_pairing_cookie_is_nobodys(town: Town) -> None:
    pc, _ = await ask(town)
    pc.cookies["ss_pairing"] = pc.cookies["ss_pairing"][:-1] + "x"
    assert (await pc.get("/pair/wait", page=True)).status == 410


async def test_people_have_no_room_page(town: Town) -> None:
    assert (await town.browser("x2.assistant").get("/room/next")).status == 401
