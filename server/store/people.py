"""People and their dated roles. Names and numbers lie in contents; rows hold their ids."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.people import Assignment, Person
from server.errors import EditConflict
from server.store.bulk import insert_many
from server.store.database import CHUNK, Database, chunks
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

    async def by_logins(self, logins: Collection[str]) -> dict[str, Person]:
        """The people of these login names, in small letters."""
        found: dict[str, Person] = {}
        for chunk in chunks(logins):
            found.update({row.login: _person(row) for row in await self._database.read(_query().where(person.c.login.in_(chunk)))})
        return found

    async def by_numbers(self, indexes: Collection[str]) -> dict[str, Person]:
        """The people whose numbers have these blind indexes."""
        found: dict[str, Person] = {}
        for chunk in chunks(indexes):
            query = _query().add_columns(person.c.number_index).where(person.c.number_index.in_(chunk))
            found.update({row.number_index: _person(row) for row in await self._database.read(query)})
        return found

    async def many(self, ids: Collection[str]) -> dict[str, Person]:
        """These people."""
        found: dict[str, Person] = {}
        for chunk in chunks(ids):
            found.update({row.id: _person(row) for row in await self._database.read(_query().where(person.c.id.in_(chunk)))})
        return found

    async def under(self, paths: Sequence[str], now: int, *, role: str = "", limit: int, offset: int = 0) -> list[Person]:
        """People whose account an organisation in these paths keeps, or who have a role there `now` (UTC ms) or later.

        `role`: only those who have this one now, wherever. Whoever is nothing but a parent is not among them: the class's page names those.
        """
        if not paths:
            return []
        ordered = _query().where(*_under(paths, now, role)).order_by(person.c.org, func.coalesce(person.c.login, ""), person.c.id)
        return [_person(row) for row in await self._database.read(ordered.limit(limit).offset(offset))]

    async def count(self, paths: Sequence[str], now: int, *, role: str = "") -> int:
        """How many those are."""
        if not paths:
            return 0
        row = await self._database.one(select(func.count()).select_from(person).where(*_under(paths, now, role)))
        return int(row[0]) if row else 0

    async def walk(self, paths: Sequence[str], now: int, *, role: str = "") -> AsyncIterator[list[Person]]:
        """All of those, a chunk at a time, by id."""
        last = ""
        while paths:
            query = _query().where(*_under(paths, now, role), person.c.id > last).order_by(person.c.id).limit(CHUNK)
            found = [_person(row) for row in await self._database.read(query)]
            if found:
                yield found
            if len(found) < CHUNK:
                return
            last = found[-1].id

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

    async def named_for(self, lesson_id: str, now: int) -> list[Assignment]:
        """Roles in this one lesson that count `now` (UTC ms) or later, oldest first."""
        return [_assignment(row) for row in await self._database.read(_named(lesson_id, now))]

    async def anybody(self) -> bool:
        """Whether the installation has people at all."""
        return await self._database.one(select(person.c.id).limit(1)) is not None


async def add_person(connection: AsyncConnection, new: Person, index: str | None, created: int, password_hash: str | None = None) -> None:
    """Insert; `index` is the blind index of the number."""
    values = {name: getattr(new, name) for name in _FIELDS}
    await connection.execute(insert(person).values(**values, number_index=index, password_hash=password_hash, created=created))


async def add_people(connection: AsyncConnection, many: Sequence[tuple[Person, str | None]], created: int) -> None:
    """Insert people without passwords, each with the blind index of the number."""
    rows = [{name: getattr(new, name) for name in _FIELDS} | {"number_index": index, "created": created} for new, index in many]
    await insert_many(connection, person, rows)


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
    await add_assignments(connection, [new], created)


async def add_assignments(connection: AsyncConnection, many: Sequence[Assignment], created: int) -> None:
    """Insert."""
    await insert_many(connection, assignment, [{name: getattr(new, name) for name in _ROLE} | {"created": created} for new in many])


async def named_now(connection: AsyncConnection, lesson_id: str, now: int) -> list[Assignment]:
    """As `PeopleStore.named_for`, inside a transaction."""
    return [_assignment(row) for row in await connection.execute(_named(lesson_id, now))]


async def root_admins(connection: AsyncConnection, now: int) -> list[tuple[str, str]]:
    """Person and assignment of everybody who may do everything now: admins of an organisation that hangs under none."""
    a = assignment.c
    valid = (a.role == "admin") & (a.valid_from <= now) & or_(a.valid_until.is_(None), a.valid_until > now)
    everybody = assignment.join(org, org.c.id == a.org).join(person, person.c.id == a.person)
    query = select(a.person, a.id).select_from(everybody).where(valid, org.c.parent.is_(None), person.c.disabled_at.is_(None))
    return [(row.person, row.id) for row in await connection.execute(query)]


async def end_assignment(connection: AsyncConnection, assignment_id: str, at: int) -> bool:
    """The role ends at `at`, unless it had ended before; whether it did."""
    a = assignment.c
    open_end = or_(a.valid_until.is_(None), a.valid_until > at)
    ended = update(assignment).where(a.id == assignment_id, open_end).values(valid_until=at)
    return bool((await connection.execute(ended)).rowcount)


def _named(lesson_id: str, now: int) -> Select[Any]:
    a = assignment.c
    counts = or_(a.valid_until.is_(None), a.valid_until > now)
    return select(*(a[name] for name in _ROLE)).where(a.lesson == lesson_id, counts).order_by(a.valid_from, a.id)


def _under(paths: Sequence[str], now: int, role: str) -> tuple[ColumnElement[bool], ...]:
    a = assignment.c
    inside = select(org.c.id).where(within(paths))
    counts = or_(a.valid_until.is_(None), a.valid_until > now)
    here = or_(person.c.org.in_(inside), person.c.id.in_(select(a.person).where(a.org.in_(inside), counts)))
    has = select(a.id).where(a.person == person.c.id, a.role == role, a.valid_from <= now, counts).exists()
    return (here, ~_only_parents(), *((has,) if role else ()))


def _only_parents() -> ColumnElement[bool]:
    """They are many: a school's staff must not be lost among them."""
    a = assignment.c
    is_parent = select(a.id).where(a.person == person.c.id, a.role == "parent").exists()
    is_more = select(a.id).where(a.person == person.c.id, a.role != "parent").exists()
    return is_parent & ~is_more


def _query() -> Any:
    has = (person.c.password_hash.is_not(None).label("has_password"), person.c.totp.is_not(None).label("has_totp"))
    return select(*(person.c[name] for name in _FIELDS), *has)


def _person(row: Row[Any]) -> Person:
    return Person(**{name: getattr(row, name) for name in (*_FIELDS, "has_password", "has_totp")})


def _assignment(row: Row[Any]) -> Assignment:
    return Assignment(**{name: getattr(row, name) for name in _ROLE})
