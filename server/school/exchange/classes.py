"""Classes of pupils."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.ids import draw
from server.domain.orgs import Org, SchoolClass
from server.school.exchange.desk import Desk
from server.school.exchange.rows import Row
from server.store.bulk import Change, change_many
from server.store.classes import add_classes, grades_text
from server.store.tables import school_class


async def plan(desk: Desk, rows: Sequence[Row]) -> None:
    """Find what is bad, and what would write it. The same code in another year is another class."""
    homes = await desk.places(rows, "school", "class.edit")
    known = {(one.org, one.code, one.year): one for found in (await desk.classes(homes)).values() for one in found}
    sound: list[tuple[Row, Org, SchoolClass | None]] = []
    for row in rows:
        key = (row.get("school"), row.get("code"), row.get("year"))
        if None not in key and not desk.once(row, "code", *key):
            continue
        home = homes.get(row.number)
        old = known.get((home.id, row.get("code"), row.get("year"))) if home else None
        if old is not None and old.closed_at is not None:
            desk.bad(row, "code", "closed")
        if home is not None and desk.sound(row):
            sound.append((row, home, old))
    if not desk.findings.rows:
        _write(desk, sound)


def _write(desk: Desk, rows: Sequence[tuple[Row, Org, SchoolClass | None]]) -> None:
    new: list[SchoolClass] = []
    changed: list[Change] = []
    for row, home, old in rows:
        name, grades = row.get("name"), tuple(sorted(set(row.get("grades"))))
        if old is None:
            new.append(SchoolClass(draw(), home.id, row.get("code"), name, grades, row.get("year"), 1))
            desk.line("class.create", "class", new[-1].id, home)
            desk.kinds.append("new")
        elif (old.name, old.grades) != (name, grades):
            changed.append(Change(old.id, old.version, {"name": name, "grades": grades_text(grades)}))
            desk.line("class.edit", "class", old.id, home)
            desk.kinds.append("changed")
        else:
            desk.kinds.append("same")

    async def write(connection: AsyncConnection) -> None:
        await add_classes(connection, new, desk.office.now())
        await change_many(connection, school_class, changed)

    desk.writes.append(write)


async def listed(desk: Desk, paths: Sequence[str], limit: int) -> list[list[str]]:
    """Open classes of these paths as rows."""
    found = [one for one in await desk.office.classes.under(paths, limit) if one.closed_at is None]
    homes = await desk.office.orgs.many({one.org for one in found})
    return [
        [homes[one.org].code, one.code, one.name, "、".join(str(grade) for grade in one.grades), str(one.year)]
        for one in found
        if homes[one.org].closed_at is None
    ]
