"""Standing groups: rooms inside one's scope by name, others by their join code; the other school may leave."""

from __future__ import annotations

import asyncio

import pytest

from server.accounts.throttle import FREE
from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere, TooMany
from server.school import groups, invited, lessons, rooms
from server.school.groups import AddRoom, CloseGroup, EditGroup, NewGroup, RemoveRoom
from server.school.invited import AcceptRoom
from tests.harness.postgres import both_databases
from tests.server.services import ZONE, Services

pytestmark = both_databases


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def followers(process: Services, group: str = "g.x") -> set[str]:
    found = await process.office.groups.get(group)
    assert found
    return set(found.rooms)


async def asked(process: Services, group: str = "g.x") -> set[str]:
    found = await process.office.groups.get(group)
    assert found
    return set(found.pending)


async def paired(process: Services) -> str:
    """A group of county x that asks y1's second room."""
    admin = await process.caller("x.admin")
    new = await groups.create(process.office, admin, "x", NewGroup(name="结对", kind="paired", master_classroom="x1.r1"))
    assert await groups.add_room(process.office, admin, new.id, AddRoom(room="100 032", version=1)) is False
    return new.id


async def test_a_room_of_another_county_follows_once_its_own_school_agrees(process: Services) -> None:
    group = await paired(process)
    assert (await followers(process, group), await asked(process, group)) == (set(), {"y1.r2"})
    assert await process.acts() == ["group.create", "group.ask_room", "group.ask_room"]
    line = await process.line()
    assert (line.target_kind, line.target, line.path, line.details) == (
        "room",
        "y1.r2",
        process.world.paths["y1"],
        f'{{"group":"{group}"}}',
    )
    assert [one.id for one in await process.office.groups.of_room("y1.r2")] == []
    for who, error in (("x.admin", NotThere), ("y2.admin", NotThere), ("y1.teacher", Forbidden), ("y1.assistant", Forbidden)):
        caller = await process.caller(who)
        assert type(await refused(invited.accept(process.office, caller, "y1.r2", group, AcceptRoom()))) is error
        assert type(await refused(invited.refuse(process.office, caller, "y1.r2", group))) is error
    admin = await process.caller("y1.admin")
    (shown,) = await invited.asking(process.office, admin, "y1.r2")
    assert (shown.group.id, shown.keeper.id, shown.master.id) == (group, "x", "x1")
    error = await refused(invited.accept(process.office, admin, "y1.r2", group, AcceptRoom(school_class="x1.c1")))
    assert isinstance(error, Invalid)
    assert error.fields == {"school_class": "choice"}
    await invited.accept(process.office, admin, "y1.r2", group, AcceptRoom(school_class="y1.c1"))
    found = await process.office.groups.get(group)
    assert found
    assert (found.rooms, found.pending) == ({"y1.r2": "y1.c1"}, {})
    assert (await process.acts())[3:] == ["group.accept_room", "group.accept_room"]
    again = await refused(invited.accept(process.office, admin, "y1.r2", group, AcceptRoom()))
    assert type(again) is NotThere
    leaving = RemoveRoom(room="y1.r2", version=2)
    for who, error in (("y2.admin", NotThere), ("y1.teacher", Forbidden)):
        assert type(await refused(groups.remove_room(process.office, await process.caller(who), group, leaving))) is error
    await groups.remove_room(process.office, admin, group, leaving)
    assert await followers(process, group) == set()
    assert (await process.line()).path == process.world.paths["y1"]


async def test_a_lesson_of_the_group_books_no_room_that_was_only_asked(process: Services) -> None:
    group = await paired(process)
    form = lessons.NewLesson(name="加课", standing_group=group, day="2026-09-22", begins="09:00")
    made = await lessons.create(process.office, await process.caller("x1.admin"), form, ZONE)
    assert made.rooms == {}
    await invited.accept(process.office, await process.caller("y1.admin"), "y1.r2", group, AcceptRoom())
    form = lessons.NewLesson(name="再加课", standing_group=group, day="2026-09-22", begins="10:00")
    made = await lessons.create(process.office, await process.caller("x1.admin"), form, ZONE)
    assert set(made.rooms) == {"y1.r2"}


