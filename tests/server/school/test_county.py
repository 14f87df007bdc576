"""The demo county: made once, through the services; its logins work, and whenever it starts there is something to enter."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from server.accounts import cookies
from server.school.county import SOON_MS, County, lines_of
from server.school.today import today
from server.store import Store
from server.store import tables as t
from server.store.schedule import teacher_resource
from tests.harness.postgres import both_databases
from tests.server.conftest import Clock
from tests.server.services import QUICK, ZONE, Services
from tests.server.world import NOW, World


@pytest.fixture
async def empty(database: str) -> AsyncIterator[Services]:
    """An installation without anybody."""
    store = await Store.open(database)
    yield Services(store, Clock(NOW), World())
    await store.close()


def county(process: Services) -> County:
    return County(process.office, process.people, QUICK, ZONE)


@both_databases
async def test_it_is_made_once_and_everybody_gets_in(empty: Services) -> None:
    logins = await county(empty).build()
    assert len({one.password for one in logins}) == len(logins) == 11
    for one in logins:
        begun = await empty.logins.person(one.login, one.password, "203.0.113.7")
        caller = await empty.gate.caller({cookies.SESSION: begun.bearer.text})
        assert caller.must == ("enrol" if one.role == "admin" else ""), "the demo's own gate asks admins for no second factor"
    kept = [row.password_hash for row in await empty.store.database.read(select(t.person.c.password_hash))]
    assert not [one for one in logins if any(one.password in text for text in kept)]
    assert await county(empty).build() == []
    assert len(lines_of(logins)) == len(logins)
    assert (await empty.acts()).count("course.publish") == 2


@both_databases
@pytest.mark.parametrize("when", ["2026-09-21 08:45", "2026-07-25 10:00", "2027-02-10 12:00", "2026-09-21 23:50", "2026-12-31 23:56"])
async def test_whenever_it_starts_there_is_something_to_enter(empty: Services, when: str) -> None:
    empty.clock.now = int(dt.datetime.fromisoformat(when).replace(tzinfo=ZONE).timestamp() * 1000)
    demo = county(empty)
    (teacher,) = [one for one in await demo.build() if one.login == "teacher"]
    await demo.something_soon()
    before = await empty.acts()
    await demo.something_soon()
    assert await empty.acts() == before, "there is one by now"
    begun = await empty.logins.person("teacher", teacher.password, "203.0.113.7")
    caller = await empty.gate.caller({cookies.SESSION: begun.bearer.text})
    soon = await empty.office.schedule.booked([teacher_resource(caller.id)], empty.clock.now, empty.clock.now + SOON_MS)
    assert soon
    found = (await today(empty.office, caller, ZONE)).next
    assert found is not None
    assert found.door == f"/teach/{found.lesson.id}"
