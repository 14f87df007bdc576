"""Whatever was ended is ended at the next request; roles count only in their time."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from server.accounts import cookies
from server.accounts.gate import IDLE_MS, Gate
from server.domain.people import Grant
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import Services
from tests.server.world import HOUR

pytestmark = both_databases
ME = "x1.teacher"


async def kind(process: Services, who: str) -> str:
    return (await process.gate.caller(process.world.cookies(who))).kind


async def test_everybody_is_who_they_are(process: Services) -> None:
    teacher = await process.caller(ME)
    assert (teacher.kind, teacher.org, teacher.origin, teacher.must) == ("person", "x1", "test", "")
    school = process.world.paths["x1"]
    for who, expected in {
        ME: ("teacher", school, "school", ""),
        "x1.c1.s1": ("student", school, "school", "x1.c1.s1"),
        "x1.c1.s1.parent": ("parent", "", None, "x1.c1.s1"),
        "x1.d1": ("device", school, "school", "x1.r1"),
    }.items():
        (grant,) = (await process.caller(who)).grants
        assert (grant.role, grant.path, grant.tier, grant.subject) == expected


@pytest.mark.parametrize(
    ("table", "row", "values"),
    [
        (t.person, ME, {"disabled_at": 1}),
        (t.session, f"s.{ME}", {"ended_at": 1}),
        (t.session, f"s.{ME}", {"secret_hash": "0" * 64}),
    ],
)
async def test_whoever_was_thrown_out_is_out_at_once(process: Services, table, row: str, values: dict[str, object]) -> None:
    assert await kind(process, ME) == "person"
    await process.store.database.execute(update(table).where(table.c.id == row).values(**values))
    assert await kind(process, ME) == "nobody"


@pytest.mark.parametrize(
    ("who", "table", "row", "values"),
    [
        ("x1.d1", t.device, "x1.d1", {"revoked_at": 1}),
        ("x1.d1", t.classroom, "x1.r1", {"closed_at": 1}),
        ("x1.d1", t.org, "x1", {"closed_at": 1}),
        ("x1.c1.s1", t.student, "x1.c1.s1", {"left_at": 1}),
    ],
)
async def test_so_are_devices_and_students(process: Services, who: str, table, row: str, values: dict[str, object]) -> None:
    assert await kind(process, who) in ("device", "student")
    await process.store.database.execute(update(table).where(table.c.id == row).values(**values))
    assert await kind(process, who) == "nobody"


async def test_a_cookie_with_another_secret_is_nobodys(process: Services) -> None:
    for who in (ME, "x1.c1.s1", "x1.d1"):
        (name, value), *_ = process.world.cookies(who).items()
        assert (await process.gate.caller({name: value[:-1] + ("A" if value[-1] != "A" else "B")})).kind == "nobody"
        assert (await process.gate.caller({name: value.rpartition(".")[0]})).kind == "nobody"


async def test_on_a_paired_pc_a_person_goes_before_the_device(process: Services) -> None:
    jar = process.world.cookies(ME) | process.world.cookies("x1.d1")
    assert (await process.gate.caller(jar)).kind == "person"
    await process.sessions.end(f"s.{ME}")
    assert (await process.gate.caller(jar)).kind == "device"


async def test_a_role_counts_from_its_first_moment_to_its_last(process: Services) -> None:
    begin = process.clock.now + HOUR
    await process.role(ME, "assistant", "x2", begin, begin + HOUR)
    seen = []
    for _ in range(4):
        seen.append("assistant" in (await process.caller(ME)).roles)
        process.clock.now += HOUR
    assert seen == [False, True, False, False]


async def test_admins_enrol_first_where_the_installation_says_so(process: Services) -> None:
    bearer = await process.sessions.begin(person="x1.admin")
    jar = {cookies.SESSION: bearer.text}
    caller = await process.gate.caller(jar)
    assert (caller.must, caller.grants) == ("enrol", ())
    lenient = Gate(process.store.database, process.clock, admins_need_totp=False)
    assert (await lenient.caller(jar)).must == ""
    teacher = await process.sessions.begin(person=ME)
    assert (await process.gate.caller({cookies.SESSION: teacher.text})).must == ""


async def test_who_must_choose_a_password_may_nothing_before(process: Services) -> None:
    await process.store.database.execute(update(t.person).where(t.person.c.id == ME).values(must_change=True))
    caller = await process.caller(ME)
    assert (caller.must, caller.grants) == ("password", ())


async def test_the_last_use_is_written_once_a_minute(process: Services) -> None:
    async def seen() -> int:
        row = await process.store.database.one(select(t.session.c.seen).where(t.session.c.id == f"s.{ME}"))
        assert row
        return int(row.seen)

    begun = process.clock.now
    process.clock.now += 60_000
    await process.caller(ME)
    assert await seen() == begun
    process.clock.now += 1
    await process.caller(ME)
    assert await seen() == process.clock.now


async def test_a_role_in_one_lesson_names_the_lesson(process: Services) -> None:
    row = {"id": "a.l", "person": ME, "role": "assistant", "lesson": "lesson.x", "valid_from": 0, "granted_by": "test", "created": 0}
    await process.store.database.execute(insert(t.assignment).values(**row))
    assert Grant("assistant", "", None, "lesson.x") in (await process.caller(ME)).grants


GRACE = 4 * HOUR


@pytest.mark.parametrize("who", [ME, "x1.c1.s1"])
@pytest.mark.parametrize("over", ["expired", "idle"])
async def test_a_session_whose_time_ran_out_counts_where_grace_is_given_and_nowhere_else(process: Services, who: str, over: str) -> None:
    own = t.session.c.id == f"s.{who}"
    now = process.clock.now
    values = {"expires_at": now} if over == "expired" else {"seen": now - IDLE_MS}
    await process.store.database.execute(update(t.session).where(own).values(**values))
    row = await process.store.database.one(select(t.session.c.seen).where(own))
    assert row is not None
    for later, grace, known in ((0, 0, False), (0, GRACE, True), (GRACE - 1, GRACE, True), (0, 0, False), (1, GRACE, False)):
        process.clock.now += later
        found = await process.gate.caller(process.world.cookies(who), grace_ms=grace)
        assert (found.kind != "nobody") is known, (later, grace)
    again = await process.store.database.one(select(t.session.c.seen).where(own))
    assert again is not None
    assert again.seen == row.seen, "grace brings nothing back to life"


async def test_one_that_was_ended_has_no_grace(process: Services) -> None:
    await process.store.database.execute(update(t.session).where(t.session.c.id == f"s.{ME}").values(ended_at=1))
    assert (await process.gate.caller(process.world.cookies(ME), grace_ms=GRACE)).kind == "nobody"
