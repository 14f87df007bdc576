"""Standing groups: rooms inside one's scope by name, others by their join code; the other school may leave."""

from __future__ import annotations

import asyncio

import pytest

from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere
from server.school import groups, rooms
from server.school.groups import AddRoom, CloseGroup, EditGroup, NewGroup, RemoveRoom
from tests.harness.postgres import both_databases
from tests.server.services import Services

pytestmark = both_databases


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def followers(process: Services, group: str = "g.x") -> set[str]:
    found = await process.office.groups.get(group)
    assert found
    return set(found.rooms)


async def test_a_paired_group_across_counties(process: Services) -> None:
    admin = await process.caller("x.admin")
    new = await groups.create(process.office, admin, "x", NewGroup(name="结对", kind="paired", master_classroom="x1.r1"))
    await groups.add_room(process.office, admin, new.id, AddRoom(room="100032", version=1))
    assert await followers(process, new.id) == {"y1.r2"}
    assert await process.acts() == ["group.create", "group.add_room"]
    assert (await process.line()).details == '{"room":"y1.r2"}'
    leaving = RemoveRoom(room="y1.r2", version=2)
    for who, error in (("y2.admin", NotThere), ("y1.teacher", Forbidden)):
        assert type(await refused(groups.remove_room(process.office, await process.caller(who), new.id, leaving))) is error
    await groups.remove_room(process.office, await process.caller("y1.admin"), new.id, leaving)
    assert await followers(process, new.id) == set()


@pytest.mark.parametrize(
    ("room", "school_class", "fields"),
    [
        ("y1.r1", None, {"room": "missing"}),
        ("000000", None, {"room": "missing"}),
        ("x1.r1", None, {"room": "choice"}),
        ("x2.r2", "x1.c1", {"school_class": "choice"}),
        ("x2.r2", "nowhere", {"school_class": "choice"}),
    ],
)
async def test_rooms_that_do_not_follow(process: Services, room: str, school_class: str | None, fields: dict[str, str]) -> None:
    form = AddRoom(room=room, school_class=school_class, version=1)
    error = await refused(groups.add_room(process.office, await process.caller("x.admin"), "g.x", form))
    assert isinstance(error, Invalid)
    assert error.fields == fields
    assert await process.acts() == []
    assert await followers(process) == {"x1p.r1", "x2.r1"}


async def test_a_closed_room_neither_leads_nor_follows(process: Services) -> None:
    admin = await process.caller("x.admin")
    for room in ("x2.r2", "x1.r1"):
        await rooms.close(process.office, admin, room, rooms.CloseRoom(closed="1", version=1))
    for code in ("x2.r2", "100022"):
        assert type(await refused(groups.add_room(process.office, admin, "g.x", AddRoom(room=code, version=1)))) is Invalid
    error = await refused(groups.create(process.office, admin, "x", NewGroup(name="G", kind="points", master_classroom="x1.r1")))
    assert isinstance(error, Invalid)
    assert error.fields == {"master_classroom": "choice"}


@pytest.mark.parametrize(("master", "code"), [("y1.r1", "missing"), ("nowhere", "missing"), ("x2.r1", "choice")])
async def test_who_does_not_lead(process: Services, master: str, code: str) -> None:
    form = EditGroup(name="G", kind="schools", master_classroom=master, version=1)
    error = await refused(groups.edit(process.office, await process.caller("x.admin"), "g.x", form))
    assert isinstance(error, Invalid)
    assert error.fields == {"master_classroom": code}


async def test_two_rooms_added_from_one_page_conflict_and_none_is_lost(pair: tuple[Services, Services]) -> None:
    who = [await one.caller("x.admin") for one in pair]
    outcomes = await asyncio.gather(
        *(
            groups.add_room(one.office, caller, "g.x", AddRoom(room=room, version=1))
            for one, caller, room in zip(pair, who, ("x1.r2", "x2.r2"), strict=True)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EditConflict", "NoneType"]
    added = "x1.r2" if outcomes[0] is None else "x2.r2"
    assert await followers(pair[1]) == {"x1p.r1", "x2.r1", added}
    assert await pair[0].acts() == ["group.add_room"]


async def test_a_room_that_was_in_sits_another_class(process: Services) -> None:
    admin = await process.caller("x.admin")
    await groups.add_room(process.office, admin, "g.x", AddRoom(room="x2.r1", version=1))
    found = await process.office.groups.get("g.x")
    assert found
    assert found.rooms == {"x1p.r1": "x1p.c1", "x2.r1": None}


async def test_closing_and_who_may_not(process: Services) -> None:
    for who, error in (("x1.admin", NotThere), ("x.inspector", Forbidden), ("y.admin", NotThere)):
        attempt = groups.close(process.office, await process.caller(who), "g.x", CloseGroup(closed="1", version=1))
        assert type(await refused(attempt)) is error
    admin = await process.caller("x.admin")
    await groups.close(process.office, admin, "g.x", CloseGroup(closed="1", version=1))
    assert type(await refused(groups.close(process.office, admin, "g.x", CloseGroup(closed="0", version=1)))) is EditConflict
    await groups.close(process.office, admin, "g.x", CloseGroup(closed="0", version=2))
    assert await process.acts() == ["group.close", "group.reopen"]
