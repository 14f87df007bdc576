"""Resources of the library: reads, and the statements that change them inside an act's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, Select, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.resource import About, Resource, Span, Standing, Version
from server.errors import EditConflict
from server.store.database import Database
from server.store.orgs import within
from server.store.tables import lesson, org, resource, resource_version

ABOUT = ("title", "subject", "stage", "grade", "edition", "volume", "unit", "teacher")
"""Columns of a version that are its `About`."""
area = org.alias("area")
"""The office in whose area a resource is shared; `org` is the one that owns it."""
_r, _v = resource.c, resource_version.c


class ResourceStore:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, resource_id: str) -> Resource | None:
        """The resource of this id, public or not."""
        found = await self._of(_query().where(_r.id == resource_id))
        return found[0] if found else None

    async def of_lesson(self, lesson_id: str) -> Resource | None:
        """What is made of a lesson: the first, where there are several."""
        found = await self._of(_query().where(_r.lesson == lesson_id).order_by(_r.created, _r.id).limit(1))
        return found[0] if found else None

    async def drafts(self, paths: Sequence[str], limit: int) -> list[Resource]:
        """What is being worked on in these paths: handed in first, then the latest."""
        if not paths:
            return []
        joined = (_v.resource == _r.id) & (_v.n == _r.draft)
        query = _query().join(resource_version, joined).where(_r.draft > 0, within(paths))
        return await self._of(query.order_by((_v.state == "submitted").desc(), _v.made_at.desc(), _r.id).limit(limit))

    async def untitled(self, paths: Sequence[str], since: int, limit: int) -> list[str]:
        """Lessons in these paths that began after `since` (UTC ms), are over, and of which nothing was made; the latest first."""
        if not paths:
            return []
        c = lesson.c
        over = (c.phase.in_(("ended", "archived")), c.starts_at > since, c.rehearsal.is_(False))
        made = exists().where(_r.lesson == c.id)
        query = select(c.id).join(org, org.c.id == c.org).where(*over, within(paths), ~made)
        return [row.id for row in await self._database.read(query.order_by(c.starts_at.desc(), c.id).limit(limit))]

    async def _of(self, query: Select[Any]) -> list[Resource]:
        rows = await self._database.read(query)
        wanted = {(row.id, n) for row in rows for n in (row.draft, row.live, row.head) if n}
        versions = await self._versions(wanted)
        return [_resource(row, {n: versions[row.id, n] for n in (row.draft, row.live, row.head) if n}) for row in rows]

    async def _versions(self, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], Version]:
        if not wanted:
            return {}
        which = or_(*((_v.resource == resource_id) & (_v.n == n) for resource_id, n in sorted(wanted)))
        return {(row.resource, row.n): _version(row) for row in await self._database.read(select(resource_version).where(which))}


async def add_resource(connection: AsyncConnection, new: Resource, created_by: str, created: int) -> None:
    """A new one, without versions. Raises `EditConflict` where somebody made one of the lesson meanwhile: hold its name."""
    made = await connection.execute(select(func.count()).select_from(resource).where(_r.lesson == new.lesson))
    if made.scalar_one():
        raise EditConflict
    row = {"id": new.id, "org": new.org, "lesson": new.lesson, "shared": new.shared, "created": created, "created_by": created_by}
    await connection.execute(insert(resource).values(**row, state=new.standing.state, head=0, version=new.version))


async def change_resource(connection: AsyncConnection, seen: Resource, version: int, now: Standing, **values: Any) -> None:
    """Another standing, and other columns, of the row that is still as it was seen and as the form showed it. Raises `EditConflict`."""
    free = update(resource).where(_r.id == seen.id, _r.version == version)
    stands = {"state": now.state, "head": now.head, "draft": now.draft, "live": now.live}
    if version != seen.version or (await connection.execute(free.values(**stands, **values, version=version + 1))).rowcount != 1:
        raise EditConflict


async def put_version(connection: AsyncConnection, resource_id: str, one: Version) -> None:
    """What the version says; it is made if there is none of this number."""
    row = {name: getattr(one.about, name) for name in ABOUT}
    row |= {"summary": one.summary, "begin_ms": one.span.begin_ms, "end_ms": one.span.end_ms}
    row |= {"made_by": one.made_by, "made_at": one.made_at, "state": one.state}
    mine = (_v.resource == resource_id) & (_v.n == one.n)
    if (await connection.execute(update(resource_version).where(mine).values(**row))).rowcount == 0:
        await connection.execute(insert(resource_version).values(resource=resource_id, n=one.n, **row))


async def mark_version(connection: AsyncConnection, resource_id: str, n: int, **values: Any) -> None:
    """Another state, and the time of it."""
    await connection.execute(update(resource_version).where(_v.resource == resource_id, _v.n == n).values(**values))


def _query() -> Select[Any]:
    own = resource.join(org, org.c.id == _r.org).join(area, area.c.id == _r.shared)
    return select(resource, org.c.path, area.c.path.label("shared_path")).select_from(own)


def _resource(row: Row[Any], versions: dict[int, Version]) -> Resource:
    submitted = bool(row.draft) and versions[row.draft].state == "submitted"
    standing = Standing(row.head, row.draft, submitted, row.live, row.withdrawn_at is not None)
    kept = ("id", "org", "path", "lesson", "shared", "shared_path", "version", "published_at", "withdrawn_at", "reason")
    return Resource(**{name: getattr(row, name) for name in kept}, standing=standing, versions=versions)


def _version(row: Row[Any]) -> Version:
    about = About(**{name: getattr(row, name) for name in ABOUT})
    return Version(row.n, about, Span(row.begin_ms, row.end_ms), row.made_by, row.made_at, row.state, row.summary)
