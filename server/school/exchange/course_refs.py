"""What the rows of a timetable refer to: school, term, teacher, standing group, class, period."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from server.accounts.caller import at
from server.domain.calendar import Bell, Term
from server.domain.orgs import Org, SchoolClass, StandingGroup
from server.domain.people import Person
from server.school import courses, terms
from server.school.exchange.desk import Desk
from server.school.exchange.rows import Row
from server.store.terms import CalendarStore

T = TypeVar("T")


@dataclass(slots=True)
class References:
    """By row. A row that is missing somewhere has a bad cell."""

    homes: dict[int, Org]
    terms: dict[int, Term] = field(default_factory=dict)
    groups: dict[int, StandingGroup] = field(default_factory=dict)
    teachers: dict[int, str] = field(default_factory=dict)
    """Person ids."""
    classes: dict[int, SchoolClass] = field(default_factory=dict)
    bells: dict[str, list[Bell]] = field(default_factory=dict)
    """School → its period tables."""


class _Calendars:
    """Terms and period tables by organisation: the schools of a county ask for the county's only once."""

    def __init__(self, store: CalendarStore) -> None:
        self._store = store
        self._terms: dict[str, list[Term]] = {}
        self._bells: dict[str, list[Bell]] = {}

    async def terms(self, path: str) -> list[Term]:
        """As `CalendarStore.terms`."""
        return await _nearest(path, self._terms, self._store.terms)

    async def bells(self, path: str) -> list[Bell]:
        """As `CalendarStore.bells`."""
        return await _nearest(path, self._bells, self._store.bells)


async def _nearest(path: str, known: dict[str, list[T]], read: Callable[[str], Awaitable[list[T]]]) -> list[T]:
    for part in reversed([part for part in path.split("/") if part]):
        if part not in known:
            known[part] = await read(f"/{part}/")
        if known[part]:
            return known[part]
    return []


async def find(desk: Desk, rows: Sequence[Row]) -> References:
    """Look everything up; what is unknown, or outside the caller's scope, is a bad cell."""
    refs = References(await desk.places(rows, "school", "course.edit"))
    schools = {home.id: home for home in refs.homes.values()}
    calendars = _Calendars(terms.calendar(desk.office))
    known_terms = {home.id: await calendars.terms(home.path) for home in schools.values()}
    refs.bells = {home.id: await calendars.bells(home.path) for home in schools.values()}
    await _groups(desk, rows, refs, schools)
    await _teachers(desk, rows, refs)
    known = await desk.classes(refs.homes)
    for row in rows:
        home = refs.homes.get(row.number)
        if home is None:
            continue
        term = next((one for one in known_terms[home.id] if one.name == row.get("term")), None)
        if term is not None:
            refs.terms[row.number] = term
        elif row.has("term"):
            desk.bad(row, "term", "missing")
        _period(desk, row, refs.bells[home.id])
        if row.has("class"):
            _class(desk, row, known.get((home.id, row.get("class")), []), term, refs)
    return refs


def _period(desk: Desk, row: Row, bells: Sequence[Bell]) -> None:
    if not row.has("period"):
        return
    if not bells:
        desk.bad(row, "period", "no_bell")
    elif not any(row.get("period") in bell.periods for bell in bells):
        desk.bad(row, "period", "period", limit=max((max(bell.periods, default=0) for bell in bells), default=0))


def _class(desk: Desk, row: Row, known: Sequence[SchoolClass], term: Term | None, refs: References) -> None:
    """The class of the term's school year, else the newest of this code."""
    year = term and (term.first_day.year if term.first_day.month >= 8 else term.first_day.year - 1)
    found = next((one for one in known if one.year == year), next(iter(known), None))
    if found is None:
        desk.bad(row, "class", "missing")
    elif found.closed_at is not None:
        desk.bad(row, "class", "closed")
    else:
        refs.classes[row.number] = found


async def _groups(desk: Desk, rows: Sequence[Row], refs: References, schools: dict[str, Org]) -> None:
    rooms = {room.id: room.org for room in await desk.office.rooms.of_many(schools)}
    led: dict[tuple[str, str], list[StandingGroup]] = {}
    for group in await desk.office.groups.led_from(schools):
        led.setdefault((rooms[group.master_classroom], group.name), []).append(group)
    for row in rows:
        home = refs.homes.get(row.number)
        if home is None or not row.has("group"):
            continue
        fitting = led.get((home.id, row.get("group")), [])
        if len(fitting) == 1:
            refs.groups[row.number] = fitting[0]
        else:
            desk.bad(row, "group", "ambiguous" if fitting else "missing")


async def _teachers(desk: Desk, rows: Sequence[Row], refs: References) -> None:
    people = await desk.office.people.by_logins({row.get("teacher").lower() for row in rows if row.has("teacher")})
    homes = await desk.office.orgs.many({one.org for one in people.values()})
    fits: dict[tuple[str, str], bool] = {}
    for row in rows:
        home = refs.homes.get(row.number)
        if home is None or not row.has("teacher"):
            continue
        person: Person | None = people.get(row.get("teacher").lower())
        if person is None or person.disabled_at is not None:
            desk.bad(row, "teacher", "missing")
            continue
        pair = (person.id, home.id)
        if pair not in fits:
            fits[pair] = await courses.teaches_at(desk.office, person.id, home)
        if fits[pair]:
            refs.teachers[row.number] = person.id
        else:
            desk.bad(row, "teacher", "teacher" if desk.who.may("person.see", at(homes[person.org].path)) else "missing")
