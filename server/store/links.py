"""Writing lessons made by hand, links and the roster, inside a transaction of the caller's: an act and its line are one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.lesson import LessonState
from server.domain.link import Link
from server.store.group import lock_lessons
from server.store.tables import lesson, link, participant


async def put_lesson(connection: AsyncConnection, lesson_id: str, name: str, at: int) -> LessonState:
    """A new lesson with an empty log."""
    await connection.execute(insert(lesson).values(id=lesson_id, name=name, head=0, created=at))
    return LessonState(lesson_id, name)


async def put_link(connection: AsyncConnection, new: Link, shunned: Collection[str] = (), fresh: str = "") -> Link:
    """Keep a link; `participant` of a classroom's link is filled in here.

    It is the one known by this name, unless that one is `shunned` (removed from the lesson); else `fresh`, an unused id.
    """
    await lock_lessons(connection, [new.lesson])  # two links of one name at once are one participant
    who = new.participant
    if new.role in ("master", "classroom", "assistant"):
        who = await _take_part(connection, new, shunned, fresh)
    kept = replace(new, participant=who)
    await connection.execute(insert(link).values(**asdict(kept)))
    return kept


async def put_revocation(connection: AsyncConnection, link_id: str, at: int) -> bool:
    """Revoke; False if there is no such link. The first time of revocation stays."""
    revoked = update(link).where(link.c.id == link_id).values(revoked_at=func.coalesce(link.c.revoked_at, at))
    return (await connection.execute(revoked)).rowcount == 1


async def put_seat_revocation(connection: AsyncConnection, lesson_id: str, participant_id: str, seat: int, at: int) -> list[str]:
    """Revoke every paper of a seat; their ids."""
    c = link.c
    mine = (c.lesson == lesson_id) & (c.participant == participant_id) & (c.role == "seat") & (c.seat == seat) & c.revoked_at.is_(None)
    found = [row.id for row in await connection.execute(select(c.id).where(mine))]
    await connection.execute(update(link).where(mine).values(revoked_at=at))
    return found


def link_of(row: Any) -> Link:
    """A row of the table."""
    return Link(row.id, row.lesson, row.role, row.participant, row.name, row.created, row.expires_at, row.revoked_at, row.seat)


async def _take_part(connection: AsyncConnection, new: Link, shunned: Collection[str], fresh: str) -> str:
    p, role = participant.c, "master" if new.role == "master" else "classroom"
    same = p.id == new.participant if new.participant else (p.name == new.name) & (p.role == role)
    known = await connection.execute(select(p.id, p.name).where(p.lesson == new.lesson, same))
    found = next((row for row in known if row.id not in shunned), None)
    if found:
        if new.name and not found.name:  # a master whose first link had no name
            await connection.execute(update(participant).where(p.lesson == new.lesson, p.id == found.id).values(name=new.name))
        return str(found.id)
    who = new.participant or fresh
    await connection.execute(insert(participant).values(lesson=new.lesson, id=who, role=role, name=new.name))
    return who
