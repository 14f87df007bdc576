"""Parents: a slip lets one in once; a parent sees the own child, and nothing after the school has ended it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from server.accounts import cookies
from server.accounts.caller import Caller, at
from server.accounts.parents import NewParent, Parents
from server.accounts.slips import LIVES_MS
from server.domain.permissions import Where
from server.errors import Forbidden, Invalid, LinkExpired, LinkInvalid, NotThere, Taken
from server.school import classes
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import PASSWORD, Services

CLASS, CHILD, SIBLING = "x1.c1", "x1.c1.s2", "x1.c1.s3"


def parents(process: Services) -> Parents:
    return Parents(process.office, process.logins)


async def slip(process: Services, student: str = CHILD, who: str = "x1.assistant") -> str:
    group = student.rpartition(".")[0]
    return (await parents(process).issue(await process.caller(who), group, student))[0].token


def form(login: str = "Zhang.Baba") -> NewParent:
    return NewParent(login=login, password=PASSWORD)


async def caller_of(process: Services, bearer: cookies.Bearer) -> Caller:
    return await process.gate.caller({cookies.SESSION: bearer.text})


async def parent(process: Services, student: str = CHILD, login: str = "zhang.baba") -> Caller:
    return await caller_of(process, await parents(process).redeem(await slip(process, student), form(login)))


@both_databases
async def test_a_slip_makes_one_parent_of_one_child(process: Services) -> None:
    found = await parent(process)
    assert (found.kind, found.must, found.org) == ("person", "", "x1")
    assert [(grant.role, grant.path, grant.subject) for grant in found.grants] == [("parent", "", CHILD)]
    assert found.may("student.see", Where(subject=CHILD))
    assert not found.may("student.see", Where(subject=SIBLING))
    assert not found.may("student.see", at(process.world.paths["x1"]))
    assert await process.acts() == ["slip.issue", "slip.parent"]
    role = (await process.store.database.read(select(t.assignment).where(t.assignment.c.person == found.id)))[0]
    assert (role.granted_by, role.valid_from, role.valid_until) == ("x1.assistant", process.clock.now, None)
    assert not (await process.logins.person("ZHANG.baba", PASSWORD, "203.0.113.7")).needs_code


@both_databases
async def test_a_slip_counts_once(process: Services) -> None:
    token = await slip(process)
    await parents(process).redeem(token, form())
    with pytest.raises(LinkInvalid):
        await parents(process).redeem(token, form("other.one"))


@both_databases
async def test_two_at_once_are_one(pair: tuple[Services, Services]) -> None:
    token = await slip(pair[0])
    tries = [parents(pair[n % 2]).redeem(token, form(f"parent.{n}")) for n in range(6)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["Bearer", *["LinkInvalid"] * 5]
    people = await pair[0].store.database.read(select(t.person.c.id).where(t.person.c.login.like("parent.%")))
    assert len(people) == 1
    assert (await pair[0].acts()).count("slip.parent") == 1


@both_databases
async def test_two_families_who_want_the_same_login_get_in_one_after_the_other(pair: tuple[Services, Services]) -> None:
    tokens = [await slip(pair[0]), await slip(pair[0], SIBLING)]
    tries = [parents(pair[n]).redeem(token, form()) for n, token in enumerate(tokens)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["Bearer", "Taken"]
    loser = next(n for n, each in enumerate(found) if isinstance(each, Taken))
    await parents(pair[0]).redeem(tokens[loser], form("another.one"))  # the refused one is not spent


async def test_a_slip_grows_old(process: Services) -> None:
    token = await slip(process)
    process.clock.now += LIVES_MS["parent"]
    with pytest.raises(LinkExpired):
        await parents(process).redeem(token, form())


async def test_only_the_last_slip_counts_and_each_parent_gets_one(process: Services) -> None:
    first = await slip(process)
    second = await slip(process)
    with pytest.raises(LinkInvalid):
        await parents(process).redeem(first, form())
    await parents(process).redeem(second, form("mama"))
    process.clock.now += 1
    await parents(process).redeem(await slip(process), form("baba"))
    bound = await parents(process).of_class(await process.caller("x1.assistant"), CLASS)
    assert [one.login for one in bound[CHILD]] == ["mama", "baba"]


async def test_a_weak_password_or_a_taken_login_spends_nothing(process: Services) -> None:
    token = await slip(process)
    with pytest.raises(Invalid):
        await parents(process).redeem(token, NewParent(login="baba", password="baba"))
    with pytest.raises(Taken):
        await parents(process).redeem(token, form("X1.Teacher"))
    await parents(process).redeem(token, form())


async def test_a_slip_of_another_kind_makes_no_parent(process: Services) -> None:
    token = await process.people.invite(await process.caller("x1.admin"), "x1.teacher", "invitation")
    with pytest.raises(LinkInvalid):
        await parents(process).redeem(token, form())
    with pytest.raises(NotThere):
        await process.logins.redeem(await slip(process), "me", PASSWORD)


async def test_the_whole_class_gets_slips(process: Services) -> None:
    slips = await parents(process).issue(await process.caller("x1.admin"), CLASS)
    assert [one.number for one in slips] == ["01", "02", "03", "04", "05"]
    assert len({one.token for one in slips}) == 5
    assert "学生" not in slips[0].name
    line = await process.line()
    assert (line.act, line.target, line.details) == ("slip.issue", CLASS, '{"students":5}')


@pytest.mark.parametrize(
    ("who", "group", "student", "refusal"),
    [
        ("x1.teacher", CLASS, CHILD, Forbidden),
        ("x.inspector", CLASS, CHILD, Forbidden),
        ("x2.assistant", CLASS, CHILD, NotThere),
        ("y.admin", CLASS, CHILD, NotThere),
        ("x1.c1.s1.parent", CLASS, CHILD, NotThere),
        ("x1.c1.s1", CLASS, CHILD, NotThere),
        ("x1.assistant", CLASS, "x2.c1.s1", NotThere),
        ("x1.assistant", CLASS, "nobody", NotThere),
    ],
)
async def test_who_issues_none(process: Services, who: str, group: str, student: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        await parents(process).issue(await process.caller(who), group, student)
    assert await process.acts() == []


# --- several children --------------------------------------------------------------------------------------------------


@both_databases
async def test_a_parent_binds_another_child(process: Services) -> None:
    me = await parent(process)
    await parents(process).bind(me, await slip(process, "x2.c1.s1", "x2.assistant"))
    again = await process.gate.grants(me.id)
    assert sorted(grant.subject for grant in again) == [CHILD, "x2.c1.s1"]
    assert (await process.acts())[-1] == "slip.parent"


@both_databases
async def test_one_of_two_who_bind_with_the_same_slip_wins(pair: tuple[Services, Services]) -> None:
    one, other = await parent(pair[0]), await parent(pair[0], SIBLING, "other")
    token = await slip(pair[0], "x1.c1.s4")
    found = await asyncio.gather(parents(pair[0]).bind(one, token), parents(pair[1]).bind(other, token), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["LinkInvalid", "NoneType"]
    bound = await parents(pair[0]).of_class(await pair[0].caller("x1.admin"), CLASS)
    assert len(bound["x1.c1.s4"]) == 1


async def test_the_same_child_twice_is_one_binding(process: Services) -> None:
    me = await parent(process)
    await parents(process).bind(me, await slip(process))
    assert [grant.subject for grant in await process.gate.grants(me.id)] == [CHILD]


async def test_a_teacher_may_be_a_parent(process: Services) -> None:
    teacher = await process.caller("x2.teacher")
    await parents(process).bind(teacher, await slip(process))
    assert {grant.role for grant in (await process.caller("x2.teacher")).grants} == {"teacher", "parent"}


@pytest.mark.parametrize("who", ["x1.c1.s1", "x1.d1"])
async def test_only_people_are_parents(process: Services, who: str) -> None:
    with pytest.raises(Forbidden):
        await parents(process).bind(await process.caller(who), await slip(process))


# --- the end -----------------------------------------------------------------------------------------------------------


async def end(process: Services, me: Caller, who: str = "x1.assistant") -> None:
    rows = await process.store.database.read(select(t.assignment.c.id).where(t.assignment.c.person == me.id))
    await parents(process).end(await process.caller(who), rows[0].id)


@both_databases
async def test_the_school_ends_it(process: Services) -> None:
    me = await parent(process)
    await end(process, me)
    assert await process.gate.grants(me.id) == []
    assert (await process.acts())[-1] == "parent.end"
    assert CHILD not in await parents(process).of_class(await process.caller("x1.admin"), CLASS)


async def test_no_other_school_ends_it(process: Services) -> None:
    me = await parent(process)
    for who in ("x2.assistant", "y.admin", "x1.c1.s1.parent"):
        with pytest.raises(NotThere):
            await end(process, me, who)
    with pytest.raises(Forbidden):
        await end(process, me, "x1.teacher")


async def test_another_role_is_not_ended_by_this_door(process: Services) -> None:
    with pytest.raises(NotThere):
        await parents(process).end(await process.caller("x1.admin"), "a.x1.teacher")
    with pytest.raises(NotThere):
        await parents(process).end(await process.caller("x1.admin"), "nobody")


@both_databases
async def test_a_child_that_leaves_takes_its_parents_and_slips_along(process: Services) -> None:
    me, token = await parent(process), await slip(process)
    await classes.leave(process.office, await process.caller("x1.admin"), CHILD, 1)
    assert await process.gate.grants(me.id) == []
    with pytest.raises(LinkInvalid):
        await parents(process).redeem(token, form("late.one"))
    with pytest.raises(LinkInvalid):
        await parents(process).bind(await process.caller("x2.teacher"), token)
    with pytest.raises(NotThere):
        await slip(process)
