"""Students of classes. Names and numbers lie in contents; rows hold their ids."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.orgs import Student
from server.errors import EditConflict
from server.store.bulk import insert_many
from server.store.database import Database, chunks
from server.store.tables import student

_FIELDS = ("id", "school_class", "number", "name", "version", "left_at")


class StudentStore:
    """Reads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, student_id: str) -> Student | None:
        """The student of this id."""
        row = await self._database.one(_query().where(student.c.id == student_id))
        return _student(row) if row else None

    async def many(self, ids: Collection[str]) -> dict[str, Student]:
        """These students."""
        found: dict[str, Student] = {}
        for chunk in chunks(ids):
            found.update({row.id: _student(row) for row in await self._database.read(_query().where(student.c.id.in_(chunk)))})
        return found

    async def of_class(self, class_id: str, *, left: bool = False) -> list[Student]:
        """Students of a class, in the order they were added; those who left only if asked for."""
        query = _query().where(student.c.school_class == class_id)
        query = query if left else query.where(student.c.left_at.is_(None))
        return [_student(row) for row in await self._database.read(query.order_by(student.c.created, student.c.id))]

    async def by_number(self, class_id: str, index: str) -> Student | None:
        """The student whose number has this blind index in the class."""
        query = _query().where(student.c.school_class == class_id, student.c.number_index == index)
        row = await self._database.one(query)
        return _student(row) if row else None

    async def by_numbers(self, class_ids: Collection[str]) -> dict[tuple[str, str], Student]:
        """Students of these classes by class and blind index of the number, those who left too."""
        found: dict[tuple[str, str], Student] = {}
        for chunk in chunks(class_ids):
            rows = await self._database.read(_query().add_columns(student.c.number_index).where(student.c.school_class.in_(chunk)))
            found.update({(row.school_class, row.number_index): _student(row) for row in rows})
        return found

    async def count(self, class_ids: Collection[str]) -> dict[str, int]:
        """How many are in each class."""
        found: dict[str, int] = {}
        for chunk in chunks(class_ids):
            query = select(student.c.school_class, func.count().label("students")).where(
                student.c.school_class.in_(chunk), student.c.left_at.is_(None)
            )
            found.update({row.school_class: row.students for row in await self._database.read(query.group_by(student.c.school_class))})
        return found


async def add_student(connection: AsyncConnection, new: Student, index: str, created: int) -> None:
    """Insert; `index` is the blind index of the number in its class."""
    await add_students(connection, [(new, index)], created)


async def add_students(connection: AsyncConnection, many: Sequence[tuple[Student, str]], created: int) -> None:
    """Insert, each as `add_student`; lists keep their order."""
    rows = [
        {name: getattr(new, name) for name in _FIELDS} | {"number_index": index, "created": created + order}
        for order, (new, index) in enumerate(many)
    ]
    await insert_many(connection, student, rows)


async def change_student(connection: AsyncConnection, student_id: str, version: int, **values: Any) -> None:
    """Change columns of the row that still has this version; raises `EditConflict`."""
    free = update(student).where(student.c.id == student_id, student.c.version == version)
    if (await connection.execute(free.values(**values, version=version + 1))).rowcount != 1:
        raise EditConflict


def _query() -> Any:
    return select(*(student.c[name] for name in _FIELDS), student.c.pin_hash.is_not(None).label("has_pin"))


def _student(row: Row[Any]) -> Student:
    return Student(**{name: getattr(row, name) for name in (*_FIELDS, "has_pin")})
