"""Classes, students, seating plans: numbers are one's own, names are masked and can be gone, plans are dated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere, Taken
from server.school import classes
from server.school.classes import EditClass, NewClass, read_lines
from tests.harness.postgres import both_databases
from tests.server.services import QUICK, Services

CLASS = NewClass(code="302", name="三年级2班", grades=(4, 3, 3), year=2026)


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


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
