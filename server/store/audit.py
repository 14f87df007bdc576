"""The audit's lines for who may see them, newest first, and what their ids are called."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, func, or_, select

from server.store.database import Database, chunks
from server.store.tables import (
    audit,
    classroom,
    course,
    device,
    lesson,
    org,
    person,
    resource,
    resource_version,
    school_class,
    standing_group,
    student,
)

PAGE = 100
"""Lines on a page."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line without its MAC. `at`: UTC ms; `origin`: id of an erasable content; `details`: JSON of codes, ids and numbers."""

    seq: int
    at: int
    actor: str
    actor_kind: str
    act: str
    target_kind: str
    target: str
    path: str
    origin: str | None
    details: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines. Empty or None: all."""

    act: str = ""
    """An act, or the first words of some: `person.`."""
    target: str = ""
    actor: str = ""
    since: int | None = None
    """UTC ms."""
    until: int | None = None
    """UTC ms, not included."""
    before: int | None = None
    """Lines older than this one."""


@dataclass(frozen=True, slots=True)
class Called:
    """What an id is called: a name of the tables, or the id of a content that holds it."""

    name: str = ""
    content: str | None = None


class AuditLines:
    """Reads lines; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lines(self, paths: Sequence[str], wanted: Wanted, limit: int = PAGE) -> list[AuditLine]:
        """Lines about what lies in one of the paths."""
        if not paths:
            return []
        query = select(*(audit.c[name] for name in AuditLine.__slots__)).where(_within(paths), *_conditions(wanted))
        rows = await self._database.read(query.order_by(audit.c.seq.desc()).limit(limit))
        return [AuditLine(*tuple(row)) for row in rows]

    async def acts(self, paths: Sequence[str], newest: int = 5000) -> list[str]:
        """The acts among the newest lines, for a list to choose from."""
        if not paths:
            return []
        recent = select(audit.c.act).where(_within(paths)).order_by(audit.c.seq.desc()).limit(newest).subquery()
        return [row.act for row in await self._database.read(select(recent.c.act).distinct().order_by(recent.c.act))]

    async def person(self, login: str) -> str | None:
        """Id of the person who logs in by this name."""
        row = await self._database.one(select(person.c.id).where(person.c.login == login.lower()))
        return row.id if row else None

    async def called(self, ids: Collection[str]) -> Mapping[str, Called]:
        """What these ids of any kind are called; unknown ones are missing."""
        found: dict[str, Called] = {}
        for chunk in chunks(ids):
            for table, query in _names():
                for row in await self._database.read(query.where(table.c.id.in_(chunk))):
                    found[row.id] = _called(table, row)
        return found


def _names() -> list[tuple[Table, Select[Any]]]:
    tables = (person, student, org, classroom, school_class, device, standing_group, course, lesson)
    said = (resource_version.c.resource == resource.c.id) & (resource_version.c.n == resource.c.head)
    titles = select(resource.c.id, resource_version.c.title.label("name")).join(resource_version, said)
    return [*((table, select(table.c.id, table.c.name)) for table in tables if "name" in table.c), (resource, titles)]


def _called(table: Table, row: Row[Any]) -> Called:
    return Called(content=row.name) if table in (person, student) else Called(name=row.name or "")


def _within(paths: Sequence[str]) -> ColumnElement[bool]:
    if "/" in paths:
        return audit.c.seq > 0
    # not LIKE: it takes `x` for `X` on SQLite
    return or_(*(func.substr(audit.c.path, 1, len(path)) == path for path in paths))


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    c, found = audit.c, []
    if wanted.act:
        found.append(c.act.startswith(wanted.act, autoescape=True) if wanted.act.endswith(".") else c.act == wanted.act)
    if wanted.target:
        found.append(c.target == wanted.target)
    if wanted.actor:
        found.append(c.actor == wanted.actor)
    if wanted.since is not None:
        found.append(c.at >= wanted.since)
    if wanted.until is not None:
        found.append(c.at < wanted.until)
    if wanted.before is not None:
        found.append(c.seq < wanted.before)
    return found
