"""Organisations: reads, and the statements that change them inside an act's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.orgs import Org
from server.errors import EditConflict
from server.store.bulk import insert_many
from server.store.database import Database, chunks
from server.store.tables import org

_FIELDS = ("id", "parent", "tier", "code", "name", "path", "version", "closed_at", "seat_phones", "term_calls", "auto_record")


def within(paths: Sequence[str]) -> ColumnElement[bool]:
    """Organisations that lie in one of the paths."""
    return or_(*(org.c.path.startswith(path, autoescape=True) for path in paths))


class OrgStore:
    """Every list is in the order of the tree, then by code."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, org_id: str) -> Org | None:
        """The organisation of this id."""
        row = await self._database.one(_query().where(org.c.id == org_id))
        return _org(row) if row else None

    async def by_code(self, code: str) -> Org | None:
        """The organisation of this code."""
        row = await self._database.one(_query().where(org.c.code == code))
        return _org(row) if row else None

    async def by_codes(self, codes: Collection[str]) -> dict[str, Org]:
        """The organisations of these codes."""
        found: dict[str, Org] = {}
        for chunk in chunks(codes):
            found.update({row.code: _org(row) for row in await self._database.read(_query().where(org.c.code.in_(chunk)))})
        return found

    async def many(self, ids: Collection[str]) -> dict[str, Org]:
        """These organisations."""
        found: dict[str, Org] = {}
        for chunk in chunks(ids):
            rows = await self._database.read(_query().where(org.c.id.in_(chunk)))
            found.update({row.id: _org(row) for row in rows})
        return found

    async def under(self, paths: Sequence[str], limit: int = 5000) -> list[Org]:
        """Everything in these paths, their own heads too."""
        if not paths:
            return []
        rows = await self._database.read(_query().where(within(paths)).order_by(org.c.path).limit(limit))
        return [_org(row) for row in rows]

    async def children(self, org_id: str) -> list[Org]:
        """What hangs directly under it."""
        return [_org(row) for row in await self._database.read(_query().where(org.c.parent == org_id).order_by(org.c.code))]

    async def ancestors(self, path: str) -> list[Org]:
        """Itself and all above it, from the top."""
        known = await self.many([part for part in path.split("/") if part])
        return sorted(known.values(), key=lambda one: len(one.path))

    async def whole(self) -> str:
        """Path of the installation as a whole: of the one office at the root, `/` where there are several or none."""
        rows = await self._database.read(select(org.c.path).where(org.c.parent.is_(None)).limit(2))
        return str(rows[0].path) if len(rows) == 1 else "/"

    async def count(self) -> int:
        """How many there are."""
        row = await self._database.one(select(func.count()).select_from(org))
        return int(row[0]) if row else 0


async def add_org(connection: AsyncConnection, new: Org, created: int) -> None:
    """Insert."""
    await add_orgs(connection, [new], created)


async def add_orgs(connection: AsyncConnection, many: Sequence[Org], created: int) -> None:
    """Insert, in this order: parents first."""
    await insert_many(connection, org, [asdict(new) | {"created": created} for new in many])


async def change_org(connection: AsyncConnection, org_id: str, version: int, **values: Any) -> None:
    """Change columns of the row that still has this version; raises `EditConflict`."""
    free = update(org).where(org.c.id == org_id, org.c.version == version)
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict


async def read_org(connection: AsyncConnection, org_id: str) -> Org | None:
    """The organisation as it is in this transaction."""
    row = (await connection.execute(_query().where(org.c.id == org_id))).first()
    return _org(row) if row else None


async def has_open_children(connection: AsyncConnection, org_id: str) -> bool:
    """Whether something directly under it is open."""
    query = select(org.c.id).where(org.c.parent == org_id, org.c.closed_at.is_(None)).limit(1)
    return (await connection.execute(query)).first() is not None


async def move_paths(connection: AsyncConnection, old: str, new: str) -> None:
    """Everything in path `old` now lies in path `new`."""
    rest = func.substr(org.c.path, len(old) + 1)
    await connection.execute(update(org).where(org.c.path.startswith(old, autoescape=True)).values(path=new + rest))


def _query() -> Any:
    return select(*(org.c[name] for name in _FIELDS))


def _org(row: Row[Any]) -> Org:
    return Org(**{name: getattr(row, name) for name in _FIELDS})
