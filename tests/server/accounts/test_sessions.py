"""Login sessions: how long they live, what ends them, and what each browser sees of the others."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from server.accounts import cookies
from server.accounts.sessions import KEPT_MS, MOST, end_of_student
from server.errors import BadLogin
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import PASSWORD, Services
from tests.server.world import HOUR

pytestmark = both_databases
ME = "x1.teacher"


async def alive(process: Services, bearer: cookies.Bearer) -> bool:
    return (await process.gate.caller({cookies.SESSION: bearer.text})).kind != "nobody"


async def test_a_session_ends_at_its_time_however_much_it_is_used(process: Services) -> None:
    bearer = await process.sessions.begin(person=ME)
    for _ in range(71):
        process.clock.now += HOUR
        assert await alive(process, bearer)
    process.clock.now += HOUR
    assert not await alive(process, bearer)


async def test_an_unused_session_ends_after_twelve_hours(process: Services) -> None:
    bearer = await process.sessions.begin(person=ME)
    process.clock.now += 12 * HOUR - 1
    assert await alive(process, bearer)
    process.clock.now += 12 * HOUR - 60_001
    assert await alive(process, bearer), "the use was noted"
    process.clock.now += 12 * HOUR
    assert not await alive(process, bearer)


async def test_the_new_session_stands_for_the_old_one(process: Services) -> None:
    first = await process.sessions.begin(person=ME)
    second = await process.sessions.begin(person=ME, second_factor=True, instead_of=first.id)
    assert (await alive(process, first), await alive(process, second)) == (False, True)
    assert second.id != first.id


async def test_the_one_unused_for_the_longest_makes_room(process: Services) -> None:
    begun = []
    for _ in range(MOST + 1):
        process.clock.now += 1
        begun.append(await process.sessions.begin(person="x2.teacher"))
    assert len(await process.sessions.of("x2.teacher")) == MOST
    assert not await alive(process, begun[0])
    assert await alive(process, begun[-1])


async def test_one_ends_only_ones_own(process: Services) -> None:
    mine = (await process.caller(ME)).session
    assert not await process.sessions.end(mine, person="x2.teacher")
    assert await process.sessions.end(mine, person=ME)
    assert not await process.sessions.end(mine, person=ME)
    assert ME not in [one.id for one in await process.sessions.of(ME)]


async def test_end_others_keeps_this_one(process: Services) -> None:
    other = await process.sessions.begin(person=ME)
    caller = await process.caller(ME)
    await process.logins.end_others(caller)
    assert not await alive(process, other)
    assert [one.id for one in await process.sessions.of(ME)] == [caller.session]


async def test_no_session_stands_on_a_password_that_was_changed_meanwhile(process: Services) -> None:
    await process.password(ME)
    row = await process.store.database.one(select(t.person.c.password_hash).where(t.person.c.id == ME))
    assert row
    kept = row.password_hash
    await process.sessions.begin(person=ME, proved=kept)
    await process.password(ME, "another long word")
    with pytest.raises(BadLogin):
        await process.sessions.begin(person=ME, proved=kept)


async def test_a_login_under_way_while_all_end_is_out_or_never_in(pair: tuple[Services, Services]) -> None:
    one, other = pair
    await one.password(ME)
    caller = await one.caller(ME)
    outcomes = await asyncio.gather(
        one.logins.change_password(caller, PASSWORD, "another long word"),
        *(other.logins.person(ME, PASSWORD, "203.0.113.7") for _ in range(4)),
        return_exceptions=True,
    )
    changed = outcomes[0]
    assert isinstance(changed, cookies.Bearer), changed
    assert [one.id for one in await one.sessions.of(ME)] == [changed.id]


async def test_a_students_sessions_end_together_and_nobody_elses(process: Services) -> None:
    first, other = await process.sessions.begin(student="x1.c1.s1"), await process.sessions.begin(student="x1.c1.s2")
    await process.store.database.write(lambda connection: end_of_student(connection, "x1.c1.s1", process.clock.now))
    assert (await alive(process, first), await alive(process, other)) == (False, True)


async def test_rows_long_over_are_swept(process: Services) -> None:
    process.clock.now += 8 * 24 * HOUR + KEPT_MS
    await process.sessions.begin(person=ME)
    row = await process.store.database.one(select(func.count().label("n")).select_from(t.session))
    assert row
    assert row.n == 1
