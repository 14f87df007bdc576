"""People and their dated roles. Names and numbers lie in contents; rows hold their ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.people import Assignment, Person
from server.errors import EditConflict
from server.store.database import Database, chunks
from server.store.orgs import within
from server.store.tables import assignment, org, person

_FIELDS = ("id", "org", "login", "name", "number", "epoch", "version", "must_change", "disabled_at")
_ROLE = ("id", "person", "role", "org", "lesson", "student", "valid_from", "valid_until", "granted_by")


class PeopleStore:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, person_id: str) -> Person | None:
        """The person of this id."""
        row = await self._database.one(_query().where(person.c.id == person_id))
        return _person(row) if row else None

    async def by_login(self, login: str) -> Person | None:
        """The person of this login name, whatever its case."""
        row = await self._database.one(_query().where(person.c.login == login.strip().lower()))
        return _person(row) if row else None

    async def by_number(self, index: str) -> Person | None:
        """The person whose number has this blind index."""
        row = await self._database.one(_query().where(person.c.number_index == index))
        return _person(row) if row else None

    async def many(self, ids: Collection[str]) -> dict[str, Person]:
        """These people."""
        found: dict[str, Person] = {}
        for chunk in chunks(ids):
            found.update({row.id: _person(row) for row in await self._database.read(_query().where(person.c.id.in_(chunk)))})
        return found

    async def under(self, paths: Sequence[str], limit: int = 5000) -> list[Person]:
        """People whose account an organisation in these paths keeps, or who have a role there now or later."""
        if not paths:
            return []
        inside = select(org.c.id).where(within(paths))
        roles = select(assignment.c.person).where(assignment.c.org.in_(inside))
        query = _query().where(or_(person.c.org.in_(inside), person.c.id.in_(roles)))
        return [_person(row) for row in await self._database.read(query.order_by(person.c.org, person.c.login, person.c.id).limit(limit))]

    async def assignments(self, people: Collection[str]) -> dict[str, list[Assignment]]:
        """Roles of these people, past and future ones too, oldest first."""
        found: dict[str, list[Assignment]] = {who: [] for who in people}
        for chunk in chunks(people):
            query = select(*(assignment.c[name] for name in _ROLE)).where(assignment.c.person.in_(chunk))
            for row in await self._database.read(query.order_by(assignment.c.valid_from, assignment.c.id)):
                found[row.person].append(_assignment(row))
        return found

    async def assignment(self, assignment_id: str) -> Assignment | None:
        """One role."""
        row = await self._database.one(select(*(assignment.c[name] for name in _ROLE)).where(assignment.c.id == assignment_id))
        return _assignment(row) if row else None

    async def anybody(self) -> bool:
        """Whether the installation has people at all."""
        return await self._database.one(select(person.c.id).limit(1)) is not None


async def add_person(connection: AsyncConnection, new: Person, index: str | None, created: int, password_hash: str | None = None) -> None:
    """Insert; `index` is the blind index of the number."""
    values = {name: getattr(new, name) for name in _FIELDS}
    await connection.execute(insert(person).values(**values, number_index=index, password_hash=password_hash, created=created))


async def change_person(connection: AsyncConnection, person_id: str, version: int, **values: Any) -> None:
    """Change columns of the row that still has this version; raises `EditConflict`."""
    free = update(person).where(person.c.id == person_id, person.c.version == version)
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict


async def narrow(connection: AsyncConnection, person_id: str) -> None:
    """Rights became fewer: what was entered with the old ones is closed within two seconds."""
    await connection.execute(update(person).where(person.c.id == person_id).values(epoch=person.c.epoch + 1))


async def add_assignment(connection: AsyncConnection, new: Assignment, created: int) -> None:
    """Insert."""
    await connection.execute(insert(assignment).values(**{name: getattr(new, name) for name in _ROLE}, created=created))


async def end_assignment(connection: AsyncConnection, assignment_id: str, at: int) -> bool:
    """The role ends at `at`, unless it had ended before; whether it did."""
    a = assignment.c
    open_end = or_(a.valid_until.is_(None), a.valid_until > at)
    ended = update(assignment).where(a.id == assignment_id, open_end).values(valid_until=at)
    return bool((await connection.execute(ended)).rowcount)


def _query() -> Any:
    has = (person.c.password_hash.is_not(None).label("has_password"), person.c.totp.is_not(None).label("has_totp"))
    return select(*(person.c[name] for name in _FIELDS), *has)


def _person(row: Row[Any]) -> Person:
    return Person(**{name: getattr(row, name) for name in (*_FIELDS, "has_password", "has_totp")})


def _assignment(row: Row[Any]) -> Assignment:
    return Assignment(**{name: getattr(row, name) for name in _ROLE})
