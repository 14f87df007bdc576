"""A home page's lessons: whose they are, what state they are in, where the button leads, and what of others is shown (S6)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from server.domain.schedule import ScheduledLesson
from server.school import lessons
from server.school import today as school_today
from server.school.lessons import CancelLesson, NewLesson
from server.school.today import board, day_bounds, state_of, today
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import ZONE, Services
from tests.server.world import HOUR, NOW

START, END = NOW + 10 * 60_000, NOW + 50 * 60_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("phase", "at", "state"),
    [
        ("scheduled", START - 10 * MINUTE - 1, "later"),
        ("scheduled", START - 10 * MINUTE, "soon"),
        ("open", START - 10 * MINUTE, "soon"),
        ("open", START - 10 * MINUTE - 1, "later"),  # the waiting room was open, then an office moved it to the evening
        ("scheduled", START + 5 * MINUTE - 1, "soon"),
        ("open", START + 5 * MINUTE, "late"),
        ("scheduled", END, "missed"),
        ("live", END + HOUR, "live"),
        ("break", START, "live"),
        ("ended", START, "over"),
        ("archived", START, "over"),
        ("cancelled", START, "cancelled"),
    ],
)
def test_a_lesson_in_one_word(phase: str, at: int, state: str) -> None:
    assert state_of(ScheduledLesson("L", "x", phase, 1, starts_at=START, ends_at=END), at) == state  # type: ignore[arg-type]


def test_a_day_is_the_schools_day() -> None:
    begin, end = day_bounds(NOW, ZONE)
    assert (end - begin, begin % (24 * HOUR)) == (24 * HOUR, 16 * HOUR)
    assert begin <= NOW < end
    autumn = 1_793_520_000_000  # 1 November 2026 in New York: clocks go back
    begin, end = day_bounds(autumn, ZoneInfo("America/New_York"))
    assert end - begin == 25 * HOUR


@both_databases
@pytest.mark.parametrize(
    ("who", "door", "rooms"),
    [
        ("x1.teacher", "/teach/lesson.x", {"x2.r1", "y1.r1"}),
        ("x2.assistant", "/class/lesson.x", {"x2.r1"}),
        ("y1.assistant", "/class/lesson.x", {"y1.r1"}),
        ("y1.d1", "/class/lesson.x", {"y1.r1"}),
        ("x.inspector", "/watch/lesson.x", {"x2.r1", "y1.r1"}),
        ("x1.admin", "", {"x2.r1", "y1.r1"}),
        ("y.admin", "", {"y1.r1"}),
        ("y2.assistant", None, None),
        ("x2.teacher", None, None),
        ("x2.d1", "/class/lesson.x", {"x2.r1"}),
        ("y2.d1", None, None),
        ("x1p.c1.s1", None, None),
    ],
)
async def test_everybody_has_their_own_button_and_sees_their_own_rooms(
    process: Services, who: str, door: str | None, rooms: set[str] | None
) -> None:
    found = await today(process.office, await process.caller(who), ZONE)
    if door is None:
        assert found.items == ()
        assert found.next is None
        return
    (item,) = found.items
    assert (item.door, set(item.lesson.rooms), item.state) == (door, rooms, "soon")
    assert found.next == (item if door else None)


@both_databases
async def test_the_one_to_enter_next_is_the_one_that_runs(process: Services) -> None:
    office, database = process.office, process.store.database
    teacher = await process.caller("x1.teacher")

    async def state() -> tuple[str, bool]:
        found = await today(office, teacher, ZONE)
        return found.items[0].state, found.next is not None

    assert await state() == ("soon", True)
    process.clock.now = START + 5 * MINUTE
    assert await state() == ("late", True)
    await database.execute(update(t.lesson).where(t.lesson.c.id == "lesson.x").values(phase="ended"))
    assert await state() == ("over", False)
    process.clock.now += 24 * HOUR
    assert (await today(office, teacher, ZONE)).items == ()
    assert len((await today(office, teacher, ZONE, 2, process.clock.now - 24 * HOUR)).items) == 1


@both_databases
async def test_an_overrun_lesson_is_left_for_the_next_one(process: Services) -> None:
    office = process.office
    form = NewLesson(name="第二节", standing_group="g.x", teacher="x1.teacher", day="2026-09-21", begins="23:10")
    second = await lessons.create(office, await process.caller("x.admin"), form, ZONE)
    begin = second.starts_at or 0
    first = t.lesson.c.id == "lesson.x"
    await process.store.database.execute(
        update(t.lesson).where(first).values(phase="live", starts_at=begin - 45 * MINUTE, ends_at=begin - 5 * MINUTE)
    )
    await process.store.database.execute(
        update(t.booking).where(t.booking.c.lesson == "lesson.x").values(starts_at=begin - 45 * MINUTE, ends_at=begin - 5 * MINUTE)
    )

    async def next_of(who: str) -> str:
        found = (await today(office, await process.caller(who), ZONE)).next
        return found.lesson.id if found else ""

    for who in ("x1.teacher", "x2.d1"):
        process.clock.now = begin - 6 * MINUTE
        assert await next_of(who) == "lesson.x", "it is not over yet, and the other one only waits"
        process.clock.now = begin - 5 * MINUTE
        assert await next_of(who) == second.id
        process.clock.now = begin + 6 * MINUTE
        assert await next_of(who) == second.id
    await process.store.database.execute(update(t.lesson).where(t.lesson.c.id == second.id).values(phase="ended"))
    assert await next_of("x1.teacher") == "lesson.x", "it runs, and there is no other"


@both_databases
@pytest.mark.parametrize("who", ["x1.teacher", "x2.d1", "y1.d1", "x1.d1", "x1.c1.s1", "x2.c1.s1", "y1.c1.s1", "x2.assistant", "x1.admin"])
async def test_a_cancelled_lesson_stays_in_everybodys_list_and_opens_no_door(process: Services, who: str) -> None:
    (before,) = (await today(process.office, await process.caller(who), ZONE)).items
    await lessons.cancel(process.office, await process.caller("x.admin"), "lesson.x", CancelLesson(version=1))
    found = await today(process.office, await process.caller(who), ZONE)
    (item,) = found.items
    assert (item.lesson.id, item.state, item.door, found.next) == ("lesson.x", "cancelled", "", None)
    assert item.lesson.rooms == before.lesson.rooms


@both_databases
async def test_somebody_elses_cancelled_lesson_is_in_nobodys_list(process: Services) -> None:
    await lessons.cancel(process.office, await process.caller("x.admin"), "lesson.x", CancelLesson(version=1))
    for who in ("x2.teacher", "y2.d1", "x1p.c1.s1", "y2.c1.s1", "y2.assistant"):
        assert (await today(process.office, await process.caller(who), ZONE)).items == ()
    teacher = await process.caller("x1.teacher")
    assert (await today(process.office, teacher, ZONE, since=process.clock.now + 24 * HOUR)).items == ()


@both_databases
async def test_the_board_counts_a_cancelled_lesson_as_cancelled(process: Services) -> None:
    await lessons.cancel(process.office, await process.caller("x.admin"), "lesson.x", CancelLesson(version=1))
    assert dict((await board(process.office, await process.caller("x.admin"), ZONE)).counts) == {"cancelled": 1}


@both_databases
async def test_the_board_shows_the_first_of_many_and_counts_them_all(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are late, some cancelled by the office and by the log, some later; ids say how they are to be ordered."""
    database = process.office.database
    (row,) = await database.read(select(t.lesson).where(t.lesson.c.id == "lesson.x"))
    process.clock.now = START + 5 * MINUTE
    made = (
        *((f"a{n}", {}) for n in range(3)),
        *((f"b{n}", {"starts_at": START + 20 * MINUTE, "ends_at": START + 60 * MINUTE}) for n in range(2)),
        ("c0", {"cancelled_at": START}),
        ("c1", {"cancelled_at": START, "phase": "cancelled"}),
    )
    for new, other in made:
        await database.execute(insert(t.lesson).values({**row._mapping, **other, "id": new}))
    expected = ["a0", "a1", "a2", "lesson.x", "b0", "b1", "c0", "c1"]
    caller = await process.caller("x.admin")
    for most in (0, 1, 4, 5, 8, 60):
        monkeypatch.setattr(school_today, "BOARD", most)
        found = await board(process.office, caller, ZONE)
        assert [item.lesson.id for item in found.items] == expected[:most]
        assert dict(found.counts) == {"late": 4, "later": 2, "cancelled": 2}
        assert found.more == 8 - len(found.items)


@both_databases
async def test_the_board_counts_what_what_lies_below_the_office(process: Services) -> None:
    process.clock.now = START + 5 * MINUTE
    for who in ("x.admin", "d.admin", "y.inspector"):
        found = await board(process.office, await process.caller(who), ZONE)
        assert (dict(found.counts), [item.state for item in found.items], found.more) == ({"late": 1}, ["late"], 0)
    for who in ("x1.teacher", "x2.assistant", "y2.admin"):
        assert (await board(process.office, await process.caller(who), ZONE)).items == ()
