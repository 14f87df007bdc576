"""Terms, days off, make-up days and period tables: what an office may set, and for whom it counts."""

from __future__ import annotations

import asyncio
import datetime as dt

import pytest

from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere, Taken
from server.school import terms
from server.school.terms import EditBell, NewBell, NewTerm, SetDay, read_periods
from tests.harness.postgres import both_databases
from tests.server.school.plan import BELL, make_bell, make_term
from tests.server.services import Services


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


@both_databases
async def test_a_school_follows_the_nearest_calendar_above_it(process: Services) -> None:
    calendar, paths = terms.calendar(process.office), process.world.paths
    county = await make_term(process, "x")
    assert [one.id for one in await calendar.terms(paths["x1p"])] == [county.id]
    assert await calendar.terms(paths["y1"]) == []
    own = await make_term(process, "x1")
    assert [one.id for one in await calendar.terms(paths["x1p"])] == [own.id]
    assert [one.id for one in await calendar.terms(paths["x2"])] == [county.id]
    bell, schools = await make_bell(process, "x"), await make_bell(process, "x2")
    found = await calendar.bells_of([paths[org] for org in ("x1p", "x2", "y1")])
    assert {path: [one.id for one in bells] for path, bells in found.items()} == {
        paths["x1p"]: [bell],
        paths["x2"]: [schools],
        paths["y1"]: [],
    }
    for org in ("x1p", "x2", "y1"):
        assert await calendar.bells(paths[org]) == found[paths[org]]
    assert await process.acts() == ["term.create", "term.create", "bell.create", "bell.create"]


@both_databases
@pytest.mark.parametrize(
    ("who", "org", "error"),
    [("x1.teacher", "x1", Forbidden), ("x.inspector", "x", Forbidden), ("x1.admin", "x", NotThere), ("y.admin", "x1", NotThere)],
)
async def test_who_sets_no_calendar(process: Services, who: str, org: str, error: type[AppError]) -> None:
    caller = await process.caller(who)
    term = NewTerm(name="T", first_day="2026-09-01", last_day="2027-01-20", week_one="2026-08-31")
    assert type(await refused(terms.create_term(process.office, caller, org, term))) is error
    assert (
        type(await refused(terms.create_bell(process.office, caller, org, NewBell(name="B", valid_from="2026-09-01", lines=BELL)))) is error
    )
    assert await process.acts() == []


@both_databases
@pytest.mark.parametrize(
    ("dates", "fields"),
    [
        ({"last_day": "2026-08-01"}, {"last_day": "low"}),
        ({"last_day": "2027-08-01"}, {"last_day": "high"}),
        ({"week_one": "2026-09-01"}, {"week_one": "choice"}),
        ({"week_one": "2026-12-07"}, {"week_one": "choice"}),
        ({"first_day": "2026-02-30"}, {"first_day": "format"}),
    ],
)
async def test_what_is_no_term(process: Services, dates: dict[str, str], fields: dict[str, str]) -> None:
    error = await refused(make_term(process, **dates))
    assert isinstance(error, Invalid)
    assert error.fields == fields


def day(date: str, kind: str, stands_for: str | None = None, version: int = 1) -> SetDay:
    return SetDay(day=date, kind=kind, stands_for=stands_for, name="国庆节", version=version)  # type: ignore[arg-type]


