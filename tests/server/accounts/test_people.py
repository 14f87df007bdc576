"""People and their dated roles: who may change whom, what is refused, and that an installation keeps an admin."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, update

from server.accounts import cookies, directory
from server.accounts.people import EditPerson, GrantRole, NewPerson
from server.errors import AppError, BadLogin, EditConflict, Forbidden, Invalid, LastAdmin, NotThere, Taken
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import PASSWORD, Services
from tests.server.world import HOUR

pytestmark = both_databases
ME = "x1.teacher"
FANG = NewPerson(name="王芳", login="Wang.Fang", number="33010219800101", role="teacher")


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def ids(process: Services, who: str, **how: str) -> set[str]:
    return {one.person.id for one in await process.people.listed(await process.caller(who), **how)}


# --- adding and changing -----------------------------------------------------------------------------------------------


async def test_somebody_new_has_a_role_and_a_line_and_no_name_in_it(process: Services) -> None:
    new = await process.people.create(await process.caller("x1.admin"), "x1", FANG)
    shown = await process.people.shown(new)
    assert (shown.name, shown.number, new.login) == ("王芳", "****0101", "wang.fang")
    assert [(role.role, role.org, role.granted_by) for role in shown.roles] == [("teacher", "x1", "x1.admin")]
    line = await process.line()
    assert (line.act, line.actor, line.target, line.path) == ("person.create", "x1.admin", new.id, process.world.paths["x1"])
    assert "王芳" not in line.details
    assert new.id in await ids(process, "x.admin", search="王")
    assert new.id in await ids(process, "x.admin", search="wang.f", role="teacher")
    assert new.id not in await ids(process, "x.admin", search="王", role="assistant")


@pytest.mark.parametrize(
    ("who", "org", "error"),
    [("x1.teacher", "x1", Forbidden), ("x2.admin", "x1", NotThere), ("y.admin", "x1", NotThere), ("x1.admin", "x", NotThere)],
)
async def test_who_may_not_add_anybody(process: Services, who: str, org: str, error: type[AppError]) -> None:
    assert type(await refused(process.people.create(await process.caller(who), org, FANG))) is error
    assert await process.acts() == []
    assert await process.office.people.by_login("wang.fang") is None


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (NewPerson(name="李四", login="WANG.FANG"), "login"),
        (NewPerson(name="李四", number=" 33010219800101 "), "number"),
        (NewPerson(name="李四", login="li.si", number="33010219800101"), "number"),
        (NewPerson(name="李四", login="wang.fang", number="33010219900202"), "login"),
    ],
)
async def test_a_login_and_a_number_belong_to_one_person_and_the_refusal_says_which(process: Services, form: NewPerson, field: str) -> None:
    admin = await process.caller("x1.admin")
    await process.people.create(admin, "x1", FANG)
    error = await refused(process.people.create(admin, "x1", form))
    assert (type(error), error.params) == (Taken, {"field": field})
    assert await process.acts() == ["person.create"]


async def test_the_same_login_made_twice_at_once_is_one_persons(pair: tuple[Services, Services]) -> None:
    forms = [NewPerson(name=name, login="wang.fang") for name in ("王芳", "王方")]
    admins = [await one.caller("x1.admin") for one in pair]
    outcomes = await asyncio.gather(
        *(one.people.create(who, "x1", form) for one, who, form in zip(pair, admins, forms, strict=True)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Person", "Taken"]
    assert await pair[0].acts() == ["person.create"]


async def test_an_edit_of_a_stale_page_loses_nothing(pair: tuple[Services, Services]) -> None:
    one, other = pair
    new = await one.people.create(await one.caller("x1.admin"), "x1", FANG)
    admins = [await each.caller("x1.admin") for each in pair]
    outcomes = await asyncio.gather(
        one.people.edit(admins[0], new.id, EditPerson(name="王芳芳", login="wang.fang", version=1)),
        other.people.edit(admins[1], new.id, EditPerson(name="汪芳", login="w.f", number="110101197001011234", version=1)),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EditConflict", "NoneType"]
    found = await one.office.people.get(new.id)
    assert found
    shown = await one.people.shown(found)
    won = ("王芳芳", "wang.fang", "****0101") if outcomes[0] is None else ("汪芳", "w.f", "****1234")
    assert (shown.name, found.login, shown.number) == won
    assert await one.acts() == ["person.create", "person.edit"]


async def test_an_edit_to_somebody_elses_login_is_refused_and_ones_own_is_kept(process: Services) -> None:
    admin = await process.caller("x1.admin")
    error = await refused(process.people.edit(admin, ME, EditPerson(name="甲", login="x2.Teacher", version=1)))
    assert (type(error), error.params) == (Taken, {"field": "login"})
    await process.people.edit(admin, ME, EditPerson(name="甲", login="X1.Teacher", number="33010219800101", version=1))
    await process.people.edit(admin, ME, EditPerson(name="乙", login="x1.teacher", number="33010219800101", version=2))
    found = await process.office.people.get(ME)
    assert found
    assert (await process.people.shown(found)).number == "****0101"


# --- shutting ----------------------------------------------------------------------------------------------------------


async def test_a_disabled_person_is_out_at_once_and_back_only_by_logging_in(process: Services) -> None:
    await process.password(ME)
    admin, bearer = await process.caller("x1.admin"), (await process.logins.person(ME, PASSWORD, "203.0.113.7")).bearer
    await process.people.disable(admin, ME, 1, disabled=True)
    assert (await process.gate.caller({cookies.SESSION: bearer.text})).kind == "nobody"
    assert type(await refused(process.logins.person(ME, PASSWORD, "203.0.113.7"))) is BadLogin
    assert type(await refused(process.people.disable(admin, ME, 1, disabled=False))) is EditConflict
    await process.people.disable(admin, ME, 2, disabled=False)
    assert (await process.gate.caller({cookies.SESSION: bearer.text})).kind == "nobody"
    assert await process.logins.person(ME, PASSWORD, "203.0.113.7")
    assert await process.acts() == ["person.disable", "person.enable"]


async def test_an_erased_person_is_nobody_any_more(process: Services) -> None:
    await process.password(ME)
    await process.people.erase(await process.caller("x1.admin"), ME, 1)
    found = await process.office.people.get(ME)
    assert found
    assert (found.login, (await process.people.shown(found)).name) == (None, "")
    assert type(await refused(process.logins.person(ME, PASSWORD, "203.0.113.7"))) is BadLogin
    assert (await process.gate.caller(process.world.cookies(ME))).kind == "nobody"


async def test_the_last_admin_of_all_stays(process: Services) -> None:
    admin = await process.caller("n.admin")
    for attempt in (
        process.people.disable(admin, "n.admin", 1, disabled=True),
        process.people.erase(admin, "n.admin", 1),
        process.people.end_role(admin, "a.n.admin"),
    ):
        assert type(await refused(attempt)) is LastAdmin
    assert await process.acts() == []
    await process.people.end_role(admin, "a.d.admin")
    await process.people.disable(admin, "x.admin", 1, disabled=True)


async def test_a_future_admin_or_a_disabled_one_is_no_substitute(process: Services) -> None:
    admin = await process.caller("n.admin")
    await process.role("x.admin", "admin", "n", begin=process.clock.now + HOUR)
    assert type(await refused(process.people.end_role(admin, "a.n.admin"))) is LastAdmin
    process.clock.now += HOUR
    await process.store.database.execute(update(t.person).where(t.person.c.id == "x.admin").values(disabled_at=1))
    assert type(await refused(process.people.end_role(admin, "a.n.admin"))) is LastAdmin
    await process.store.database.execute(update(t.person).where(t.person.c.id == "x.admin").values(disabled_at=None))
    await process.people.end_role(admin, "a.n.admin")


async def test_the_last_admin_stays_however_many_people_there_are(process: Services) -> None:
    rows = [{"id": f"p{n:05}", "org": "d", "name": "none", "created": 0} for n in range(5001)]
    await process.store.database.write(lambda connection: connection.execute(insert(t.person), rows))
    assert type(await refused(process.people.end_role(await process.caller("n.admin"), "a.n.admin"))) is LastAdmin


async def test_two_admins_cannot_shut_out_each_other_at_once(pair: tuple[Services, Services]) -> None:
    one, other = pair
    await one.role("d.admin", "admin", "n")
    callers = [await one.caller("n.admin"), await other.caller("d.admin")]
    outcomes = await asyncio.gather(
        one.people.disable(callers[0], "d.admin", 1, disabled=True),
        other.people.disable(callers[1], "n.admin", 1, disabled=True),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastAdmin", "NoneType"]


async def test_nobody_shuts_or_renames_the_way_in_of_somebody_above(process: Services) -> None:
    await process.role(ME, "inspector", "x")
    admin = await process.caller("x1.admin")
    for attempt in (
        process.people.disable(admin, ME, 1, disabled=True),
        process.people.disable(admin, ME, 1, disabled=False),
        process.people.erase(admin, ME, 1),
        process.people.edit(admin, ME, EditPerson(name="甲", login="other", version=1)),
        process.people.edit(admin, ME, EditPerson(name="甲", version=1)),
        process.people.edit(admin, ME, EditPerson(name="甲", login=ME, number="33010219800101", version=1)),
    ):
        assert type(await refused(attempt)) is Forbidden
    assert await process.acts() == []
    await process.people.edit(admin, ME, EditPerson(name="甲", login=ME, version=1))
    above = await process.caller("x.admin")
    await process.people.edit(above, ME, EditPerson(name="甲", login="other", number="33010219800101", version=2))
    await process.people.disable(above, ME, 3, disabled=True)
    assert await process.acts() == ["person.edit", "person.edit", "person.disable"]


# --- roles -------------------------------------------------------------------------------------------------------------


async def test_a_role_lasts_from_its_day_to_its_day(process: Services) -> None:
    admin, begin = await process.caller("x2.admin"), process.clock.now + HOUR
    await process.store.database.execute(update(t.person).where(t.person.c.id == ME).values(org="x2"))
    await process.people.grant(admin, ME, GrantRole(role="assistant", org="x2", valid_from=begin, valid_until=begin + HOUR))
    line = await process.line()
    assert (line.act, line.details) == ("role.grant", '{"role":"assistant"}')
    seen = []
    for _ in range(3):
        seen.append("assistant" in (await process.caller(ME)).roles)
        process.clock.now += HOUR
    assert seen == [False, True, False]


@pytest.mark.parametrize(
    ("who", "org", "error"),
    [("x1.admin", "x", NotThere), ("x1.admin", "y1", NotThere), ("x1.teacher", "x1", NotThere), ("x.inspector", "x1", Forbidden)],
)
async def test_nobody_grants_what_is_not_theirs(process: Services, who: str, org: str, error: type[AppError]) -> None:
    assert type(await refused(process.people.grant(await process.caller(who), ME, GrantRole(role="admin", org=org)))) is error
    assert await process.acts() == []


async def test_a_role_ends_no_earlier_than_it_begins(process: Services) -> None:
    now = process.clock.now
    for begin, end in ((now, now), (None, now - 1)):
        form = GrantRole(role="assistant", org="x1", valid_from=begin, valid_until=end)
        error = await refused(process.people.grant(await process.caller("x1.admin"), ME, form))
        assert isinstance(error, Invalid)
        assert error.fields == {"valid_until": "low"}


async def test_a_role_that_ended_is_gone_and_what_was_entered_with_it_is_closed(process: Services) -> None:
    before = await process.caller(ME)
    assert await process.people.end_role(await process.caller("x1.admin"), f"a.{ME}") == ME
    after = await process.caller(ME)
    assert (after.grants, after.epoch) == ((), before.epoch + 1)
    assert await process.acts() == ["role.end"]
    for who, role in (("y.admin", f"a.{ME}"), ("x1.admin", "a.none"), ("x1.admin", "a.x1.c1.s1.parent")):
        assert type(await refused(process.people.end_role(await process.caller(who), role))) is NotThere


async def test_a_school_sees_who_works_there_and_no_more_who_has_left(process: Services) -> None:
    await process.role(ME, "teacher", "y1", 0, process.clock.now + HOUR)
    assert ME in await ids(process, "y1.admin")
    assert (await process.people.find(await process.caller("y1.admin"), ME, "person.see"))[0].id == ME
    assert type(await refused(process.people.find(await process.caller("y1.admin"), ME, "person.edit"))) is NotThere
    process.clock.now += HOUR
    assert ME not in await ids(process, "y1.admin")
    assert type(await refused(process.people.find(await process.caller("y1.admin"), ME, "person.see"))) is NotThere


async def test_a_list_is_narrowed_inside_ones_scope_only(process: Services) -> None:
    assert ME in await ids(process, "x.admin", under=process.world.paths["x1"])
    assert ME not in await ids(process, "x.admin", under=process.world.paths["x2"])
    assert await ids(process, "x.admin", under=process.world.paths["y"]) == set()
    assert await ids(process, "x.admin", under="/") == set()


async def crowd(process: Services, many: int, **more: object) -> list[str]:
    """People of school x1 with names, the same for all; their ids."""
    admin = await process.caller("x1.admin")
    new = await process.people.create(admin, "x1", NewPerson(name="欧阳修"))
    rows = [{"id": f"p{n:05}", "org": "x1", "name": new.name, "created": 0, **more} for n in range(many)]
    await process.store.database.write(lambda connection: connection.execute(insert(t.person), rows))
    return [str(row["id"]) for row in rows]


async def test_nobody_is_left_out_however_many_there_are(process: Services) -> None:
    many = await crowd(process, 5200)
    admin = await process.caller("x1.admin")
    last = await process.people.create(admin, "x1", NewPerson(name="诸葛亮", login="zzz.last", role="librarian"))
    assert last.id in await ids(process, "x1.admin", search="诸葛")
    assert last.id in await ids(process, "x1.admin", role="librarian")
    assert len(await ids(process, "x1.admin")) == len(many) + 5  # the three of the world, the one whose name they have, the last
    everybody = await process.people.page(admin, 0, 100)
    pages = [await process.people.page(admin, n, 1000) for n in range(6)]
    assert {page.total for page in pages} == {everybody.total} == {len(many) + 5}
    shown = [one.person.id for page in pages for one in page.people]
    assert len(shown) == len(set(shown)) == everybody.total
    assert [one.person.id for one in everybody.people] == shown[:100]
    found = await process.people.page(admin, 0, 100, search="欧阳")
    assert (found.total, len(found.people)) == (len(many) + 1, 100)
    by_login = await process.people.page(admin, 0, 100, search="zzz.l", role="librarian")
    assert [one.person.id for one in by_login.people] == [last.id]
    assert by_login.people[0].name == "诸葛亮"


async def test_a_search_through_more_names_than_can_be_opened_asks_for_a_school(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "MOST_SEARCHED", 5)
    admin = await process.caller("x.admin")
    error = await refused(process.people.page(admin, 0, 100, search="姓名"))
    assert isinstance(error, Invalid)
    assert error.fields == {"search": "narrow"}
    school = process.world.paths["x2"]
    assert (await process.people.page(admin, 0, 100, search="姓名", under=school)).total == 3
    assert (await process.people.page(admin, 0, 100, search="姓名", role="librarian")).total == 1
    assert (await process.people.page(admin, 0, 100)).total > 5


# --- invitations and resets --------------------------------------------------------------------------------------------


async def test_a_reset_shuts_the_old_password_and_every_session_at_once(process: Services) -> None:
    await process.password(ME)
    bearer = (await process.logins.person(ME, PASSWORD, "203.0.113.7")).bearer
    token = await process.people.invite(await process.caller("x1.admin"), ME, "reset")
    assert (await process.gate.caller({cookies.SESSION: bearer.text})).kind == "nobody"
    assert type(await refused(process.logins.person(ME, PASSWORD, "203.0.113.7"))) is BadLogin
    assert (await process.line()).act == "person.reset"
    await process.logins.redeem(token, "", "another long word")
    assert await process.logins.person(ME, "another long word", "203.0.113.7")


@pytest.mark.parametrize("kind", ["invitation", "reset"])
async def test_nobody_enters_as_somebody_above_oneself(process: Services, kind: str) -> None:
    await process.role(ME, "admin", "x", 0, process.clock.now + HOUR)
    school, county = await process.caller("x1.admin"), await process.caller("x.admin")
    assert type(await refused(process.people.invite(school, ME, kind))) is Forbidden  # type: ignore[arg-type]
    assert await process.acts() == []
    assert await process.people.invite(county, ME, kind)  # type: ignore[arg-type]
    process.clock.now += HOUR
    assert await process.people.invite(school, ME, kind), "the role above is over"  # type: ignore[arg-type]
