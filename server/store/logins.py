"""What logging in needs of people and students, and what only that may change."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.store.database import Database
from server.store.tables import org, person, school_class, student


@dataclass(frozen=True, slots=True)
class Account:
    """How somebody who is not disabled gets in."""

    id: str
    login: str | None
    org: str
    password_hash: str | None
    totp: str | None
    """Id of the content that holds the second factor's secret."""
    totp_step: int
    """The last step that was used."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """How a student who has not left gets in."""

    id: str
    pin_hash: str | None


async def account_of(database: Database, *, login: str = "", person_id: str = "") -> Account | None:
    """By login name, or by id."""
    p = person.c
    mine = p.login == login.strip().lower() if login else p.id == person_id
    query = select(p.id, p.login, p.org, p.password_hash, p.totp, p.totp_step).where(mine, p.disabled_at.is_(None))
    row = await database.one(query)
    return Account(row.id, row.login, row.org, row.password_hash, row.totp, row.totp_step or 0) if row else None


async def pupil_of(database: Database, school: str, group: str, number_index: str) -> Pupil | None:
    """The student of a class, the newest year's of that code."""
    query = (
        select(student.c.id, student.c.pin_hash)
        .select_from(student.join(school_class, school_class.c.id == student.c.school_class).join(org, org.c.id == school_class.c.org))
        .where(org.c.code == school, school_class.c.code == group, student.c.number_index == number_index, student.c.left_at.is_(None))
        .order_by(school_class.c.year.desc())
        .limit(1)
    )
    row = await database.one(query)
    return Pupil(row.id, row.pin_hash) if row else None


async def class_of(database: Database, school: str, group: str) -> str | None:
    """Id of the newest class of that code."""
    query = select(school_class.c.id).select_from(school_class.join(org, org.c.id == school_class.c.org))
    mine = query.where(org.c.code == school, school_class.c.code == group, school_class.c.closed_at.is_(None))
    row = await database.one(mine.order_by(school_class.c.year.desc()).limit(1))
    return str(row.id) if row else None


async def set_password(connection: AsyncConnection, person_id: str, kept: str, *, must_change: bool = False) -> None:
    """A new password."""
    await connection.execute(update(person).where(person.c.id == person_id).values(password_hash=kept, must_change=must_change))


async def swap_password(connection: AsyncConnection, person_id: str, old: str, new: str, **more: bool) -> bool:
    """The hash `new` in place of `old`; False if another has come between."""
    same = (person.c.id == person_id) & (person.c.password_hash == old)
    return bool((await connection.execute(update(person).where(same).values(password_hash=new, **more))).rowcount)


async def still_proved(connection: AsyncConnection, kept: str, *, person_id: str | None, student_id: str | None) -> bool:
    """Whether `kept` is still the hash of the password or PIN; it stays so until the commit."""
    if person_id is not None:
        query = select(person.c.password_hash).where(person.c.id == person_id, person.c.disabled_at.is_(None))
    else:
        query = select(student.c.pin_hash).where(student.c.id == student_id, student.c.left_at.is_(None))
    row = (await connection.execute(query.with_for_update(read=True))).first()
    return row is not None and row[0] == kept


async def set_totp(connection: AsyncConnection, person_id: str, secret: str | None, step: int = 0) -> None:
    """A new second factor (the id of a content), or none."""
    await connection.execute(update(person).where(person.c.id == person_id).values(totp=secret, totp_step=step))


async def take_step(connection: AsyncConnection, person_id: str, step: int) -> bool:
    """A TOTP step is spent; False for the second of two at once."""
    free = update(person).where(person.c.id == person_id, or_(person.c.totp_step.is_(None), person.c.totp_step < step))
    return bool((await connection.execute(free.values(totp_step=step))).rowcount)
