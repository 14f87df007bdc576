"""Terms and period tables of an organisation and all under it (S9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, known_id, target
from server.domain.calendar import Bell, Term, TermDay, bell_problems, term_problems
from server.domain.orgs import Org
from server.errors import Invalid, NotThere
from server.school.fields import Day, Name, TimeOfDay, Version
from server.store.terms import CalendarStore, add_bell, add_term, change_bell, change_term

EIGHT: Mapping[int, tuple[str, str]] = {
    1: ("08:00", "08:40"),
    2: ("08:50", "09:30"),
    3: ("10:00", "10:40"),
    4: ("10:50", "11:30"),
    5: ("14:00", "14:40"),
    6: ("14:50", "15:30"),
    7: ("15:40", "16:20"),
    8: ("16:30", "17:10"),
}
"""A usual day of a primary school: a proposal for an empty form."""


class NewTerm(msgspec.Struct, frozen=True, kw_only=True):
    """A term and the Monday of its first teaching week."""

    name: Name
    first_day: Day
    last_day: Day
    week_one: Day


class SetDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day off, or a make-up day that stands for another."""

    day: Day
    kind: Literal["off", "work", "usual"]
    name: Name | None = None
    stands_for: Day | None = None
    version: Version


class NewBell(msgspec.Struct, frozen=True, kw_only=True):
    """A period table: lines `HH:MM-HH:MM`, the first is period 1."""

    name: Name
    valid_from: Day
    lines: Annotated[str, Meta(min_length=1, max_length=400)]


def calendar(office: Office) -> CalendarStore:
    """The office's calendar."""
    return CalendarStore(office.database)


async def term(office: Office, who: Caller, term_id: str, action: str) -> tuple[Term, Org]:
    """A term and its organisation, as `Office.org`."""
    found = await calendar(office).term(known_id(term_id))
    if found is None:
        raise NotThere
    return found, await office.org(who, found.org, action)


async def create_term(office: Office, who: Caller, org_id: str, form: NewTerm) -> Term:
    """Add one. Raises `Invalid`."""
    org = await office.org(who, org_id, "calendar.edit")
    first, last, one = (
        as_day(text, name) for text, name in ((form.first_day, "first_day"), (form.last_day, "last_day"), (form.week_one, "week_one"))
    )
    new = Term(draw(), org.id, form.name, first, last, one, 1)
    _checked(term_problems(new))

    async def work(connection: AsyncConnection) -> Term:
        await add_term(connection, new, office.now())
        return new

    return await office.acts.do(who, "term.create", target("term", new.id, org), work)


async def set_day(office: Office, who: Caller, term_id: str, form: SetDay) -> None:
    """Make a day off, a make-up day, or usual again. Lessons made already follow when their course is published again
    (`server.school.behind` names those courses).

    Raises `Invalid`, `EditConflict`.
    """
    found, org = await term(office, who, term_id, "calendar.edit")
    day = as_day(form.day, "day")
    like = as_day(form.stands_for, "stands_for") if form.stands_for else None
    if not found.first_day <= day <= found.last_day:
        raise Invalid({"day": "choice"})
    days = {one: special for one, special in found.days.items() if one != day}
    if form.kind != "usual":
        days[day] = TermDay(day, form.kind, like if form.kind == "work" else None, form.name or "")
    changed = replace(found, days=days)
    if problems := term_problems(changed):
        raise Invalid({"stands_for" if name.startswith("day.") else name: code for name, code in problems.items()})

    async def work(connection: AsyncConnection) -> None:
        await change_term(connection, changed, form.version)

    await office.acts.do(who, "term.day", target("term", found.id, org), work, details={"day": form.day, "kind": form.kind})


async def create_bell(office: Office, who: Caller, org_id: str, form: NewBell) -> Bell:
    """Add a period table. Raises `Invalid`, `Taken` for a second one from the same day on."""
    org = await office.org(who, org_id, "calendar.edit")
    new = Bell(draw(), org.id, form.name, as_day(form.valid_from, "valid_from"), 1, read_periods(form.lines))

    async def work(connection: AsyncConnection) -> Bell:
        await add_bell(connection, new, office.now())
        return new

    return await office.acts.do(who, "bell.create", target("bell", new.id, org), work, unique="valid_from")


class EditBell(NewBell, frozen=True, kw_only=True):
    """The same, changed."""

    version: Version


async def edit_bell(office: Office, who: Caller, bell_id: str, form: EditBell) -> None:
    """Change a period table; lessons made already follow when their course is published again. Raises `Invalid`, `EditConflict`."""
    found = await calendar(office).bell(known_id(bell_id))
    if found is None:
        raise NotThere
    org = await office.org(who, found.org, "calendar.edit")
    changed = replace(found, name=form.name, valid_from=as_day(form.valid_from, "valid_from"), periods=read_periods(form.lines))

    async def work(connection: AsyncConnection) -> None:
        await change_bell(connection, changed, form.version)

    await office.acts.do(who, "bell.edit", target("bell", found.id, org), work, unique="valid_from")


def read_periods(text: str) -> dict[int, tuple[str, str]]:
    """Periods of lines `HH:MM-HH:MM`, counted from 1; raises `Invalid`."""
    found: dict[int, tuple[str, str]] = {}
    for line in text.replace(",", "\n").replace(" ", "\n").split():
        begins, _, ends = line.replace("–", "-").partition("-")
        try:
            found[len(found) + 1] = (msgspec.convert(begins, TimeOfDay), msgspec.convert(ends, TimeOfDay))
        except msgspec.ValidationError as error:
            raise Invalid({"lines": "format"}) from error
    if not 1 <= len(found) <= 20 or bell_problems(found):
        raise Invalid({"lines": "low"})
    return found


def proposal(today: date) -> NewTerm:
    """The Chinese school year's term around a day: September to January, February or March to July."""
    if today.month >= 8 or today.month == 1:
        year = today.year if today.month >= 8 else today.year - 1
        first, last, number = date(year, 9, 1), date(year + 1, 1, 20), 1
    else:
        year = today.year - 1
        first, last, number = date(today.year, 2, 24), date(today.year, 7, 5), 2
    monday = first - timedelta(days=first.weekday())
    return NewTerm(
        name=f"{year}-{year + 1} ({number})", first_day=first.isoformat(), last_day=last.isoformat(), week_one=monday.isoformat()
    )


def as_day(text: str, field: str) -> date:
    """A day of a form; raises `Invalid`."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid({field: "format"}) from error


def _checked(problems: Mapping[str, str]) -> None:
    if problems:
        raise Invalid(problems)
