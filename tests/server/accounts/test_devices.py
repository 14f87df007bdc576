"""Classroom devices: a code is approved once, by somebody of its room, in its time."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from server.accounts import cookies
from server.accounts.devices import AT_ONCE, LIVES_MS, ApproveCode, Waiting
from server.errors import AppError, Forbidden, NotThere, PairingGone, TooMany
from server.school import rooms
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import Services

pytestmark = both_databases
ROOM, JOIN = "x2.r1", "100021"


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def ask(process: Services) -> tuple[Waiting, cookies.Bearer]:
    waiting, bearer, room = await process.devices.ask(JOIN, "PC")
    assert room.id == ROOM
    return waiting, bearer


async def test_one_secret_from_asking_to_being_paired(process: Services) -> None:
    waiting, bearer = await ask(process)
    assert (await process.devices.answer(bearer.text)).device is None
    assistant = await process.caller("x2.assistant")
    assert [one.code for one in await process.devices.waiting(assistant, ROOM)] == [waiting.code]
    device = await process.devices.approve(assistant, ROOM, ApproveCode(code=f" {waiting.spaced.lower()} "))
    answer = await process.devices.answer(bearer.text)
    assert answer.device == device
    caller = await process.gate.caller({cookies.DEVICE: cookies.Bearer(device, bearer.secret).text})
    assert (caller.kind, caller.id, [grant.subject for grant in caller.grants]) == ("device", device, [ROOM])
    assert await process.devices.waiting(assistant, ROOM) == []
    line = await process.line()
    assert (line.act, line.target, line.actor) == ("device.approve", device, "x2.assistant")


@pytest.mark.parametrize(
    ("who", "room", "error"),
    [
        ("x2.teacher", ROOM, Forbidden),
        ("x1.assistant", ROOM, NotThere),
        ("y.admin", ROOM, NotThere),
        ("x2.assistant", "x2.r2", PairingGone),
        ("x1.assistant", "x1.r1", PairingGone),
    ],
)
async def test_a_code_is_approved_for_its_own_room_by_its_own_people(process: Services, who: str, room: str, error: type[AppError]) -> None:
    waiting, bearer = await ask(process)
    attempt = process.devices.approve(await process.caller(who), room, ApproveCode(code=waiting.code))
    assert type(await refused(attempt)) is error
    assert (await process.devices.answer(bearer.text)).device is None
    assert await process.acts() == []


async def test_a_code_lives_five_minutes(process: Services) -> None:
    waiting, bearer = await ask(process)
    process.clock.now += LIVES_MS - 1
    assert await process.devices.answer(bearer.text)
    process.clock.now += 1
    assert type(await refused(process.devices.answer(bearer.text))) is PairingGone
    attempt = process.devices.approve(await process.caller("x2.assistant"), ROOM, ApproveCode(code=waiting.code))
    assert type(await refused(attempt)) is PairingGone


async def test_approved_twice_at_once_it_makes_one_device(pair: tuple[Services, Services]) -> None:
    waiting, bearer = await ask(pair[0])
    callers = [await one.caller(who) for one, who in zip(pair, ("x2.assistant", "x2.admin"), strict=True)]
    outcomes = await asyncio.gather(
        *(one.devices.approve(who, ROOM, ApproveCode(code=waiting.code)) for one, who in zip(pair, callers, strict=True)),
        return_exceptions=True,
    )
    made = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["PairingGone", "str"]
    row = await pair[0].store.database.one(select(func.count().label("n")).where(t.device.c.classroom == ROOM))
    assert row
    assert row.n == 2, "the world's and this one"
    assert (await pair[1].devices.answer(bearer.text)).device == made[0]
    assert await pair[0].acts() == ["device.approve"]


async def test_a_room_has_three_codes_at_once_however_fast_they_are_asked_for(pair: tuple[Services, Services]) -> None:
    outcomes = await asyncio.gather(*(one.devices.ask(JOIN, "PC") for one in pair for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(outcome, TooMany) for outcome in outcomes) == 10 - AT_ONCE
    assert len(await pair[0].devices.waiting(await pair[0].caller("x2.assistant"), ROOM)) == AT_ONCE
    pair[0].clock.now += LIVES_MS
    assert await pair[0].devices.ask(JOIN, "PC")


async def test_a_revoked_device_is_out_at_the_next_request(process: Services) -> None:
    assert type(await refused(process.devices.revoke(await process.caller("x2.teacher"), "x2.d1"))) is Forbidden
    assert type(await refused(process.devices.revoke(await process.caller("y.admin"), "x2.d1"))) is NotThere
    assert (await process.caller("x2.d1")).kind == "device"
    assert await process.devices.revoke(await process.caller("x2.assistant"), "x2.d1") == ROOM
    assert (await process.gate.caller(process.world.cookies("x2.d1"))).kind == "nobody"
    (shown,) = await process.devices.of(await process.caller("x2.assistant"), ROOM)
    assert (shown.id, shown.revoked_at) == ("x2.d1", process.clock.now)
    assert await process.acts() == ["device.revoke"]


@pytest.mark.parametrize("code", ["999999", "", "100021'; --"])
async def test_a_wrong_join_code_is_nobodys_room(process: Services, code: str) -> None:
    assert type(await refused(process.devices.ask(code, "PC"))) is NotThere


async def test_a_closed_room_takes_no_device_and_lets_none_in(process: Services) -> None:
    await rooms.close(process.office, await process.caller("x2.admin"), ROOM, rooms.CloseRoom(closed="1", version=1))
    assert type(await refused(process.devices.ask(JOIN, "PC"))) is NotThere
    assert (await process.gate.caller(process.world.cookies("x2.d1"))).kind == "nobody"
    await rooms.close(process.office, await process.caller("x2.admin"), ROOM, rooms.CloseRoom(closed="0", version=2))
    assert (await process.caller("x2.d1")).kind == "device"
