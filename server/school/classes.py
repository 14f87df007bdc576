"""Classes, their students, where they sit (S1). Names and numbers lie in contents; names may be left out."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, known_id, target
from server.accounts.passwords import Passwords
from server.accounts.sessions import end_of_student
from server.domain.masking import masked_name
from server.domain.orgs import Org, SchoolClass, Student
from server.errors import Invalid, NotThere
from server.school.fields import Code, Name, Version
from server.store.book import forget_mistakes
from server.store.classes import add_class, change_class
from server.store.recordings import forget_viewer
from server.store.students import add_student, change_student
from server.store.tables import student as student_table

MOST_STUDENTS = 80
"""In one class."""
PIN_DIGITS = 6
Grade = Annotated[int, Meta(ge=1, le=12)]


class NewClass(msgspec.Struct, frozen=True, kw_only=True):
    """A class of a school year; a mixed one has several grades."""

    code: Code
    name: Name
    grades: Annotated[tuple[Grade, ...], Meta(min_length=1, max_length=6)]
    year: Annotated[int, Meta(ge=2000, le=2100)]


class EditClass(NewClass, frozen=True, kw_only=True):
    """The same, changed."""

    version: Version


class AddStudents(msgspec.Struct, frozen=True, kw_only=True):
    """A line for each: number, then the name or nothing."""

    lines: Annotated[str, Meta(min_length=1, max_length=8000)]


@dataclass(frozen=True, slots=True)
class ShownStudent:
    """A student with the texts the caller may read."""

    student: Student
    number: str
    name: str
    """Masked unless asked for by somebody who may; empty: none, or erased."""


async def create(office: Office, who: Caller, org_id: str, form: NewClass) -> SchoolClass:
    """Add a class to a school. Raises `Taken`, `Invalid`."""
    org = await office.org(who, org_id, "class.edit")
    if org.tier not in ("school", "point"):
        raise Invalid({"org": "choice"})
    new = SchoolClass(draw(), org.id, form.code, form.name, tuple(sorted(set(form.grades))), form.year, 1)

    async def work(connection: AsyncConnection) -> SchoolClass:
        await add_class(connection, new, office.now())
        return new

    return await office.acts.do(who, "class.create", target("class", new.id, org), work, unique="code")


async def edit(office: Office, who: Caller, class_id: str, form: EditClass) -> None:
    """Change it. Raises `EditConflict`, `Taken`."""
    found, org = await office.school_class(who, class_id, "class.edit")
    values = {"code": form.code, "name": form.name, "grades": tuple(sorted(set(form.grades))), "year": form.year}

    async def work(connection: AsyncConnection) -> None:
        await change_class(connection, found.id, form.version, **values)

    await office.acts.do(who, "class.edit", target("class", found.id, org), work, unique="code")


async def close(office: Office, who: Caller, class_id: str, version: int, *, closed: bool) -> None:
    """Close a class that has left the school, or open it again. Raises `EditConflict`."""
    found, org = await office.school_class(who, class_id, "class.edit")
    at_ms = office.now() if closed else None

    async def work(connection: AsyncConnection) -> None:
        await change_class(connection, found.id, version, closed_at=at_ms)

    await office.acts.do(who, "class.close" if closed else "class.reopen", target("class", found.id, org), work)


# --- students ----------------------------------------------------------------------------------------------------------


def read_lines(text: str) -> list[tuple[str, str]]:
    """Number and name (or nothing) of each line; raises `Invalid` for a line without a number or the same number twice."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        words = line.replace(",", " ").replace("，", " ").replace("\t", " ").split(maxsplit=1)
        if not words:
            continue
        if len(words[0]) > 40 or not words[0].isalnum():
            raise Invalid({"lines": "format"})
        found.append((words[0], words[1].strip()[:200] if len(words) > 1 else ""))
    if len({number for number, _ in found}) != len(found):
        raise Invalid({"lines": "taken"})
    return found


async def add_many(office: Office, who: Caller, class_id: str, students: Sequence[tuple[str, str]]) -> int:
    """Add students by number and name; how many. Raises `Taken` (nothing is added), `Invalid` above the limit."""
    found, org = await office.school_class(who, class_id, "student.edit")
    here = await office.students.of_class(found.id)
    if not students or len(here) + len(students) > MOST_STUDENTS:
        raise Invalid({"lines": "high" if students else "required"})
    now = office.now()

    async def work(connection: AsyncConnection) -> int:
        for order, (number, name) in enumerate(students):
            row = draw()
            kept = await office.contents.put(connection, "number", row, number)
            called = await office.contents.put(connection, "name", row, name) if name else None
            new = Student(row, found.id, kept.id, called.id if called else None, False, 1)
            index = office.contents.blind(f"student/{found.id}", number)
            await add_student(connection, new, index, now + order)
        return len(students)

    said: dict[str, str | int] = {"students": len(students)}
    return await office.acts.do(who, "student.create", target("class", found.id, org), work, unique="lines", details=said)


async def student(office: Office, who: Caller, student_id: str, action: str) -> tuple[Student, SchoolClass, Org]:
    """A student, the class and the school, as `Office.org`."""
    found = await office.students.get(known_id(student_id))
    if found is None:
        raise NotThere
    school_class, org = await office.school_class(who, found.school_class, action)
    return found, school_class, org


async def shown(office: Office, who: Caller, class_id: str, *, full: bool = False, left: bool = False) -> list[ShownStudent]:
    """Students of a class, in the order of their numbers; names masked unless `full`."""
    found, _ = await office.school_class(who, class_id, "student.see")
    students = await office.students.of_class(found.id, left=left)
    texts = await office.contents.texts({text for one in students for text in (one.number, one.name) if text})
    listed = [ShownStudent(one, texts.get(one.number, ""), _name(texts.get(one.name or "", ""), full=full)) for one in students]
    return sorted(listed, key=lambda one: (len(one.number), one.number))


def _name(name: str, *, full: bool) -> str:
    return name if full else masked_name(name)


async def set_pin(office: Office, who: Caller, student_id: str, passwords: Passwords) -> str:
    """A new PIN, shown once. Whoever knew the old one is out at the next request."""
    found, _, org = await student(office, who, student_id, "student.edit")
    pin = "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))
    kept = await passwords.hash(pin)

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(update(student_table).where(student_table.c.id == found.id).values(pin_hash=kept))
        await end_of_student(connection, found.id, office.now())

    await office.acts.do(who, "student.pin", target("student", found.id, org), work)
    return pin


async def leave(office: Office, who: Caller, student_id: str, version: int) -> None:
    """The student has left the class; old plans and events stay. Raises `EditConflict`."""
    found, _, org = await student(office, who, student_id, "student.edit")

    async def work(connection: AsyncConnection) -> None:
        await change_student(connection, found.id, version, left_at=office.now(), pin_hash=None)

    await office.acts.do(who, "student.leave", target("student", found.id, org), work)


async def erase(office: Office, who: Caller, student_id: str, version: int) -> None:
    """Name, number, wrong answers and what they watched are gone for good (S20). Raises `EditConflict`."""
    found, _, org = await student(office, who, student_id, "student.edit")

    async def work(connection: AsyncConnection) -> None:
        await change_student(
            connection, found.id, version, left_at=office.now(), pin_hash=None, name=None, number_index=f"erased/{found.id}"
        )
        await office.contents.erase_owner(connection, found.id)
        await forget_mistakes(connection, found.id)
        await forget_viewer(connection, found.id)

    await office.acts.do(who, "student.erase", target("student", found.id, org), work)
