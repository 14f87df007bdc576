"""The clock opens, ends, cancels and archives lessons of the timetable, once, whichever process fires (S8, S15)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from server.domain.plan import ENDS_MS, KEPT_MS, OPENS_MS
from server.store import Store, tables
from tests.harness.postgres import both_databases
from tests.server.live.doubles import FakeClock, FakeWorker, School

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


async def test_cancelled_in_the_office_is_cancelled_in_the_log_and_pages_hear_of_it(school: School) -> None:
    lesson = await school.lesson()
    await plan(school, lesson, MINUTE)
    page = await school.page(await school.link(lesson, "classroom", "Room"))
    await school.pass_ms(6_000, 1_000)
    await plan(school, lesson, MINUTE, cancelled_at=1)
    await school.pass_ms(7_000, 1_000)
    assert await phase(school.store, lesson) == "cancelled"
    assert page.of("event")[-1]["kind"] == "lesson.cancelled"


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