@both_databases
async def test_days_off_and_make_up_days(process: Services) -> None:
    term, admin = await make_term(process), await process.caller("x.admin")

    async def press(form: SetDay) -> None:
        await terms.set_day(process.office, admin, term.id, form)

    for form, fields in (
        (day("2026-08-31", "off"), {"day": "choice"}),
        (day("2026-10-10", "work", "2026-10-05"), {"stands_for": "choice"}),
        (day("2026-10-10", "work"), {"stands_for": "choice"}),
    ):
        error = await refused(press(form))
        assert isinstance(error, Invalid)
        assert error.fields == fields
    await press(day("2026-10-05", "off"))
    await press(day("2026-10-10", "work", "2026-10-05", 2))
    error = await refused(press(day("2026-10-11", "work", "2026-10-05", 3)))
    assert isinstance(error, Invalid), "one day is made up once"
    error = await refused(press(day("2026-10-05", "usual", version=3)))
    assert isinstance(error, Invalid), "somebody makes it up"
    assert type(await refused(press(day("2026-10-06", "off", version=2)))) is EditConflict
    found = await terms.calendar(process.office).term(term.id)
    assert found
    assert {date.isoformat(): (one.kind, one.stands_for) for date, one in found.days.items()} == {
        "2026-10-05": ("off", None),
        "2026-10-10": ("work", dt.date(2026, 10, 5)),
    }
    await press(day("2026-10-10", "usual", version=3))
    await press(day("2026-10-05", "usual", version=4))
    assert await process.acts() == ["term.create"] + ["term.day"] * 4
    assert (await process.line()).details == '{"day":"2026-10-05","kind":"usual"}'


@both_databases
async def test_two_days_set_from_one_page_conflict_and_none_is_lost(pair: tuple[Services, Services]) -> None:
    term = await make_term(pair[0])
    who = [await one.caller("x.admin") for one in pair]
    outcomes = await asyncio.gather(
        *(
            terms.set_day(one.office, caller, term.id, day(date, "off"))
            for one, caller, date in zip(pair, who, ("2026-10-05", "2026-10-06"), strict=True)
        ),
        return_exceptions=True,
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EditConflict", "NoneType"]
    found = await terms.calendar(pair[1].office).term(term.id)
    assert found
    assert len(found.days) == 1


@both_databases
async def test_one_bell_from_a_day_on(process: Services) -> None:
    admin, bell = await process.caller("x.admin"), await make_bell(process)
    form = NewBell(name="B", valid_from="2026-09-01", lines=BELL)
    error = await refused(terms.create_bell(process.office, admin, "x", form))
    assert (type(error), error.params) == (Taken, {"field": "valid_from"})
    edit = EditBell(name="冬季", valid_from="2026-10-08", lines="08:30-09:10", version=1)
    await terms.edit_bell(process.office, admin, bell, edit)
    assert type(await refused(terms.edit_bell(process.office, admin, bell, edit))) is EditConflict
    assert type(await refused(terms.edit_bell(process.office, await process.caller("y.admin"), bell, edit))) is NotThere
    found = await terms.calendar(process.office).bell(bell)
    assert found
    assert (found.name, found.valid_from, found.periods, found.version) == ("冬季", dt.date(2026, 10, 8), {1: ("08:30", "09:10")}, 2)


def test_lines_of_a_period_table() -> None:
    assert read_periods("08:00-08:40\n08:50–09:30, 10:00-10:40") == {1: ("08:00", "08:40"), 2: ("08:50", "09:30"), 3: ("10:00", "10:40")}
    for text, code in (
        ("8:00-8:40", "format"),
        ("08:00", "format"),
        ("24:00-24:40", "format"),
        ("08:40-08:00", "low"),
        ("08:00-08:40 08:30-09:10", "low"),
        (" ".join(f"{n:02}:00-{n:02}:30" for n in range(21)), "low"),
        ("", "low"),
    ):
        with pytest.raises(Invalid) as caught:
            read_periods(text)
        assert caught.value.fields == {"lines": code}, text


def test_a_form_takes_as_many_periods_as_a_lesson_may_have() -> None:
    import msgspec

    lines = "\n".join(f"{n:02}:00-{n:02}:40" for n in range(20))
    form = msgspec.convert({"name": "B", "valid_from": "2026-09-01", "lines": lines}, NewBell)
    assert len(read_periods(form.lines)) == 20


@pytest.mark.parametrize(
    ("today", "first", "last"),
    [("2026-09-21", "2026-09-01", "2027-01-20"), ("2027-01-05", "2026-09-01", "2027-01-20"), ("2027-03-01", "2027-02-24", "2027-07-05")],
)
def test_the_form_proposes_the_term_of_the_season(today: str, first: str, last: str) -> None:
    found = terms.proposal(dt.date.fromisoformat(today))
    assert (found.first_day, found.last_day) == (first, last)
    assert dt.date.fromisoformat(found.week_one).isoweekday() == 1