async def test_a_school_declines_and_a_group_withdraws(process: Services) -> None:
    group = await paired(process)
    await invited.refuse(process.office, await process.caller("y.admin"), "y1.r2", group)
    assert await asked(process, group) == set()
    admin = await process.caller("x.admin")
    await groups.add_room(process.office, admin, group, AddRoom(room="100032", version=2))
    twice = await refused(groups.add_room(process.office, admin, group, AddRoom(room="100032", version=3)))
    assert isinstance(twice, Invalid)
    assert twice.fields == {"room": "taken"}
    await groups.remove_room(process.office, admin, group, RemoveRoom(room="y1.r2", version=3))
    assert await asked(process, group) == set()
    assert type(await refused(invited.accept(process.office, await process.caller("y1.admin"), "y1.r2", group, AcceptRoom()))) is NotThere


async def test_a_closed_group_asks_nobody(process: Services) -> None:
    group = await paired(process)
    await groups.close(process.office, await process.caller("x.admin"), group, CloseGroup(closed="1", version=2))
    admin = await process.caller("y1.admin")
    assert await invited.asking(process.office, admin, "y1.r2") == []
    assert await process.office.groups.asked(["y1.r2"]) == set()
    assert type(await refused(invited.accept(process.office, admin, "y1.r2", group, AcceptRoom()))) is NotThere


async def test_agreed_and_declined_at_once_is_one_of_both(pair: tuple[Services, Services]) -> None:
    group = await paired(pair[0])
    callers = [await one.caller("y1.admin") for one in pair]
    outcomes = await asyncio.gather(
        invited.accept(pair[0].office, callers[0], "y1.r2", group, AcceptRoom()),
        invited.refuse(pair[1].office, callers[1], "y1.r2", group),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, (EditConflict, NotThere)) for one in outcomes) == [False, True]
    assert await followers(pair[0], group) == ({"y1.r2"} if outcomes[0] is None else set())


async def test_a_school_of_the_same_county_is_asked_too_by_another_schools_admin(process: Services) -> None:
    admin = await process.caller("x1.admin")
    new = await groups.create(process.office, admin, "x1", NewGroup(name="G", kind="schools", master_classroom="x1.r1"))
    named = await refused(groups.add_room(process.office, admin, new.id, AddRoom(room="100022", school_class="x2.c1", version=1)))
    assert isinstance(named, Invalid), "which class sits there is said by its own school"
    await groups.add_room(process.office, admin, new.id, AddRoom(room="100022", version=1))
    await groups.add_room(process.office, admin, new.id, AddRoom(room="x1.r2", school_class="x1.c1", version=2))
    assert (await followers(process, new.id), await asked(process, new.id)) == ({"x1.r2"}, {"x2.r2"})
    await invited.accept(process.office, await process.caller("x.admin"), "x2.r2", new.id, AcceptRoom())
    assert await followers(process, new.id) == {"x1.r2", "x2.r2"}


async def test_codes_cannot_be_guessed_one_after_the_other(process: Services) -> None:
    admin, other = await process.caller("x.admin"), await process.caller("y.admin")
    for n in range(FREE["join"]):
        right = AddRoom(room="100032" if n == 5 else f"{900000 + n}", version=1)
        if n == 5:
            await groups.add_room(process.office, admin, "g.x", right)
        else:
            assert type(await refused(groups.add_room(process.office, admin, "g.x", AddRoom(room=right.room, version=2)))) is Invalid
    await refused(groups.add_room(process.office, admin, "g.x", AddRoom(room="900100", version=2)))
    late = await refused(groups.add_room(process.office, admin, "g.x", AddRoom(room="100031", version=2)))
    assert type(late) is TooMany, "a right one between them forgets nothing"
    await groups.add_room(process.office, admin, "g.x", AddRoom(room="x2.r2", version=2))  # those of the own scope have no code to guess
    new = await groups.create(process.office, other, "y", NewGroup(name="G", kind="schools", master_classroom="y1.r1"))
    assert await groups.add_room(process.office, other, new.id, AddRoom(room="100042", version=1))
    process.clock.now += 3_600_000
    assert await groups.add_room(process.office, admin, "g.x", AddRoom(room="100041", version=3)) is False


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
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EditConflict", "bool"]
    added = "x1.r2" if outcomes[0] is True else "x2.r2"
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
