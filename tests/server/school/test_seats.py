"""Seating plans are dated: a lesson of an earlier day keeps the plan it was held by."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import pytest

from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere, Taken
from server.school.seats import SetSeats, set_seats
from tests.harness.postgres import both_databases
from tests.server.services import ZONE, Services


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


def seats(day: str, version: int | None = None, room: str = "x1.r2", **placed: str) -> SetSeats:
    return SetSeats(classroom=room, valid_from=day, seats={seat.removeprefix("s"): who for seat, who in placed.items()}, version=version)


@both_databases
async def test_a_plan_counts_from_its_day_to_the_next(process: Services) -> None:
    teacher = await process.caller("x1.teacher")
    await set_seats(process.office, teacher, "x1.c1", seats("2026-09-01", s1="02", s40="01"), ZONE)
    await set_seats(process.office, teacher, "x1.c1", seats("2026-10-08", s1="01"), ZONE)
    plans = process.office.plans
    for day, placed in (("2026-08-31", None), ("2026-10-07", {1: "x1.c1.s2", 40: "x1.c1.s1"}), ("2027-01-01", {1: "x1.c1.s1"})):
        found = await plans.valid("x1.c1", "x1.r2", day)
        assert (found.seats if found else None) == placed
    await set_seats(process.office, teacher, "x1.c1", seats("2026-10-08", version=1), ZONE)
    found = await plans.valid("x1.c1", "x1.r2", "2026-10-08")
    assert found
    assert (found.seats, found.version) == ({}, 2)
    assert await process.acts() == ["plan.create", "plan.create", "plan.edit"]


DAY_MS = 24 * 3_600_000


@both_databases
async def test_days_that_are_over_keep_the_plan_they_had(process: Services) -> None:
    """The world begins on 2026-09-21, in the evening."""
    teacher, office = await process.caller("x1.teacher"), process.office
    await set_seats(office, teacher, "x1.c1", seats("2026-09-21", s1="01"), ZONE)
    await set_seats(office, teacher, "x1.c1", seats("2026-09-21", version=1, s1="02"), ZONE)
    process.clock.now += DAY_MS
    for form in (seats("2026-09-21", version=2, s1="03"), seats("2026-09-20", s1="03"), seats("2026-08-01", s1="03")):
        error = await refused(set_seats(office, teacher, "x1.c1", form, ZONE))
        assert isinstance(error, Invalid)
        assert error.fields == {"valid_from": "low"}
    new = await set_seats(office, teacher, "x1.c1", seats("2026-09-22", s1="03"), ZONE)
    assert (new.valid_from, new.version) == ("2026-09-22", 1)
    for day, placed, version in (("2026-09-21", {1: "x1.c1.s2"}, 2), ("2026-09-22", {1: "x1.c1.s3"}, 1)):
        found = await office.plans.valid("x1.c1", "x1.r2", day)
        assert found
        assert (found.seats, found.version) == (placed, version)
    assert await process.acts() == ["plan.create", "plan.edit", "plan.create"]
    first = await set_seats(office, teacher, "x1.c1", seats("2026-09-01", room="x1.r1", s1="01"), ZONE)
    assert first.valid_from == "2026-09-01", "the first plan of a room may begin before it was written"


@both_databases
async def test_today_is_the_schools_day(process: Services) -> None:
    teacher, office = await process.caller("x1.teacher"), process.office
    await set_seats(office, teacher, "x1.c1", seats("2026-09-21", s1="01"), ZONE)
    process.clock.now += 4 * 3_600_000  # 00:53 of the next day in Shanghai, still the 21st in London
    assert type(await refused(set_seats(office, teacher, "x1.c1", seats("2026-09-21", version=1), ZONE))) is Invalid
    changed = await set_seats(office, teacher, "x1.c1", seats("2026-09-21", version=1), ZoneInfo("Europe/London"))
    assert changed.version == 2


async def test_a_day_that_is_none_begins_no_plan(process: Services) -> None:
    error = await refused(set_seats(process.office, await process.caller("x1.teacher"), "x1.c1", seats("2026-09-31"), ZONE))
    assert isinstance(error, Invalid)
    assert set(error.fields) == {"valid_from"}


@both_databases
async def test_each_wrong_seat_is_named(process: Services) -> None:
    form = seats("2026-09-01", s1="01", s2="01", s41="02", s3="99", s0="03", sx="04", s4=" ")
    error = await refused(set_seats(process.office, await process.caller("x1.teacher"), "x1.c1", form, ZONE))
    assert isinstance(error, Invalid)
    wrong = {"seat.2": "taken", "seat.41": "choice", "seat.3": "missing", "seat.0": "choice", "seat.x": "format"}
    assert error.fields == wrong
    assert await process.acts() == []


@both_databases
@pytest.mark.parametrize(("who", "error"), [("x.inspector", Forbidden), ("x2.teacher", NotThere), ("y.admin", NotThere)])
async def test_who_seats_nobody(process: Services, who: str, error: type[AppError]) -> None:
    assert type(await refused(set_seats(process.office, await process.caller(who), "x1.c1", seats("2026-09-01"), ZONE))) is error


@both_databases
async def test_a_room_of_another_school_has_no_seats_for_the_class(process: Services) -> None:
    error = await refused(set_seats(process.office, await process.caller("x1.admin"), "x1.c1", seats("2026-09-01", room="x2.r1"), ZONE))
    assert isinstance(error, Invalid)
    assert error.fields == {"classroom": "missing"}


@both_databases
@pytest.mark.parametrize("version", [None, 1])
async def test_two_plans_of_one_day_conflict_and_the_first_is_kept(pair: tuple[Services, Services], version: int | None) -> None:
    who = [await one.caller("x1.teacher") for one in pair]
    if version:
        await set_seats(pair[0].office, who[0], "x1.c1", seats("2026-10-01"), ZONE)
    forms = [seats("2026-10-01", version, s1="01"), seats("2026-10-01", version, s1="02")]
    outcomes = await asyncio.gather(
        *(set_seats(one.office, caller, "x1.c1", form, ZONE) for one, caller, form in zip(pair, who, forms, strict=True)),
        return_exceptions=True,
    )
    kept = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(kept) == 1
    assert {type(outcome) for outcome in outcomes} & {Taken, EditConflict}
    late = await refused(set_seats(pair[1].office, who[1], "x1.c1", seats("2026-10-01", s1="03"), ZONE))
    assert type(late) is EditConflict, "a page that knew of no plan overwrites none"
    found = await pair[0].office.plans.valid("x1.c1", "x1.r2", "2026-10-01")
    assert found
    assert found.seats == kept[0].seats
