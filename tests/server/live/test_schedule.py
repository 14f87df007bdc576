"""The clock opens, ends, cancels and archives lessons of the timetable, once, whichever process fires (S8, S15)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update

from server.accounts.contents import Contents
from server.accounts.vault import Vault
from server.domain.plan import ENDS_MS, KEPT_MS, OPENS_MS
from server.errors import EditConflict
from server.live.links import read_lesson
from server.school import lessons
from server.store import Store, tables
from tests.harness.postgres import both_databases
from tests.server import world as worlds
from tests.server.conftest import Clock
from tests.server.live.doubles import FakeClock, FakeWorker, School
from tests.server.services import Services

pytestmark = both_databases
MINUTE = 60_000


async def plan(school: School, lesson: str, starts_in: int, lasts: int = 40 * MINUTE, **more: Any) -> None:
    """The timetable says when, counted from now, ms."""
    at = school.clock.wall_ms() + starts_in
    await school.store.database.execute(
        update(tables.lesson).where(tables.lesson.c.id == lesson).values(starts_at=at, ends_at=at + lasts, **more)
    )


async def phase(store: Store, lesson: str) -> str:
    """What lists show."""
    row = await store.database.one(select(tables.lesson.c.phase).where(tables.lesson.c.id == lesson))
    assert row is not None
    return str(row.phase)


async def kinds(store: Store, lesson: str) -> list[str]:
    return [event.kind for event in await store.tail(lesson, 0)]


async def test_the_waiting_room_opens_ten_minutes_before_with_nobody_there(school: School) -> None:
    lesson = await school.lesson()
    await plan(school, lesson, OPENS_MS + 20_000)
    await school.pass_ms(15_000, 1_000)
    assert await phase(school.store, lesson) == "scheduled"
    await school.pass_ms(11_000, 1_000)
    assert await phase(school.store, lesson) == "open"
    assert await kinds(school.store, lesson) == ["lesson.opened"]


async def test_two_processes_open_it_once(store: Store, database: str) -> None:
    other_store = await Store.open(database)
    one, two = School(store, FakeWorker(), FakeClock()), School(other_store, FakeWorker(), FakeClock())
    await one.open()
    await two.open()
    lesson = await one.lesson()
    await plan(one, lesson, MINUTE)
    for _ in range(12):
        await one.pass_ms(1_000, 1_000)
        await two.pass_ms(1_000, 1_000)
    assert await kinds(store, lesson) == ["lesson.opened"]
    for school in (one, two):
        await school.lessons.stop()
    await other_store.close()


async def test_a_lesson_whose_time_is_over_is_not_opened_any_more(school: School) -> None:
    lesson = await school.lesson()
    await plan(school, lesson, -60 * MINUTE)
    await school.link(lesson, "viewer")  # somebody asks for it
    await school.pass_ms(10_000, 1_000)
    assert await kinds(school.store, lesson) == []


async def test_without_a_master_it_ends_itself_a_quarter_of_an_hour_after_the_planned_end(school: School) -> None:
    lesson = await school.lesson()
    await plan(school, lesson, 0, lasts=MINUTE)
    await school.pass_ms(MINUTE + ENDS_MS - 5_000, 5_000)
    assert await phase(school.store, lesson) == "open"
    await school.pass_ms(15_000, 5_000)
    assert await phase(school.store, lesson) == "ended"


async def test_while_the_master_is_here_it_goes_on(school: School) -> None:
    lesson = await school.lesson()
    await plan(school, lesson, 0, lasts=MINUTE)
    console = await school.page(await school.link(lesson, "master"))
    await school.order(console, "lesson.live")
    await school.pass_ms(2 * ENDS_MS, 5_000)
    assert await phase(school.store, lesson) == "live"
    await console.connection.close()
    await school.pass_ms(ENDS_MS - 20_000, 5_000)
    assert await phase(school.store, lesson) == "live"
    await school.pass_ms(40_000, 5_000)
    assert await phase(school.store, lesson) == "ended"


async def timetabled(school: School) -> Services:
    """The office of two counties on the same database; its lesson `lesson.x` begins in a minute."""
    contents = Contents(school.store.database, Vault({"1": b"k" * 32}, "1", b"i" * 32), lambda: worlds.NOW)
    world = await worlds.build(school.store.database, contents)
    await plan(school, "lesson.x", MINUTE)
    return Services(school.store, Clock(worlds.NOW), world)


async def cancel(office: Services) -> None:
    await lessons.cancel(office.office, await office.caller("x.admin"), "lesson.x", lessons.CancelLesson(version=1))


async def test_cancelled_in_the_office_is_cancelled_in_the_log_and_pages_hear_of_it(school: School) -> None:
    office = await timetabled(school)
    page = await school.page(await school.link("lesson.x", "classroom", "Room"))
    await school.pass_ms(6_000, 1_000)
    assert await phase(school.store, "lesson.x") == "open"
    await cancel(office)
    await school.pass_ms(7_000, 1_000)
    assert await phase(school.store, "lesson.x") == "cancelled"
    assert page.of("event")[-1]["kind"] == "lesson.cancelled"
    assert (await read_lesson(school.store, "lesson.x")).phase == "cancelled", "as `shuangshi lesson list` folds it"


async def test_cancelled_far_ahead_with_nobody_there_the_log_says_so_too(school: School) -> None:
    office = await timetabled(school)
    await plan(school, "lesson.x", 30 * 24 * 60 * MINUTE)
    await cancel(office)
    await school.pass_ms(7_000, 1_000)
    assert await kinds(school.store, "lesson.x") == ["lesson.cancelled"]
    assert await school.store.due(school.clock.wall_ms()) == []


async def test_who_goes_live_after_the_office_cancelled_is_refused_and_the_log_says_why(school: School) -> None:
    office = await timetabled(school)
    console = await school.page(await school.link("lesson.x", "master"))
    room = await school.page(await school.link("lesson.x", "classroom", "Room"))
    await school.pass_ms(6_000, 1_000)
    await cancel(office)
    await school.order(console, "lesson.live")  # this process has not looked at the timetable since
    refusal = console.of("refused")[-1]["error"]
    assert (refusal["code"], refusal["params"]) == ("lesson.phase", {"phase": "cancelled"})
    assert await phase(school.store, "lesson.x") == "cancelled"
    assert (await kinds(school.store, "lesson.x"))[-1] == "lesson.cancelled"
    assert "lesson.live" not in await kinds(school.store, "lesson.x")
    assert room.of("event")[-1]["kind"] == "lesson.cancelled"


async def test_what_went_live_first_is_not_cancelled(school: School) -> None:
    office = await timetabled(school)
    console = await school.page(await school.link("lesson.x", "master"))
    await school.order(console, "lesson.live")
    with pytest.raises(EditConflict):
        await cancel(office)
    await school.pass_ms(7_000, 1_000)
    assert await phase(school.store, "lesson.x") == "live"


async def test_of_cancelling_and_going_live_at_once_one_wins_and_list_and_log_agree(store: Store, database: str) -> None:
    other_store = await Store.open(database)
    one, two = await School(store, FakeWorker(), FakeClock()).open(), await School(other_store, FakeWorker(), FakeClock()).open()
    office = await timetabled(one)
    teacher = (await two.link("lesson.x", "master")).principal("a")
    await two.lessons.rooms.get("lesson.x")
    outcomes = await asyncio.gather(cancel(office), two.lessons.execute(teacher, "c1", "lesson.live", {}), return_exceptions=True)
    assert [isinstance(outcome, Exception) for outcome in outcomes].count(True) == 1, outcomes
    for _ in range(7):
        await one.pass_ms(1_000, 1_000)
    live = not isinstance(outcomes[1], Exception)
    assert await phase(store, "lesson.x") == ("live" if live else "cancelled")
    assert ("lesson.cancelled" in await kinds(store, "lesson.x")) is not live
    for school in (one, two):
        await school.lessons.stop()
    await other_store.close()


async def test_a_week_after_the_end_it_is_archived(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    await school.order(console, "lesson.live")
    await school.order(console, "lesson.end")
    await console.connection.close()
    school.clock.now += KEPT_MS
    await school.pass_ms(7_000, 1_000)
    assert await phase(school.store, lesson) == "archived"


async def test_a_break_clears_the_stage_and_going_live_ends_it(school: School) -> None:
    lesson = await school.lesson()
    room = await school.link(lesson, "classroom", "Room")
    await school.page(room)
    console = await school.page(await school.link(lesson, "master"))
    await school.order(console, "lesson.live")
    await school.order(console, "stage.call", participant=room.participant)
    await school.order(console, "lesson.pause")
    await school.order(console, "lesson.pause")
    assert (await kinds(school.store, lesson))[-2:] == ["stage.released", "lesson.paused"]
    assert await phase(school.store, lesson) == "break"
    await school.order(console, "lesson.live")
    assert await phase(school.store, lesson) == "live"


async def test_pages_hear_when_the_timetable_changes(school: School) -> None:
    lesson = await school.lesson()
    await plan(school, lesson, MINUTE, rehearsal=True)
    page = await school.page(await school.link(lesson, "viewer"))
    (first,) = page.of("plan")
    assert (first["starts_at"], first["rehearsal"]) == (school.clock.wall_ms() + MINUTE, True)
    await plan(school, lesson, 5 * MINUTE)
    await school.pass_ms(1_250)
    assert len(page.of("plan")) == 2


@pytest.mark.parametrize("kind", ["lesson.cancel", "lesson.archive", "lesson.expire"])
async def test_what_only_the_clock_may_say_is_unknown_on_a_socket(school: School, kind: str) -> None:
    console = await school.page(await school.link(await school.lesson(), "master"))
    await school.order(console, kind, planned_end=1)
    assert console.of("refused")[-1]["error"]["code"] == "request.malformed"
