"""Classrooms: one number in a school, a join code that names and grants nothing, edits that lose nothing."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from sqlalchemy import update

from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere, Taken
from server.school import rooms
from server.school.rooms import CloseRoom, EditRoom, NewRoom
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import Services

pytestmark = both_databases
ROOM = NewRoom(code="9", name="九号", kind="remote", seat_rows=2, seat_columns=3)


def edited(code: str = "1", contact: str | None = None, version: int = 1) -> EditRoom:
    return EditRoom(code=code, name="新名", kind="both", seat_rows=4, seat_columns=5, contact=contact, version=version)


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def test_a_new_room_has_seats_and_a_free_join_code(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = itertools.cycle(["100001", "100021", "654321"])  # one of a closed room, one of an open one, a free one
    monkeypatch.setattr(rooms, "draw_join_code", lambda: next(drawn))
    await process.store.database.execute(update(t.classroom).where(t.classroom.c.join_code == "100001").values(closed_at=1))
    new = await rooms.create(process.office, await process.caller("x1.admin"), "x1", ROOM)
    assert (new.join_code, new.seats, new.version) == ("654321", 6, 1)
    assert await process.office.rooms.by_join_code("654321") == new
    line = await process.line()
    assert (line.act, line.target, line.path) == ("room.create", new.id, process.world.paths["x1"])


@pytest.mark.parametrize(
    ("who", "org", "code", "error"),
    [
        ("x1.teacher", "x1", "9", Forbidden),
        ("x.inspector", "x1", "9", Forbidden),
        ("x2.admin", "x1", "9", NotThere),
        ("y.admin", "x1", "9", NotThere),
        ("x.admin", "x", "9", Invalid),
        ("x1.admin", "x1", "1", Taken),
    ],
)
async def test_what_is_not_added(process: Services, who: str, org: str, code: str, error: type[AppError]) -> None:
    form = NewRoom(code=code, name="九号", kind="remote", seat_rows=2, seat_columns=3)
    assert type(await refused(rooms.create(process.office, await process.caller(who), org, form))) is error
    assert await process.acts() == []


async def test_the_same_number_at_once_is_one_rooms(pair: tuple[Services, Services]) -> None:
    who = [await one.caller("x1.admin") for one in pair]
    outcomes = await asyncio.gather(
        *(rooms.create(one.office, caller, "x1", ROOM) for one, caller in zip(pair, who, strict=True)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Classroom", "Taken"]
    assert next(o.params for o in outcomes if isinstance(o, Taken)) == {"field": "code"}


async def test_an_edit_a_stale_one_and_one_to_a_taken_number(process: Services) -> None:
    admin = await process.caller("x1.admin")
    kept = await rooms.edit(process.office, admin, "x1.r1", edited(contact="x1.assistant"))
    assert await process.office.rooms.get("x1.r1") == kept
    assert type(await refused(rooms.edit(process.office, admin, "x1.r1", edited(code="5")))) is EditConflict
    error = await refused(rooms.edit(process.office, admin, "x1.r1", edited(code="2", version=2)))
    assert (type(error), error.params) == (Taken, {"field": "code"})
    assert await process.office.rooms.get("x1.r1") == kept
    assert await process.acts() == ["room.edit"]


@pytest.mark.parametrize("contact", ["y1.assistant", "nobody"])
async def test_whom_to_phone_is_somebody_one_knows(process: Services, contact: str) -> None:
    error = await refused(rooms.edit(process.office, await process.caller("x1.admin"), "x1.r1", edited(contact=contact)))
    assert isinstance(error, Invalid)
    assert error.fields == {"contact": "missing"}


async def test_a_closed_room_is_named_by_no_code_until_it_opens(process: Services) -> None:
    admin = await process.caller("x1.admin")
    await rooms.close(process.office, admin, "x1.r1", CloseRoom(closed="1", version=1))
    assert await process.office.rooms.by_join_code("100001") is None
    assert type(await refused(rooms.close(process.office, admin, "x1.r1", CloseRoom(closed="0", version=1)))) is EditConflict
    await rooms.close(process.office, admin, "x1.r1", CloseRoom(closed="0", version=2))
    assert await process.office.rooms.by_join_code("100001")
    assert await process.acts() == ["room.close", "room.reopen"]


async def test_another_join_code_and_the_old_one_names_nothing(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = itertools.chain(["100002"], ["777777"])
    monkeypatch.setattr(rooms, "draw_join_code", lambda: next(drawn))
    assert await rooms.redraw_join_code(process.office, await process.caller("x1.admin"), "x1.r1") == "777777"
    assert await process.office.rooms.by_join_code("100001") is None
    assert await process.acts() == ["room.join_code"]
    assert type(await refused(rooms.redraw_join_code(process.office, await process.caller("x1.teacher"), "x1.r1"))) is Forbidden
