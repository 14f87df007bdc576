"""Terms and period tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.calendar import Bell, Term, TermDay
from server.errors import EditConflict
from server.store.database import Database, chunks
from server.store.tables import bell, bell_period, term, term_day


class CalendarStore:
    """Reads. A school without a calendar of its own follows the nearest above it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def term(self, term_id: str) -> Term | None:
        """The term of this id."""
        found = await self._terms(select(term).where(term.c.id == term_id))
        return found[0] if found else None

    async def terms(self, path: str) -> list[Term]:
        """Terms that count in an organisation, newest first: of the nearest on its path that has any."""
        for org_id in _upwards(path):
            if found := await self._terms(select(term).where(term.c.org == org_id).order_by(term.c.first_day.desc())):
                return found
        return []

    async def bells(self, path: str) -> list[Bell]:
        """Period tables that count in an organisation, newest first: of the nearest on its path that has any."""
        for org_id in _upwards(path):
            if found := await self._bells(select(bell).where(bell.c.org == org_id).order_by(bell.c.valid_from.desc())):
                return found
        return []

    async def bells_of(self, paths: Collection[str]) -> dict[str, list[Bell]]:
        """As `bells`, for many organisations at once: path → its period tables."""
        known: dict[str, list[Bell]] = {}
        for chunk in chunks({part for path in paths for part in _upwards(path)}):
            for one in await self._bells(select(bell).where(bell.c.org.in_(chunk)).order_by(bell.c.valid_from.desc())):
                known.setdefault(one.org, []).append(one)
        return {path: next((known[org] for org in _upwards(path) if org in known), []) for path in paths}

    async def bell(self, bell_id: str) -> Bell | None:
        """The period table of this id."""
        found = await self._bells(select(bell).where(bell.c.id == bell_id))
        return found[0] if found else None

    async def _terms(self, query: Any) -> list[Term]:
        rows = await self._database.read(query)
        days: dict[str, dict[date, TermDay]] = {}
        for chunk in chunks({row.id for row in rows}):
            for row in await self._database.read(select(term_day).where(term_day.c.term.in_(chunk)).order_by(term_day.c.day)):
                day = date.fromisoformat(row.day)
                like = date.fromisoformat(row.stands_for) if row.stands_for else None
                days.setdefault(row.term, {})[day] = TermDay(day, row.kind, like, row.name)
        return [_term(row, days.get(row.id, {})) for row in rows]

    async def _bells(self, query: Any) -> list[Bell]:
        rows = await self._database.read(query)
        periods: dict[str, dict[int, tuple[str, str]]] = {}
        for chunk in chunks({row.id for row in rows}):
            for row in await self._database.read(select(bell_period).where(bell_period.c.bell.in_(chunk)).order_by(bell_period.c.period)):
                periods.setdefault(row.bell, {})[row.period] = (row.begins, row.ends)
        return [Bell(row.id, row.org, row.name, date.fromisoformat(row.valid_from), row.version, periods.get(row.id, {})) for row in rows]


async def add_term(connection: AsyncConnection, new: Term, created: int) -> None:
    """Insert with its days."""
    await connection.execute(insert(term).values(**_columns(new), id=new.id, org=new.org, version=1, created=created))
    await _set_days(connection, new)


async def change_term(connection: AsyncConnection, changed: Term, version: int) -> None:
    """Everything as `changed` says; raises `EditConflict`."""
    free = update(term).where(term.c.id == changed.id, term.c.version == version)
    if (await connection.execute(free.values(**_columns(changed), version=version + 1))).rowcount != 1:
        raise EditConflict
    await connection.execute(delete(term_day).where(term_day.c.term == changed.id))
    await _set_days(connection, changed)


async def add_bell(connection: AsyncConnection, new: Bell, created: int) -> None:
    """Insert with its periods."""
    row = {"id": new.id, "org": new.org, "name": new.name, "valid_from": new.valid_from.isoformat(), "version": 1, "created": created}
    await connection.execute(insert(bell).values(**row))
    await _set_periods(connection, new.id, new.periods)


async def change_bell(connection: AsyncConnection, changed: Bell, version: int) -> None:
    """Everything as `changed` says; raises `EditConflict`."""
    free = update(bell).where(bell.c.id == changed.id, bell.c.version == version)
    values = {"name": changed.name, "valid_from": changed.valid_from.isoformat(), "version": version + 1}
    if (await connection.execute(free.values(**values))).rowcount != 1:
        raise EditConflict
    await connection.execute(delete(bell_period).where(bell_period.c.bell == changed.id))
    await _set_periods(connection, changed.id, changed.periods)


async def _set_days(connection: AsyncConnection, owner: Term) -> None:
    for one in owner.days.values():
        like = one.stands_for.isoformat() if one.stands_for else None
        row = {"term": owner.id, "day": one.day.isoformat(), "kind": one.kind, "stands_for": like, "name": one.name}
        await connection.execute(insert(term_day).values(**row))


async def _set_periods(connection: AsyncConnection, bell_id: str, periods: Mapping[int, tuple[str, str]]) -> None:
    for number, (begins, ends) in sorted(periods.items()):
        await connection.execute(insert(bell_period).values(bell=bell_id, period=number, begins=begins, ends=ends))


def _columns(one: Term) -> dict[str, Any]:
    return {
        "name": one.name,
        "first_day": one.first_day.isoformat(),
        "last_day": one.last_day.isoformat(),
        "week_one": one.week_one.isoformat(),
    }


def _term(row: Any, days: Mapping[date, TermDay]) -> Term:
    first, last, one = (date.fromisoformat(text) for text in (row.first_day, row.last_day, row.week_one))
    return Term(row.id, row.org, row.name, first, last, one, row.version, days)


def _upwards(path: str) -> Sequence[str]:
    return [part for part in reversed(path.split("/")) if part]
