"""The lesson follows the master's bell; a remote school that rings otherwise is named with the periods that are cut (S9)."""

from __future__ import annotations

import pytest

from server.domain.calendar import Bell, cut
from server.school import bells, lessons, timetable
from server.school.bells import OtherBell
from tests.harness.postgres import both_databases
from tests.server.school.plan import lessons_of, make_bell, make_course, make_term, publish
from tests.server.services import ZONE, Services

OWN = Bell("b", "o", "B", None, 1, {1: ("08:00", "08:40"), 2: ("08:50", "09:30"), 3: ("10:10", "10:55")})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("begins", "ends", "touched"),
    [
        ("08:00", "08:40", None),
        ("10:15", "10:55", None),
        ("10:00", "10:40", (3,)),
        ("08:00", "08:45", (1,)),
        ("08:20", "09:00", (1, 2)),
        ("09:30", "10:10", ()),
        ("12:00", "12:40", ()),
    ],
)
def test_a_lesson_inside_one_period_cuts_none(begins: str, ends: str, touched: tuple[int, ...] | None) -> None:
    found = cut(OWN, begins, ends)
    assert (found if found is None else tuple(number for number, _, _ in found)) == touched


async def differing(process: Services, who: str = "x.admin", *slots: tuple[int, int, str]) -> list[OtherBell]:
    term = (await make_term(process)).id
    course = await make_course(process, *(slots or ((1, 3, "all"),)), term=term)
    planned = await timetable.preview(process.office, await process.caller(who), course.id, ZONE)
    return await bells.other_bells(process.office, [one.lesson for one in planned], ZONE)


@both_databases
async def test_schools_under_one_bell_have_nothing_to_settle(process: Services) -> None:
    await make_bell(process, "n")
    assert await differing(process) == []


@both_databases
async def test_a_school_with_another_bell_is_named_once_for_a_time(process: Services) -> None:
    await make_bell(process, "x")
    await make_bell(process, "x2", "08:10-08:50 09:00-09:40 10:10-10:50")
    assert await differing(process, "x1.teacher", (1, 3, "all"), (3, 3, "all"), (4, 2, "all")) == [
        OtherBell("x2.r1", "10:00", "10:40", ((3, "10:10", "10:50"),)),
        OtherBell("x2.r1", "08:50", "09:30", ((2, "09:00", "09:40"),)),
    ]


@both_databases
async def test_the_same_hours_under_another_name_are_no_other_bell_and_a_break_is_one(process: Services) -> None:
    await make_bell(process, "x")
    await make_bell(process, "x1p")
    await make_bell(process, "x2", "08:00-08:40 11:00-11:40")
    assert await differing(process) == [OtherBell("x2.r1", "10:00", "10:40", ())]


@both_databases
async def test_a_school_without_any_bell_has_no_say(process: Services) -> None:
    await make_bell(process, "x1")
    assert await differing(process) == []


@both_databases
async def test_the_lesson_keeps_the_masters_time_and_counts_the_bell_of_its_day(process: Services) -> None:
    await make_bell(process, "x")
    await make_bell(process, "x2")
    await make_bell(process, "x2", "09:00-09:40 10:10-10:50", "2026-10-08")
    course = await make_course(process, (1, 3, "5,7"), term=(await make_term(process)).id)
    await publish(process, course)
    first, second = await lessons_of(process, course)
    assert await bells.other_bells(process.office, [first], ZONE) == []
    assert await bells.other_bells(process.office, [second], ZONE) == [OtherBell("x2.r1", "10:00", "10:40", ((2, "10:10", "10:50"),))]
    move = lessons.MoveLesson(day="2026-10-12", begins="10:10", ends="10:50", version=1)
    await lessons.move(process.office, await process.caller("x.admin"), second.id, move, ZONE)
    (moved,) = [one for one in await lessons_of(process, course) if one.id == second.id]
    named = await bells.other_bells(process.office, [moved], ZONE)
    assert named == [], "it lies in a period of theirs now"
