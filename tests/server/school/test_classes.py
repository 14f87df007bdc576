"""Classes, students, seating plans: numbers are one's own, names are masked and can be gone, plans are dated."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere, Taken
from server.school import classes
from server.school.classes import EditClass, NewClass, SetSeats, read_lines
from tests.harness.postgres import both_databases
from tests.server.services import QUICK, Services

CLASS = NewClass(code="302", name="三年级2班", grades=(4, 3, 3), year=2026)


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


def seats(day: str, version: int | None = None, room: str = "x1.r2", **placed: str) -> SetSeats:
    return SetSeats(classroom=room, valid_from=day, seats={seat.removeprefix("s"): who for seat, who in placed.items()}, version=version)


# --- classes -----------------------------------------------------------------------------------------------------------


@both_databases
async def test_a_class_of_a_year_and_its_code(process: Services) -> None:
    admin = await process.caller("x1.admin")
    new = await classes.create(process.office, admin, "x1", CLASS)
    assert new.grades == (3, 4)
    assert await process.office.classes.get(new.id) == new
    error = await refused(classes.create(process.office, admin, "x1", CLASS))
    assert (type(error), error.params) == (Taken, {"field": "code"})
    next_year = NewClass(code="302", name="三年级2班", grades=(3,), year=2027)
    assert await classes.create(process.office, admin, "x1", next_year)
    found = await process.office.classes.by_code("x1", "302")
    assert found
    assert found.year == 2027
    assert await process.acts() == ["class.create", "class.create"]


@both_databases
@pytest.mark.parametrize(
    ("who", "org", "error"),
    [("x1.teacher", "x1", Forbidden), ("x2.admin", "x1", NotThere), ("y.admin", "x1", NotThere), ("x.admin", "x", Invalid)],
)
async def test_who_adds_no_class(process: Services, who: str, org: str, error: type[AppError]) -> None:
    assert type(await refused(classes.create(process.office, await process.caller(who), org, CLASS))) is error
    assert await process.acts() == []


@both_databases
async def test_edits_and_closing_know_their_version(process: Services) -> None:
    admin = await process.caller("x1.admin")
    form = EditClass(code="311", name="三1", grades=(3,), year=2026, version=1)
    await classes.edit(process.office, admin, "x1.c1", form)
    assert type(await refused(classes.edit(process.office, admin, "x1.c1", form))) is EditConflict
    assert type(await refused(classes.close(process.office, admin, "x1.c1", 1, closed=True))) is EditConflict
    await classes.close(process.office, admin, "x1.c1", 2, closed=True)
    found = await process.office.classes.get("x1.c1")
    assert found
    assert (found.code, found.closed_at) == ("311", process.clock.now)
    await classes.close(process.office, admin, "x1.c1", 3, closed=False)
    assert await process.acts() == ["class.edit", "class.close", "class.reopen"]


# --- students ----------------------------------------------------------------------------------------------------------


@both_databases
async def test_students_come_all_or_none(process: Services) -> None:
    admin = await process.caller("x1.admin")
    error = await refused(classes.add_many(process.office, admin, "x1.c1", [("06", "新生"), ("01", "重号")]))
    assert (type(error), error.params) == (Taken, {"field": "lines"})
    assert len(await classes.shown(process.office, admin, "x1.c1")) == 5
    assert await classes.add_many(process.office, admin, "x1.c1", [("06", "张三丰"), ("07", "")]) == 2
    for students, code in (([], "required"), ([(f"9{n}", "") for n in range(80)], "high")):
        error = await refused(classes.add_many(process.office, admin, "x1.c1", students))
        assert isinstance(error, Invalid)
        assert error.fields == {"lines": code}
    assert await process.acts() == ["student.create"]
    assert "张三丰" not in (await process.line()).details


@both_databases
async def test_names_are_masked_unless_asked_for_by_who_may(process: Services) -> None:
    await classes.add_many(process.office, await process.caller("x1.admin"), "x1.c1", [("10", "张三丰"), ("9", "")])
    teacher = await process.caller("x1.teacher")
    listed = await classes.shown(process.office, teacher, "x1.c1")
    assert [(one.number, one.name) for one in listed[-2:]] == [("05", listed[-2].name), ("10", "张*丰")]
    assert listed[0].number == "9", "in the order of their numbers"
    assert (await classes.shown(process.office, teacher, "x1.c1", full=True))[-1].name == "张三丰"
    for who, error in (("x.inspector", Forbidden), ("x2.teacher", NotThere), ("y.admin", NotThere)):
        assert type(await refused(classes.shown(process.office, await process.caller(who), "x1.c1", full=True))) is error


@both_databases
async def test_a_student_who_left_is_in_no_list_and_one_who_was_erased_has_no_name(process: Services) -> None:
    admin = await process.caller("x1.admin")
    await classes.leave(process.office, admin, "x1.c1.s1", 1)
    assert type(await refused(classes.erase(process.office, admin, "x1.c1.s1", 1))) is EditConflict
    await classes.erase(process.office, admin, "x1.c1.s1", 2)
    assert len(await classes.shown(process.office, admin, "x1.c1")) == 4
    gone = next(one for one in await classes.shown(process.office, admin, "x1.c1", full=True, left=True) if one.student.id == "x1.c1.s1")
    assert (gone.number, gone.name) == ("", "")
    assert await classes.add_many(process.office, admin, "x1.c1", [("01", "新人")]) == 1, "the number is free again"
    for who, error in (("x1.teacher", Forbidden), ("x2.admin", NotThere)):
        assert type(await refused(classes.set_pin(process.office, await process.caller(who), "x1.c1.s2", QUICK))) is error
    assert await process.acts() == ["student.leave", "student.erase", "student.create"]


def test_lines_of_numbers_and_names() -> None:
    assert read_lines("01 张三丰\n\n02\n 03，李 四 \nA4\t王五") == [("01", "张三丰"), ("02", ""), ("03", "李 四"), ("A4", "王五")]
    for text, code in (("0-1 张", "format"), ("1" * 41, "format"), ("01 张\n01 李", "taken")):
        with pytest.raises(Invalid) as caught:
            read_lines(text)
        assert caught.value.fields == {"lines": code}


@given(st.text(max_size=300))
def test_any_lines_are_read_or_refused(text: str) -> None:
    try:
        found = read_lines(text)
    except Invalid:
        return
    assert len({number for number, _ in found}) == len(found)
    assert all(number and len(number) <= 40 and len(name) <= 200 for number, name in found)


# --- seating plans -----------------------------------------------------------------------------------------------------


@both_databases
async def test_a_plan_counts_from_its_day_to_the_next(process: Services) -> None:
    teacher = await process.caller("x1.teacher")
    await classes.set_seats(process.office, teacher, "x1.c1", seats("2026-09-01", s1="02", s40="01"))
    await classes.set_seats(process.office, teacher, "x1.c1", seats("2026-10-08", s1="01"))
    plans = process.office.plans
    for day, placed in (("2026-08-31", None), ("2026-10-07", {1: "x1.c1.s2", 40: "x1.c1.s1"}), ("2027-01-01", {1: "x1.c1.s1"})):
        found = await plans.valid("x1.c1", "x1.r2", day)
        assert (found.seats if found else None) == placed
    await classes.set_seats(process.office, teacher, "x1.c1", seats("2026-10-08", version=1))
    found = await plans.valid("x1.c1", "x1.r2", "2026-10-08")
    assert found
    assert (found.seats, found.version) == ({}, 2)
    assert await process.acts() == ["plan.create", "plan.create", "plan.edit"]


@both_databases
async def test_each_wrong_seat_is_named(process: Services) -> None:
    form = seats("2026-09-01", s1="01", s2="01", s41="02", s3="99", s0="03", sx="04", s4=" ")
    error = await refused(classes.set_seats(process.office, await process.caller("x1.teacher"), "x1.c1", form))
    assert isinstance(error, Invalid)
    wrong = {"seat.2": "taken", "seat.41": "choice", "seat.3": "missing", "seat.0": "choice", "seat.x": "format"}
    assert error.fields == wrong
    assert await process.acts() == []


@both_databases
@pytest.mark.parametrize(("who", "error"), [("x.inspector", Forbidden), ("x2.teacher", NotThere), ("y.admin", NotThere)])
async def test_who_seats_nobody(process: Services, who: str, error: type[AppError]) -> None:
    assert type(await refused(classes.set_seats(process.office, await process.caller(who), "x1.c1", seats("2026-09-01")))) is error


@both_databases
async def test_a_room_of_another_school_has_no_seats_for_the_class(process: Services) -> None:
    error = await refused(classes.set_seats(process.office, await process.caller("x1.admin"), "x1.c1", seats("2026-09-01", room="x2.r1")))
    assert isinstance(error, Invalid)
    assert error.fields == {"classroom": "missing"}


@both_databases
@pytest.mark.parametrize("version", [None, 1])
async def test_two_plans_of_one_day_conflict_and_the_first_is_kept(pair: tuple[Services, Services], version: int | None) -> None:
    who = [await one.caller("x1.teacher") for one in pair]
    if version:
        await classes.set_seats(pair[0].office, who[0], "x1.c1", seats("2026-09-01"))
    forms = [seats("2026-09-01", version, s1="01"), seats("2026-09-01", version, s1="02")]
    outcomes = await asyncio.gather(
        *(classes.set_seats(one.office, caller, "x1.c1", form) for one, caller, form in zip(pair, who, forms, strict=True)),
        return_exceptions=True,
    )
    kept = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(kept) == 1
    assert {type(outcome) for outcome in outcomes} & {Taken, EditConflict}
    late = await refused(classes.set_seats(pair[1].office, who[1], "x1.c1", seats("2026-09-01", s1="03")))
    assert type(late) is EditConflict, "a page that knew of no plan overwrites none"
    found = await pair[0].office.plans.valid("x1.c1", "x1.r2", "2026-09-01")
    assert found
    assert found.seats == kept[0].seats
