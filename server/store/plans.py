"""Dated seating plans (S1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.orgs import SeatingPlan
from server.errors import EditConflict
from server.store.database import Database, chunks
from server.store.tables import seat, seating_plan

_FIELDS = ("id", "school_class", "classroom", "valid_from", "version")


class PlanStore:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, plan_id: str) -> SeatingPlan | None:
        """The plan of this id."""
        found = await self._plans(_query().where(seating_plan.c.id == plan_id))
        return found[0] if found else None

    async def valid(self, class_id: str, room_id: str, day: str) -> SeatingPlan | None:
        """The plan that counts on a day (`YYYY-MM-DD`): the latest that begins no later."""
        c = seating_plan.c
        query = _query().where(c.school_class == class_id, c.classroom == room_id, c.valid_from <= day)
        found = await self._plans(query.order_by(c.valid_from.desc()).limit(1))
        return found[0] if found else None

    async def first(self, class_id: str, room_id: str) -> str | None:
        """The day on which the earliest plan begins."""
        c = seating_plan.c
        row = await self._database.one(select(func.min(c.valid_from)).where(c.school_class == class_id, c.classroom == room_id))
        return row[0] if row else None

    async def of_class(self, class_id: str) -> list[SeatingPlan]:
        """All plans of a class, newest first."""
        c = seating_plan.c
        return await self._plans(_query().where(c.school_class == class_id).order_by(c.valid_from.desc(), c.id))

    async def _plans(self, query: Any) -> list[SeatingPlan]:
        rows = await self._database.read(query)
        seats: dict[str, dict[int, str]] = {}
        for chunk in chunks({row.id for row in rows}):
            for part in await self._database.read(select(seat).where(seat.c.plan.in_(chunk)).order_by(seat.c.seat)):
                seats.setdefault(part.plan, {})[part.seat] = part.student
        return [SeatingPlan(**{name: getattr(row, name) for name in _FIELDS}, seats=seats.get(row.id, {})) for row in rows]


async def add_plan(connection: AsyncConnection, new: SeatingPlan, created: int) -> None:
    """Insert with its seats."""
    await connection.execute(insert(seating_plan).values(**{name: getattr(new, name) for name in _FIELDS}, created=created))
    await _seat(connection, new.id, new.seats)


async def change_plan(connection: AsyncConnection, plan_id: str, version: int, seats: Mapping[int, str]) -> None:
    """Exactly these seats; raises `EditConflict` unless the plan still has this version."""
    free = update(seating_plan).where(seating_plan.c.id == plan_id, seating_plan.c.version == version)
    if (await connection.execute(free.values(version=version + 1))).rowcount != 1:
        raise EditConflict
    await connection.execute(delete(seat).where(seat.c.plan == plan_id))
    await _seat(connection, plan_id, seats)


async def _seat(connection: AsyncConnection, plan_id: str, seats: Mapping[int, str]) -> None:
    if seats:
        rows = [{"plan": plan_id, "seat": number, "student": who} for number, who in sorted(seats.items())]
        await connection.execute(insert(seat), rows)


def _query() -> Any:
    return select(*(seating_plan.c[name] for name in _FIELDS))
