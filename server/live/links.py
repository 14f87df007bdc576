"""Making lessons and links: works on the store alone, so a command line needs no running lesson.

What is drawn here is checked and not yet kept; `keep` writes it, in a transaction that may hold more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.lesson import LessonState
from server.domain.link import Link
from server.domain.principal import MASTER, Role
from server.errors import BadRequest, NoSuchLesson
from server.live.clock import Clock
from server.live.snapshot import load_folded
from server.store import Store
from server.store.links import put_lesson, put_link

NAME_LIMIT = 200


def new_id() -> str:
    """An opaque id, 128 random bits; hex digits, since a word that begins with a dash is an option on a command line."""
    return secrets.token_hex(16)


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
        raise BadRequest("a name has 1 to 200 printable characters", field="name")
    return name


@dataclass(frozen=True, slots=True)
class NewLesson:
    """A scheduled lesson made by hand."""

    id: str
    name: str
    created: int
    """UTC ms."""

    async def keep(self, connection: AsyncConnection) -> LessonState:
        """Write it."""
        return await put_lesson(connection, self.id, self.name, self.created)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link into a lesson."""

    link: Link
    shunned: frozenset[str]
    """Participants it must not become: removed from the lesson."""
    fresh: str
    """Id of its participant, if there is none of its name."""

    async def keep(self, connection: AsyncConnection) -> Link:
        """Write it."""
        return await put_link(connection, self.link, self.shunned, self.fresh)


def draw_lesson(clock: Clock, name: str) -> NewLesson:
    """A new lesson; names need not be unique. Raises `BadRequest`."""
    return NewLesson(new_id(), _checked(name), clock.wall_ms())


async def create_lesson(store: Store, clock: Clock, name: str) -> LessonState:
    """A new scheduled lesson, kept. Raises `BadRequest`."""
    new = draw_lesson(clock, name)
    return await store.create_lesson(new.id, new.name, new.created)


async def read_lesson(store: Store, id_or_name: str) -> LessonState:
    """The lesson of this id, else the newest of this name, as its log stands; raises `NoSuchLesson`."""
    lesson_id = await store.find_lesson(id_or_name)
    start = await store.lesson(lesson_id) if lesson_id else None
    if start is None:
        raise NoSuchLesson
    return await load_folded(store, start)


async def draw_link(
    store: Store, clock: Clock, lesson_id: str, role: Role, name: str | None = None, expires_at: int | None = None
) -> NewLink:
    """A link into a lesson; `expires_at` in UTC ms. A classroom needs a name and is the same participant under every link of
    that name, unless it was removed from the lesson; pages have a word for a master without one. Raises `NoSuchLesson`, `BadRequest`.
    """
    lesson = await read_lesson(store, lesson_id)
    if role == "seat":
        raise BadRequest("a student's device enters by its room's code", field="role")
    if role in ("classroom", "assistant") and not name:
        raise BadRequest("a classroom's link needs its name", field="name")
    who = MASTER if role == "master" else None
    new = Link(new_id(), lesson.id, role, who, _checked(name) if name else "", clock.wall_ms(), expires_at)
    return NewLink(new, lesson.removed, secrets.token_urlsafe(9))


async def make_link(store: Store, clock: Clock, lesson_id: str, role: Role, name: str | None = None, expires_at: int | None = None) -> Link:
    """A link, kept; see `draw_link`."""
    new = await draw_link(store, clock, lesson_id, role, name, expires_at)
    return await store.add_link(new.link, new.shunned, new.fresh)
