"""Standing groups: a master classroom and the remote classrooms that follow it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.orgs import StandingGroup
from server.errors import EditConflict
from server.store.database import Database, chunks
from server.store.orgs import within
from server.store.tables import classroom, group_room, org, standing_group

_FIELDS = ("id", "org", "name", "kind", "master_classroom", "version", "closed_at")


class GroupStore:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, group_id: str) -> StandingGroup | None:
        """The group of this id."""
        found = await self._groups(_query().where(standing_group.c.id == group_id))
        return found[0] if found else None

    async def under(self, paths: Sequence[str]) -> list[StandingGroup]:
        """Groups kept by organisations in these paths."""
        if not paths:
            return []
        query = _query().select_from(standing_group.join(org, org.c.id == standing_group.c.org)).where(within(paths))
        return await self._groups(query.order_by(org.c.path, standing_group.c.name))

    async def led_from(self, org_ids: Collection[str]) -> list[StandingGroup]:
        """Open groups whose master classroom lies in one of these schools, whoever keeps them."""
        found: list[StandingGroup] = []
        for chunk in chunks(org_ids):
            masters = select(classroom.c.id).where(classroom.c.org.in_(chunk))
            mine = standing_group.c.master_classroom.in_(masters) & standing_group.c.closed_at.is_(None)
            found += await self._groups(_query().where(mine).order_by(standing_group.c.name, standing_group.c.id))
        return found

    async def of_room(self, room_id: str) -> list[StandingGroup]:
        """Groups this room leads or follows in."""
        follows = select(group_room.c.standing_group).where(group_room.c.classroom == room_id, group_room.c.accepted_at.is_not(None))
        mine = (standing_group.c.master_classroom == room_id) | standing_group.c.id.in_(follows)
        return await self._groups(_query().where(mine).order_by(standing_group.c.name))

    async def asking(self, room_id: str) -> list[StandingGroup]:
        """Open groups that would have this room follow, and wait for its school."""
        asks = select(group_room.c.standing_group).where(group_room.c.classroom == room_id, group_room.c.accepted_at.is_(None))
        mine = standing_group.c.id.in_(asks) & standing_group.c.closed_at.is_(None)
        return await self._groups(_query().where(mine).order_by(standing_group.c.name, standing_group.c.id))

    async def asked(self, room_ids: Collection[str]) -> set[str]:
        """Those of these rooms that an open group waits for."""
        found: set[str] = set()
        for chunk in chunks(room_ids):
            waiting = group_room.c.classroom.in_(chunk) & group_room.c.accepted_at.is_(None) & standing_group.c.closed_at.is_(None)
            query = select(group_room.c.classroom).select_from(group_room.join(standing_group)).where(waiting)
            found.update(row.classroom for row in await self._database.read(query))
        return found

    async def _groups(self, query: Any) -> list[StandingGroup]:
        rows = await self._database.read(query)
        rooms: dict[str, dict[str, str | None]] = {}
        pending: dict[str, dict[str, str | None]] = {}
        for chunk in chunks({row.id for row in rows}):
            for part in await self._database.read(select(group_room).where(group_room.c.standing_group.in_(chunk))):
                kept = pending if part.accepted_at is None else rooms
                kept.setdefault(part.standing_group, {})[part.classroom] = part.school_class
        return [
            StandingGroup(**{name: getattr(row, name) for name in _FIELDS}, rooms=rooms.get(row.id, {}), pending=pending.get(row.id, {}))
            for row in rows
        ]


async def add_group(connection: AsyncConnection, new: StandingGroup, created: int) -> None:
    """Insert, without rooms."""
    await connection.execute(insert(standing_group).values(**{name: getattr(new, name) for name in _FIELDS}, created=created))


async def change_group(connection: AsyncConnection, group_id: str, version: int, **values: Any) -> None:
    """Change columns of the row that still has this version; raises `EditConflict`."""
    free = update(standing_group).where(standing_group.c.id == group_id, standing_group.c.version == version)
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict


async def put_room(connection: AsyncConnection, group_id: str, room_id: str, school_class: str | None, accepted_at: int | None) -> None:
    """The room follows with this class from `accepted_at` (UTC ms) on; None: its school is asked."""
    await drop_room(connection, group_id, room_id)
    values = {"standing_group": group_id, "classroom": room_id, "school_class": school_class, "accepted_at": accepted_at}
    await connection.execute(insert(group_room).values(**values))


async def accept_room(connection: AsyncConnection, group_id: str, room_id: str, school_class: str | None, accepted_at: int) -> None:
    """The room's school agreed; raises `EditConflict` where nobody asks any more."""
    agreed = update(group_room).where(_asked(group_id, room_id)).values(accepted_at=accepted_at, school_class=school_class)
    if (await connection.execute(agreed)).rowcount != 1:
        raise EditConflict


async def refuse_room(connection: AsyncConnection, group_id: str, room_id: str) -> None:
    """The room's school did not agree; raises `EditConflict` where nobody asks any more."""
    if (await connection.execute(delete(group_room).where(_asked(group_id, room_id)))).rowcount != 1:
        raise EditConflict


async def drop_room(connection: AsyncConnection, group_id: str, room_id: str) -> None:
    """The room neither follows nor is asked."""
    await connection.execute(delete(group_room).where(_part(group_id, room_id)))


def _part(group_id: str, room_id: str) -> ColumnElement[bool]:
    return (group_room.c.standing_group == group_id) & (group_room.c.classroom == room_id)


def _asked(group_id: str, room_id: str) -> ColumnElement[bool]:
    return _part(group_id, room_id) & group_room.c.accepted_at.is_(None)


def _query() -> Any:
    return select(*(standing_group.c[name] for name in _FIELDS))
