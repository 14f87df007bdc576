"""The service: templates, dry runs, imports, exports."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Target
from server.accounts.caller import Caller
from server.accounts.office import Office
from server.errors import EditConflict, Forbidden, NotThere, SheetTooLarge, Taken
from server.school.exchange import classes, courses, people, rooms, students, tree
from server.school.exchange.columns import NOTES, SAMPLE, Table
from server.school.exchange.desk import Desk
from server.school.exchange.findings import Findings, Report
from server.school.exchange.rows import Row, read_rows
from server.school.exchange.specs import TABLES
from server.school.sheets.files import Format, read_table, write_table
from server.school.sheets.limits import Line

MOST_EXPORTED = 50_000
"""Rows of one file we write."""
TRIES = 3


@dataclass(frozen=True, slots=True)
class Part:
    """What each table's module does."""

    plan: Callable[[Desk, Sequence[Row]], Awaitable[None]]
    listed: Callable[[Desk, Sequence[str], int], Awaitable[list[list[str]]]]


PARTS: dict[str, Part] = {
    "orgs": Part(tree.plan, tree.listed),
    "rooms": Part(rooms.plan, rooms.listed),
    "classes": Part(classes.plan, classes.listed),
    "students": Part(students.plan, students.listed),
    "people": Part(people.plan, people.listed),
    "courses": Part(courses.plan, courses.listed),
}


class Exchange:
    """One per process. `zone`: the school's."""

    def __init__(self, office: Office, zone: ZoneInfo) -> None:
        self._office = office
        self._zone = zone

    def template(self, name: str, kind: Format, notes: Sequence[Sequence[str]] = ()) -> bytes:
        """The headers, an example that is passed over when read, a column for notes. `notes`: a sheet that explains the columns."""
        known = table(name)
        head, example = [*known.headers(), NOTES], [*known.example(), SAMPLE]
        return write_table(kind, known.title, [head, example], notes)

    async def check(self, who: Caller, name: str, data: bytes) -> Report:
        """A dry run: every bad cell. Raises `SheetUnreadable` and its like, `Forbidden`."""
        desk = self._desk(who, name, "org.import")
        return await _planned(desk, await asyncio.to_thread(read_table, data))

    async def apply(self, who: Caller, name: str, data: bytes) -> Report:
        """Check again, by the tables as they are now, and write all of it; nothing if there is any bad cell.

        Whoever wrote something in its way meanwhile makes it check once more. Raises `EditConflict` if that does not end.
        """
        self._desk(who, name, "org.import")
        lines = await asyncio.to_thread(read_table, data)
        for _ in range(TRIES):
            desk = self._desk(who, name, "org.import")
            report = await _planned(desk, lines)
            if not report.ok:
                return report
            try:
                await self._write(desk, report)
            except (EditConflict, Taken):
                continue
            return report
        raise EditConflict("somebody writes the same all the time")

    async def _write(self, desk: Desk, report: Report) -> None:
        office = self._office

        async def write(connection: AsyncConnection) -> None:
            for one in desk.writes:
                await one(connection)

        async def work() -> Target:
            await office.database.write(write)
            for act, about, said in desk.lines:
                await office.acts.do(desk.who, act, about, _nothing, details=said)
            return await self._about(desk.who, desk.paths, "org.import")

        said: dict[str, str | int] = {"table": report.table, "rows": report.rows}
        said |= {"new": report.new, "changed": report.changed, "same": report.same}
        locks = ("import", *desk.locks)
        await office.acts.together(desk.who, "org.import", lambda about: about, work, locks=locks, details=lambda _: said)

    async def export(self, who: Caller, name: str, kind: Format, org_id: str = "") -> bytes:
        """The rows of the caller's scope, or of one organisation in it. Leaves a line. Raises `Forbidden`, `NotThere`, `SheetTooLarge`."""
        desk = self._desk(who, name, "org.export")
        paths: Sequence[str] = who.scopes("org.export")
        if org_id:
            paths = [(await self._office.org(who, org_id, "org.export")).path]
        rows = await PARTS[name].listed(desk, paths, MOST_EXPORTED + 1)
        if len(rows) > MOST_EXPORTED:
            raise SheetTooLarge(what="rows", limit=MOST_EXPORTED)

        about = await self._about(who, set(paths), "org.export")
        await self._office.acts.do(who, "org.export", about, _nothing, details={"table": name, "rows": len(rows)})
        known = table(name)
        return await asyncio.to_thread(write_table, kind, known.title, [known.headers(), *rows])

    def _desk(self, who: Caller, name: str, action: str) -> Desk:
        if not who.scopes(action):
            raise Forbidden(action)
        known = table(name)
        return Desk(self._office, who, self._zone, known, Findings(known))

    async def _about(self, who: Caller, paths: set[str], action: str) -> Target:
        """The lowest organisation that all of it lies in."""
        path = _common(paths or set(who.scopes(action)))
        org = await self._office.orgs.get(path.rstrip("/").rsplit("/", 1)[-1])
        roots = [one for one in await self._office.orgs.under(["/"], 2) if one.parent is None] if org is None else []
        org = org or (roots[0] if roots else None)
        return Target("org", org.id, org.path) if org else Target("installation", "shuangshi", "/")


def table(name: str) -> Table:
    """The table of this name. Raises `NotThere`."""
    found = TABLES.get(name)
    if found is None:
        raise NotThere
    return found


def _common(paths: set[str]) -> str:
    """What all paths begin with, in whole steps."""
    parts = [path.strip("/").split("/") for path in sorted(paths)]
    common: list[str] = []
    for step in zip(*parts, strict=False):
        if len(set(step)) > 1:
            break
        common.append(step[0])
    return f"/{'/'.join(common)}/" if common and common[0] else "/"


async def _planned(desk: Desk, lines: Sequence[Line]) -> Report:
    rows = await asyncio.to_thread(read_rows, desk.table, lines, desk.findings)
    if rows:
        await PARTS[desk.table.name].plan(desk, rows)
    count = Counter(desk.kinds)
    return Report(desk.table.name, len(rows), count["new"], count["changed"], count["same"], desk.findings.bad())


async def _nothing(_: AsyncConnection) -> None:
    """Only the line."""
