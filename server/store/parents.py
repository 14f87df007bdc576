"""Parents and their children: assignments of the role `parent`, each to one student."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database, chunks
from server.store.tables import assignment, person


@dataclass(frozen=True, slots=True)
class Bound:
    """One parent of one student."""

    assignment: str
    person: str
    login: str | None


async def parents_of(database: Database, students: Collection[str], now: int) -> dict[str, list[Bound]]:
    """Student → parents bound now, the first one first."""
    found: dict[str, list[Bound]] = {}
    for chunk in chunks(students):
        query = select(assignment.c.id, assignment.c.student, person.c.id.label("who"), person.c.login)
        joined = query.select_from(assignment.join(person, person.c.id == assignment.c.person))
        mine = joined.where(assignment.c.student.in_(chunk), _valid(now), person.c.disabled_at.is_(None))
        for row in await database.read(mine.order_by(assignment.c.valid_from, assignment.c.id)):
            found.setdefault(row.student, []).append(Bound(row.id, row.who, row.login))
    return found


async def is_bound(connection: AsyncConnection, person_id: str, student_id: str, now: int) -> bool:
    """Whether the person is this student's parent now."""
    query = select(assignment.c.id).where(assignment.c.person == person_id, assignment.c.student == student_id, _valid(now))
    return (await connection.execute(query)).first() is not None


def _valid(now: int) -> ColumnElement[Any]:
    a = assignment.c
    return (a.role == "parent") & (a.valid_from <= now) & or_(a.valid_until.is_(None), a.valid_until > now)
