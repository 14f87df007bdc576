"""Students. Names may be left out: an empty cell leaves a known name as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import at
from server.accounts.ids import draw
from server.domain.orgs import Org, SchoolClass, Student
from server.school.classes import MOST_STUDENTS
from server.school.exchange.desk import Desk
from server.school.exchange.rows import Row
from server.store.bulk import Change, change_many
from server.store.students import add_students
from server.store.tables import student


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A sound row, its class and school, and the student it means if there is one."""

    row: Row
    place: SchoolClass
    home: Org
    old: Student | None
    renamed: bool


async def plan(desk: Desk, rows: Sequence[Row]) -> None:
    """Find what is bad, and what would write it."""
    homes = await desk.places(rows, "school", "student.edit")
    places = await _classes(desk, rows, homes)
    known = await desk.office.students.by_numbers({one.id for one in places.values()})
    names = await desk.office.contents.texts({one.name for one in known.values() if one.name})
    counts = dict(await desk.office.students.count({one.id for one in places.values()}))
    sound: list[_Wanted] = []
    for row in rows:
        place = places.get(row.number)
        if place is None or not row.has("number") or not desk.once(row, "number", place.id, row.get("number")):
            continue
        old = known.get((place.id, _index(desk, place, row)))
        if old is None:
            counts[place.id] = counts.get(place.id, 0) + 1
            if counts[place.id] > MOST_STUDENTS:
                desk.bad(row, "number", "full", limit=MOST_STUDENTS)
        elif old.left_at is not None:
            desk.bad(row, "number", "left")
        renamed = old is not None and row.has("name") and row.get("name") != names.get(old.name or "")
        sound.append(_Wanted(row, place, homes[row.number], old, renamed))
    if not desk.findings.rows:
        _write(desk, sound)


def _index(desk: Desk, place: SchoolClass, row: Row) -> str:
    return desk.office.contents.blind(f"student/{place.id}", row.get("number"))


def _write(desk: Desk, rows: Sequence[_Wanted]) -> None:
    new = [(draw(), one) for one in rows if one.old is None]
    renamed = [(one.old, one) for one in rows if one.old is not None and one.renamed]
    desk.kinds += ["new" if one.old is None else "changed" if one.renamed else "same" for one in rows]
    for old, one in renamed:
        desk.line("student.edit", "student", old.id, one.home)
    for place, count in Counter(one.place.id for _, one in new).items():
        desk.line("student.create", "class", place, next(one.home for _, one in new if one.place.id == place), students=count)

    async def write(connection: AsyncConnection) -> None:
        put = desk.office.contents.put_many
        numbers = await put(connection, "number", [(i, one.row.get("number")) for i, one in new])
        named = [(i, one.row.get("name")) for i, one in new if one.row.has("name")]
        fresh = [(old.id, one.row.get("name")) for old, one in renamed]
        names = await put(connection, "name", [*named, *fresh])
        name_of = {i: ref.id for (i, _), ref in zip([*named, *fresh], names, strict=True)}
        students = [
            (Student(i, one.place.id, number.id, name_of.get(i), False, 1), _index(desk, one.place, one.row))
            for (i, one), number in zip(new, numbers, strict=True)
        ]
        await add_students(connection, students, desk.office.now())
        await change_many(connection, student, [Change(old.id, old.version, {"name": name_of[old.id]}) for old, _ in renamed])
        await desk.office.contents.erase(connection, [old.name for old, _ in renamed if old.name])

    desk.writes.append(write)


async def _classes(desk: Desk, rows: Sequence[Row], homes: dict[int, Org]) -> dict[int, SchoolClass]:
    """Row → its class: of the year that is said, else the newest."""
    known = await desk.classes(homes)
    found: dict[int, SchoolClass] = {}
    for row in rows:
        home = homes.get(row.number)
        if home is None or not row.has("class"):
            continue
        fitting = [one for one in known.get((home.id, row.get("class")), []) if row.get("year") in (None, one.year)]
        if not fitting:
            desk.bad(row, "class", "missing")
        elif fitting[0].closed_at is not None:
            desk.bad(row, "class", "closed")
        else:
            found[row.number] = fitting[0]
    return found


async def listed(desk: Desk, paths: Sequence[str], limit: int) -> list[list[str]]:
    """Students of the open classes of these paths as rows; names only where the caller may see them."""
    office = desk.office
    places = {one.id: one for one in await office.classes.under(paths, limit) if one.closed_at is None}
    homes = await office.orgs.many({one.org for one in places.values()})
    known = [one for one in (await office.students.by_numbers(places)).values() if one.left_at is None][:limit]
    seen = {one.id for one in places.values() if desk.who.may("student.see", at(homes[one.org].path))}
    texts = await office.contents.texts({text for one in known for text in (one.number, one.school_class in seen and one.name) if text})
    rows = []
    for one in known:
        place = places[one.school_class]
        name = texts.get(one.name or "", "") if place.id in seen else ""
        rows.append([homes[place.org].code, place.code, texts.get(one.number, ""), name, str(place.year)])
    return sorted((row for row in rows if row[2]), key=lambda row: (row[0], row[1], row[4], len(row[2]), row[2]))
