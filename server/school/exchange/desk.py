"""Where one table is checked: what it works on, who asks, what was found, and what would write it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Target
from server.accounts.caller import Caller, at
from server.accounts.office import Office, target
from server.domain.orgs import Org, SchoolClass
from server.school.exchange.columns import Table
from server.school.exchange.findings import Findings, Kind
from server.school.exchange.rows import Row

Write = Callable[[AsyncConnection], Awaitable[object]]


@dataclass(slots=True)
class Desk:
    """For one file and one caller. `zone`: the school's."""

    office: Office
    who: Caller
    zone: ZoneInfo
    table: Table
    findings: Findings
    kinds: list[Kind] = field(default_factory=list)
    """What the rows ask for."""
    writes: list[Write] = field(default_factory=list)
    """What writes it, in this order, in few statements: on SQLite all who write wait for us."""
    lines: list[tuple[str, Target, dict[str, str | int]]] = field(default_factory=list)
    """Acts, as the services would note them one by one."""
    locks: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)
    """Of the organisations that the rows are about."""
    _first: dict[Hashable, int] = field(default_factory=dict)

    def bad(self, row: Row, name: str, code: str, **params: str | int) -> None:
        """A bad cell."""
        self.findings.add(row.number, name, code, **params)

    def sound(self, row: Row) -> bool:
        """Nothing bad was found in the row so far."""
        return row.number not in self.findings.rows

    def line(self, act: str, kind: str, row_id: str, org: Org, **details: str | int) -> None:
        """A line of the audit."""
        self.lines.append((act, target(kind, row_id, org), details))

    def once(self, row: Row, name: str, *key: Hashable) -> bool:
        """Whether no row before it has this key; else its cell `name` is bad."""
        first = self._first.setdefault((name, *key), row.number)
        if first != row.number:
            self.bad(row, name, "twice", other=first)
        return first == row.number

    def sees(self, org: Org) -> bool:
        """Whether the caller may know of it."""
        return self.who.may("org.see", at(org.path))

    async def places(self, rows: Sequence[Row], name: str, action: str, *, schools: bool = True) -> dict[int, Org]:
        """Row → the organisation whose code stands in column `name` and in which the caller may do `action`.

        One outside the caller's scope is missing, exactly as one that does not exist.
        """
        known = await self.office.orgs.by_codes({row.get(name) for row in rows if row.has(name)})
        found: dict[int, Org] = {}
        for row in rows:
            org = known.get(row.get(name))
            if not row.has(name):
                continue
            if org is None or not self.sees(org):
                self.bad(row, name, "missing")
            elif not self.who.may(action, at(org.path)):
                self.bad(row, name, "forbidden")
            elif org.closed_at is not None:
                self.bad(row, name, "closed")
            elif schools and org.tier not in ("school", "point"):
                self.bad(row, name, "not_school")
            else:
                found[row.number] = org
                self.paths.add(org.path)
        return found

    async def classes(self, homes: dict[int, Org]) -> dict[tuple[str, str], list[SchoolClass]]:
        """(School, code) → its classes, newest year first."""
        found: dict[tuple[str, str], list[SchoolClass]] = {}
        for one in await self.office.classes.of_many({home.id for home in homes.values()}):
            found.setdefault((one.org, one.code), []).append(one)
        return found
