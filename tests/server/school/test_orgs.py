"""The tree of organisations: who may change it, what is refused, and that nothing in it can come apart."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from server.accounts.caller import system
from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere, Taken
from server.school import orgs
from server.school.orgs import CloseOrg, EditOrg, MoveOrg, NewOrg, RulesOfSchool
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import Services

pytestmark = both_databases
SCHOOL = NewOrg(name="云岭小学", code="YL-1", tier="school")


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def whole(process: Services) -> None:
    """Every path is its parent's and its own id; under what is closed nothing is open."""
    rows = {row.id: row for row in await process.store.database.read(select(t.org))}
    for row in rows.values():
        above = rows.get(row.parent)
        assert row.path == f"{above.path if above else '/'}{row.id}/"
        assert above is None or above.closed_at is None or row.closed_at is not None


async def test_a_school_is_added_and_stands_in_the_audit(process: Services) -> None:
    admin = await process.caller("x.admin")
    new = await orgs.create(process.office, admin, "x", SCHOOL)
    assert await process.office.orgs.get(new.id) == new
    line = await process.line()
    assert (line.act, line.target, line.path, line.details) == ("org.create", new.id, new.path, '{"tier":"school"}')
    assert await orgs.by_code(process.office, admin, "YL-1") == new
    assert type(await refused(orgs.by_code(process.office, await process.caller("y.admin"), "YL-1"))) is NotThere
    await whole(process)


@pytest.mark.parametrize(
    ("who", "parent", "tier", "error"),
    [
        ("x1.teacher", "x1", "point", Forbidden),
        ("x1.admin", "x1", "school", Forbidden),
        ("x1.admin", "x", "school", NotThere),
        ("y.admin", "x", "school", NotThere),
        ("x.inspector", "x", "school", Forbidden),
        ("x.admin", "x", "county", Invalid),
        ("x.admin", "x1p", "point", Invalid),
        ("x.admin", "nowhere", "school", NotThere),
    ],
)
async def test_what_is_not_added(process: Services, who: str, parent: str, tier: str, error: type[AppError]) -> None:
    before = await process.office.orgs.count()
    attempt = orgs.create(process.office, await process.caller(who), parent, NewOrg(name="A", code="A", tier=tier))  # type: ignore[arg-type]
    assert type(await refused(attempt)) is error
    assert (await process.office.orgs.count(), await process.acts()) == (before, [])


async def test_a_school_adds_its_own_teaching_points(process: Services) -> None:
    form = NewOrg(name="云岭二点", code="YL-2", tier="point")
    new = await orgs.create(process.office, await process.caller("x1.admin"), "x1", form)
    assert new.path == f"{process.world.paths['x1']}{new.id}/"


