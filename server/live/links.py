"""Making lessons and links: works on the store alone, so a command line needs no running lesson."""

from __future__ import annotations

import secrets

from server.domain.lesson import LessonState
from server.domain.link import Link
from server.domain.principal import MASTER, Role
from server.errors import BadRequest, NoSuchLesson
from server.live.clock import Clock
from server.live.snapshot import load_folded
from server.store import Store

NAME_LIMIT = 200


def new_id() -> str:
    """An opaque id, 128 random bits; hex digits, since a word that begins with a dash is an option on a command line."""
    return secrets.token_hex(16)


def _checked(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= NAME_LIMIT or not name.isprintable():
        raise BadRequest("a name has 1 to 200 printable characters", field="name")
    return name


async def create_lesson(store: Store, clock: Clock, name: str) -> LessonState:
    """A new scheduled lesson; names need not be unique. Raises `BadRequest`."""
    return await store.create_lesson(new_id(), _checked(name), clock.wall_ms())


async def read_lesson(store: Store, id_or_name: str) -> LessonState:
    """The lesson of this id, else the newest of this name, as its log stands; raises `NoSuchLesson`."""
    lesson_id = await store.find_lesson(id_or_name)
    start = await store.lesson(lesson_id) if lesson_id else None
    if start is None:
        raise NoSuchLesson
    return await load_folded(store, start)


async def make_link(store: Store, clock: Clock, lesson_id: str, role: Role, name: str | None = None, expires_at: int | None = None) -> Link:
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
    return await store.add_link(new, shunned=lesson.removed, fresh=secrets.token_urlsafe(9))
