"""Classes of pupils."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.orgs import SchoolClass
from server.errors import EditConflict
from server.store.bulk import insert_many
from server.store.database import Database, chunks
from server.store.orgs import within
from server.store.tables import org, school_class

_FIELDS = ("id", "org", "code", "name", "grades", "year", "version", "closed_at")


class ClassStore:
    """Reads, newest year first."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, class_id: str) -> SchoolClass | None:
        """The class of this id."""
        found = await self._classes(_query().where(school_class.c.id == class_id))
        return found[0] if found else None

    async def by_code(self, org_id: str, code: str, year: int | None = None) -> SchoolClass | None:
        """The class of this code in a school; of the newest year unless told."""
        query = _query().where(school_class.c.org == org_id, school_class.c.code == code)
        query = query if year is None else query.where(school_class.c.year == year)
        found = await self._classes(query.order_by(school_class.c.year.desc()).limit(1))
        return found[0] if found else None

    async def many(self, ids: Collection[str]) -> dict[str, SchoolClass]:
        """These classes."""
        found: dict[str, SchoolClass] = {}
        for chunk in chunks(ids):
            found.update({one.id: one for one in await self._classes(_query().where(school_class.c.id.in_(chunk)))})
        return found

    async def of(self, org_id: str) -> list[SchoolClass]:
        """Classes of one school."""
        query = _query().where(school_class.c.org == org_id)
        return await self._classes(query.order_by(school_class.c.year.desc(), school_class.c.code))

    async def of_many(self, org_ids: Collection[str]) -> list[SchoolClass]:
        """Classes of these schools."""
        found: list[SchoolClass] = []
        for chunk in chunks(org_ids):
            found += await self._classes(_query().where(school_class.c.org.in_(chunk)).order_by(school_class.c.year.desc()))
        return found

    async def under(self, paths: Sequence[str], limit: int = 5000) -> list[SchoolClass]:
        """Classes of all schools in these paths."""
        if not paths:
            return []
        query = _query().select_from(school_class.join(org, org.c.id == school_class.c.org)).where(within(paths))
        return await self._classes(query.order_by(org.c.path, school_class.c.year.desc(), school_class.c.code).limit(limit))

    async def _classes(self, query: Any) -> list[SchoolClass]:
        return [_class(row) for row in await self._database.read(query)]


async def add_class(connection: AsyncConnection, new: SchoolClass, created: int) -> None:
    """Insert."""
    await add_classes(connection, [new], created)


async def add_classes(connection: AsyncConnection, many: Sequence[SchoolClass], created: int) -> None:
    """Insert."""
    rows = [{name: getattr(new, name) for name in _FIELDS} | {"grades": grades_text(new.grades), "created": created} for new in many]
    await insert_many(connection, school_class, rows)


async def change_class(connection: AsyncConnection, class_id: str, version: int, **values: Any) -> None:
    """Change columns of the row that still has this version; raises `EditConflict`."""
    if "grades" in values:
        values["grades"] = grades_text(values["grades"])
    free = update(school_class).where(school_class.c.id == class_id, school_class.c.version == version)
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict


def grades_text(grades: Collection[int]) -> str:
    """As the column holds them."""
    return ",".join(str(grade) for grade in sorted(grades))


def _query() -> Any:
    return select(*(school_class.c[name] for name in _FIELDS))


def _class(row: Row[Any]) -> SchoolClass:
    known = {name: getattr(row, name) for name in _FIELDS}
    return SchoolClass(**known | {"grades": tuple(int(grade) for grade in row.grades.split(",") if grade)})