async def test_a_code_is_one_schools_also_when_two_take_it_at_once(pair: tuple[Services, Services]) -> None:
    admins = [await one.caller(who) for one, who in zip(pair, ("x.admin", "y.admin"), strict=True)]
    outcomes = await asyncio.gather(
        *(orgs.create(one.office, who, county, SCHOOL) for one, who, county in zip(pair, admins, ("x", "y"), strict=True)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Org", "Taken"]
    error = await refused(orgs.edit(pair[0].office, admins[0], "x1", EditOrg(name="A", code="C-x2", version=1)))
    assert (type(error), error.params) == (Taken, {"field": "code"})
    assert await pair[0].acts() == ["org.create"]


async def test_a_stale_edit_changes_nothing(process: Services) -> None:
    admin = await process.caller("x1.admin")
    await orgs.edit(process.office, admin, "x1", EditOrg(name="新名", code="N-1", version=1))
    assert type(await refused(orgs.edit(process.office, admin, "x1", EditOrg(name="旧名", code="O-1", version=1)))) is EditConflict
    found = await process.office.orgs.get("x1")
    assert found
    assert (found.name, found.code, found.version) == ("新名", "N-1", 2)
    assert await process.acts() == ["org.edit"]


# --- moving ------------------------------------------------------------------------------------------------------------


async def test_a_school_moves_with_all_that_is_under_it_and_so_do_rights(process: Services) -> None:
    await orgs.move(process.office, await process.caller("d.admin"), "x1", MoveOrg(parent="y", version=1))
    await whole(process)
    for who, error in (("x.admin", NotThere), ("y.admin", None)):
        attempt = process.office.room(await process.caller(who), "x1p.r1", "room.see")
        if error:
            assert type(await refused(attempt)) is error
        else:
            assert await attempt
    line = await process.line()
    assert (line.act, line.details) == ("org.move", '{"from":"x","to":"y"}')


@pytest.mark.parametrize(
    ("who", "org", "parent", "fields"),
    [
        ("x.admin", "x1", "y", {"parent": "missing"}),
        ("d.admin", "x", "x1", {"parent": "choice"}),
        ("d.admin", "x1", "x1p", {"parent": "choice"}),
        ("d.admin", "x", "y", {"parent": "choice"}),
        ("d.admin", "x1", "nowhere", {"parent": "missing"}),
    ],
)
async def test_where_nothing_moves(process: Services, who: str, org: str, parent: str, fields: dict[str, str]) -> None:
    error = await refused(orgs.move(process.office, await process.caller(who), org, MoveOrg(parent=parent, version=1)))
    assert isinstance(error, Invalid)
    assert error.fields == fields
    await whole(process)
    assert await process.acts() == []


async def test_a_school_admin_moves_nothing(process: Services) -> None:
    error = await refused(orgs.move(process.office, await process.caller("x1.admin"), "x1p", MoveOrg(parent="x1", version=1)))
    assert type(error) is Forbidden


@pytest.mark.parametrize("order", [0, 1])
async def test_moves_and_new_schools_at_once_leave_a_whole_tree(pair: tuple[Services, Services], order: int) -> None:
    one, other = pair
    who = [await each.caller("n.admin") for each in pair]
    attempts = [
        orgs.move(one.office, who[0], "y", MoveOrg(parent="p", version=1)),
        orgs.move(other.office, who[1], "x1", MoveOrg(parent="y", version=1)),
        orgs.create(one.office, who[0], "y", SCHOOL),
        orgs.create(other.office, who[1], "y1", NewOrg(name="点", code="P-1", tier="point")),
    ]
    outcomes = await asyncio.gather(*(attempts if order else reversed(attempts)), return_exceptions=True)
    assert {type(outcome).__name__ for outcome in outcomes} <= {"NoneType", "Org", "EditConflict"}
    await whole(one)


# --- closing -----------------------------------------------------------------------------------------------------------


async def test_what_is_under_it_closes_first_and_opens_last(process: Services) -> None:
    admin = await process.caller("x.admin")

    async def press(org: str, closed: str, version: int) -> None:
        await orgs.close(process.office, admin, org, CloseOrg(closed=closed, version=version))  # type: ignore[arg-type]

    error = await refused(press("x1", "1", 1))
    assert isinstance(error, Invalid)
    assert error.fields == {"closed": "children"}
    await press("x1p", "1", 1)
    await press("x1", "1", 1)
    assert type(await refused(press("x1", "1", 1))) is EditConflict
    error = await refused(press("x1p", "0", 2))
    assert isinstance(error, Invalid)
    assert error.fields == {"closed": "above"}
    error = await refused(orgs.create(process.office, admin, "x1", NewOrg(name="点", code="P-1", tier="point")))
    assert isinstance(error, Invalid)
    await press("x1", "0", 2)
    await press("x1p", "0", 2)
    assert await process.acts() == ["org.close", "org.close", "org.reopen", "org.reopen"]


async def test_no_point_is_added_while_its_school_closes(pair: tuple[Services, Services]) -> None:
    one, other = pair
    who = [await each.caller("x.admin") for each in pair]
    outcomes = await asyncio.gather(
        orgs.close(one.office, who[0], "x2", CloseOrg(closed="1", version=1)),
        orgs.create(other.office, who[1], "x2", NewOrg(name="点", code="P-1", tier="point")),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, AppError) for outcome in outcomes) == 1
    await whole(one)


async def test_only_the_command_line_makes_a_root_and_only_the_first(process: Services) -> None:
    for who in (system(), await process.caller("n.admin")):
        assert type(await refused(orgs.create_root(process.office, who, NewOrg(name="R", code="R", tier="nation")))) is Forbidden


async def test_everybody_sees_the_tree_from_their_own_place_down(process: Services) -> None:
    assert [one.id for one in await orgs.tops(process.office, await process.caller("x.admin"))] == ["x"]
    assert [one.id for one in await orgs.tops(process.office, await process.caller("x1.teacher"))] == ["x1"]
    assert [one.id for one in await orgs.tops(process.office, system())] == ["n"]
    assert await orgs.tops(process.office, await process.caller("x1.c1.s1")) == []
    point = await process.office.orgs.get("x1p")
    assert point
    assert [one.id for one in await orgs.crumbs(process.office, await process.caller("x.admin"), point)] == ["x", "x1", "x1p"]


async def test_the_rules_of_a_schools_lessons(process: Services) -> None:
    admin = await process.caller("x1.admin")
    await orgs.set_rules(process.office, admin, "x1", RulesOfSchool(calls="1", phones="0", record="0", version=1))
    school = await process.office.orgs.get("x1")
    assert school is not None
    assert (school.term_calls, school.seat_phones, school.auto_record, school.version) == (True, False, False, 2)
    line = await process.line()
    assert (line.act, line.target, line.details) == ("org.rules", "x1", '{"calls":"1","phones":"0","record":"0"}')
    later = RulesOfSchool(calls="0", phones="1", record="1", version=1)
    assert type(await refused(orgs.set_rules(process.office, admin, "x1", later))) is EditConflict
    for who, org, error in (("x1.teacher", "x1", Forbidden), ("x2.admin", "x1", NotThere), ("x.admin", "x", Invalid)):
        assert type(await refused(orgs.set_rules(process.office, await process.caller(who), org, later))) is error
    assert await process.office.orgs.get("x1") == school
