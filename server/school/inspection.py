"""巡课: an inspector looks into the lessons of the own tier, silently, and writes notes to moments of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Target
from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, known_id
from server.domain.schedule import ScheduledLesson
from server.errors import NoSuchLesson, NotThere, TooMany
from server.school.today import day_bounds
from server.store.tables import inspection_note

KIND = "inspection"
MOST = 500
"""Notes of one inspector to one lesson."""
AT_ONCE = 12
"""Lessons looked into at the same time: so many small pictures a PC still plays."""
LIVE = frozenset({"live", "break"})


class NewNote(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen, and when."""

    text: Annotated[str, Meta(min_length=1, max_length=1000)]
    at: Annotated[int, Meta(ge=0, le=2**53)]
    """ms on the lesson's clock."""


@dataclass(frozen=True, slots=True)
class Note:
    """One of the caller's own."""

    id: str
    lesson: str
    at: int
    written: int
    """UTC ms."""
    text: str


async def going_on(office: Office, who: Caller, zone: tzinfo) -> list[ScheduledLesson]:
    """Lessons that are live now in the caller's tier, in the order of their names, at most `AT_ONCE`."""
    paths = who.need_scopes("lesson.inspect")
    begin, end = day_bounds(office.now(), zone)
    lessons = await office.schedule.under(list(paths), begin, end)
    mine = [one for one in lessons if one.phase in LIVE and any(one.path.startswith(path) for path in paths)]
    return sorted(mine, key=lambda one: (one.name, one.id))[:AT_ONCE]


async def notes(office: Office, who: Caller, lesson_id: str) -> list[Note]:
    """The caller's own notes to a lesson, in its order of time. Raises `NoSuchLesson`, `Forbidden`."""
    await _lesson(office, who, lesson_id)
    n = inspection_note.c
    query = select(inspection_note).where(n.lesson == lesson_id, n.person == who.id).order_by(n.at, n.written)
    rows: Sequence[Any] = await office.database.read(query)
    texts = await office.contents.texts({row.text for row in rows})
    return [Note(r.id, r.lesson, r.at, r.written, texts.get(r.text, "")) for r in rows]


async def write(office: Office, who: Caller, lesson_id: str, form: NewNote) -> Note:
    """Keep a note. Raises `NoSuchLesson`, `Forbidden`, `TooMany`."""
    lesson = await _lesson(office, who, lesson_id)
    new = Note(draw(), lesson.id, form.at, office.now(), form.text)

    async def work(connection: AsyncConnection) -> Note:
        n = inspection_note.c
        count = select(func.count()).select_from(inspection_note).where(n.lesson == lesson.id, n.person == who.id)
        if (await connection.execute(count)).scalar_one() >= MOST:
            raise TooMany("notes")
        text = await office.contents.put(connection, KIND, who.id, form.text)
        row = {"id": new.id, "lesson": lesson.id, "person": who.id, "at": new.at, "written": new.written, "text": text.id}
        await connection.execute(insert(inspection_note).values(row))
        return new

    return await office.acts.do(who, "inspection.note", Target("lesson", lesson.id, lesson.path), work, details={"note": new.id})


async def remove(office: Office, who: Caller, lesson_id: str, note_id: str) -> None:
    """Take an own note back, text and all. Raises `NotThere`."""
    lesson = await _lesson(office, who, lesson_id)

    async def work(connection: AsyncConnection) -> None:
        n = inspection_note.c
        mine = (n.id == known_id(note_id)) & (n.lesson == lesson.id) & (n.person == who.id)
        row = (await connection.execute(select(n.text).where(mine))).first()
        if row is None:
            raise NotThere
        await connection.execute(delete(inspection_note).where(mine))
        await office.contents.erase(connection, [row.text])

    await office.acts.do(who, "inspection.remove", Target("lesson", lesson.id, lesson.path), work, details={"note": note_id})


async def _lesson(office: Office, who: Caller, lesson_id: str) -> ScheduledLesson:
    lesson = await office.schedule.lesson(known_id(lesson_id))
    if lesson is None or not (who.may("lesson.inspect", lesson.where()) or who.may("lesson.see", lesson.where())):
        raise NoSuchLesson
    who.need("lesson.inspect", lesson.where())
    return lesson
