"""Classrooms: reads, and the statements that change them inside an act's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.orgs import Classroom
from server.errors import EditConflict
from server.store.bulk import insert_many
from server.store.database import Database, chunks
from server.store.orgs import within
from server.store.tables import classroom, org

_FIELDS = ("id", "org", "code", "name", "kind", "seat_rows", "seat_columns", "join_code", "contact", "version", "closed_at")


class RoomStore:
    """Every list is in the order of the tree, then by the room's number."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, room_id: str) -> Classroom | None:
        """The classroom of this id."""
        return await self._one(_query().where(classroom.c.id == room_id))

    async def by_join_code(self, code: str) -> Classroom | None:
        """The open classroom that this join code names."""
        return await self._one(_query().where(classroom.c.join_code == code, classroom.c.closed_at.is_(None)))

    async def join_codes(self, codes: Collection[str]) -> set[str]:
        """Those of these join codes that name a room already, a closed one too."""
        found: set[str] = set()
        for chunk in chunks(codes):
            query = select(classroom.c.join_code).where(classroom.c.join_code.in_(chunk))
            found.update(row.join_code for row in await self._database.read(query))
        return found

    async def by_number(self, org_id: str, code: str) -> Classroom | None:
        """The classroom of this number in a school."""
        return await self._one(_query().where(classroom.c.org == org_id, classroom.c.code == code))

    async def many(self, ids: Collection[str]) -> dict[str, Classroom]:
        """These classrooms."""
        found: dict[str, Classroom] = {}
        for chunk in chunks(ids):
            rows = await self._database.read(_query().where(classroom.c.id.in_(chunk)))
            found.update({row.id: _room(row) for row in rows})
        return found

    async def of(self, org_id: str) -> list[Classroom]:
        """Classrooms of one school."""
        return [_room(row) for row in await self._database.read(_query().where(classroom.c.org == org_id).order_by(classroom.c.code))]

    async def of_many(self, org_ids: Collection[str]) -> list[Classroom]:
        """Classrooms of these schools."""
        found: list[Classroom] = []
        for chunk in chunks(org_ids):
            found += [_room(row) for row in await self._database.read(_query().where(classroom.c.org.in_(chunk)))]
        return found

    async def under(self, paths: Sequence[str], limit: int = 5000) -> list[Classroom]:
        """Classrooms of all schools in these paths."""
        if not paths:
            return []
        query = _query().select_from(classroom.join(org, org.c.id == classroom.c.org)).where(within(paths))
        rows = await self._database.read(query.order_by(org.c.path, classroom.c.code).limit(limit))
        return [_room(row) for row in rows]

    async def pin(self, room_id: str) -> str | None:
        """Hash of what opens the assistant's panel on the room's big screen (S3). None: it has none, or is closed."""
        row = await self._database.one(select(classroom.c.pin).where(classroom.c.id == room_id, classroom.c.closed_at.is_(None)))
        return row.pin if row else None

    async def _one(self, query: Any) -> Classroom | None:
        row = await self._database.one(query)
        return _room(row) if row else None


async def add_room(connection: AsyncConnection, new: Classroom, created: int) -> None:
    """Insert."""
    await add_rooms(connection, [new], created)


async def add_rooms(connection: AsyncConnection, many: Sequence[Classroom], created: int) -> None:
    """Insert."""
    await insert_many(connection, classroom, [asdict(new) | {"created": created} for new in many])


async def change_room(connection: AsyncConnection, room_id: str, version: int, **values: Any) -> None:
    """Change columns of the row that still has this version; raises `EditConflict`."""
    free = update(classroom).where(classroom.c.id == room_id, classroom.c.version == version)
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict


async def put_pin(connection: AsyncConnection, room_id: str, kept: str | None) -> None:
    """Another hash, or none."""
    await connection.execute(update(classroom).where(classroom.c.id == room_id).values(pin=kept))


def _query() -> Any:
    return select(*(classroom.c[name] for name in _FIELDS))


def _room(row: Row[Any]) -> Classroom:
    return Classroom(**{name: getattr(row, name) for name in _FIELDS})
