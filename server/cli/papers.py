"""Lessons and links for the command line: works on the store alone, beside a running web process or without one.

Each is written together with its line in the audit; made by hand, a lesson lies in no school.
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from server import addresses
from server.accounts import demo
from server.accounts.acts import Target
from server.accounts.secret import load_secret
from server.accounts.tokens import Signer
from server.cli.hall import Hall, open_hall
from server.domain.lesson import LessonState
from server.domain.link import Link
from server.domain.principal import Role
from server.errors import LinkInvalid, NoSuchLesson
from server.live import links
from server.live.clock import SystemClock
from server.settings import Settings
from server.store.links import put_revocation

T = TypeVar("T")
HOUR_MS = 3600 * 1000


@dataclass(frozen=True, slots=True)
class Paper:
    """What a person or a tool needs to join."""

    id: str
    role: Role
    name: str
    page: str
    whip: str
    whep: str
    hls: str
    """For televisions and large audiences, a viewer's only."""
    token: str
    expires_at: int | None
    """UTC ms."""


def base_url(settings: Settings) -> str:
    """How the web process is reached, as far as this machine can tell."""
    if settings.public_url:
        return settings.public_url
    host = settings.listen
    if host in ("0.0.0.0", "::"):  # noqa: S104 — a comparison
        host = next(iter(addresses.of_this_machine()), "127.0.0.1") if settings.lan else "127.0.0.1"
    with suppress(ValueError):
        host = f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    return f"{'https' if settings.tls else 'http'}://{host}:{settings.http_port}"


class Desk:
    """One open installation with the key that signs."""

    def __init__(self, hall: Hall) -> None:
        self.store = hall.store
        self.clock = SystemClock()
        self._hall = hall
        self._settings = hall.settings
        self._signer = Signer(load_secret(hall.settings.data_dir, hall.settings.secret_key))

    async def lesson(self, name: str) -> LessonState:
        """A new lesson. Raises `AppError`."""
        new = links.draw_lesson(self.clock, name)
        return await self._act("lesson.create", new.id, new.keep)

    async def find(self, id_or_name: str) -> LessonState:
        """The lesson of this id, else the newest of this name; `demo` is the demo lesson, where there is one. Raises `NoSuchLesson`."""
        if id_or_name == demo.WORD:
            with suppress(NoSuchLesson):
                return await links.read_lesson(self.store, demo.LESSON)
        return await links.read_lesson(self.store, id_or_name)

    async def link(self, lesson: str, role: Role, name: str | None, hours: float | None = None) -> Paper:
        """A new link. Raises `AppError`."""
        until = self.clock.wall_ms() + int((hours or self._settings.link_hours) * HOUR_MS)
        new = await links.draw_link(self.store, self.clock, lesson, role, name, until)
        return self.paper(await self._act("link.create", new.link.lesson, new.keep, role=role, link=new.link.id))

    async def revoke(self, link_id: str) -> None:
        """Revoke a link. Raises `LinkInvalid`."""
        found = await self.store.link(link_id)
        if found is None:
            raise LinkInvalid("no such link")
        now = self.clock.wall_ms()
        await self._act("link.revoke", found.lesson, lambda connection: put_revocation(connection, found.id, now), link=found.id)

    async def _act(self, act: str, lesson: str, work: Callable[[AsyncConnection], Awaitable[T]], **details: str) -> T:
        everything = await self._hall.everything()
        return await self._hall.acts.do(self._hall.who, act, Target("lesson", lesson, everything.path), work, details=dict(details))

    async def kept(self, lesson: str, role: Role, name: str) -> Paper:
        """A link of this role and name that lives for at least half its time: one there is, else a new one."""
        until = self.clock.wall_ms() + int(self._settings.link_hours * HOUR_MS / 2)
        known = demo.usable(await self.store.links(lesson), role, name, until)
        return self.paper(known) if known else await self.link(lesson, role, name)

    async def demo_lesson(self) -> str:
        """Id of the demo lesson, made if there is none or if the last one is over."""
        try:
            state = await links.read_lesson(self.store, demo.LESSON)
        except NoSuchLesson:
            state = None
        if state is None or state.phase in ("ended", "archived", "cancelled"):
            state = await self.lesson(demo.LESSON)
        return state.id

    def paper(self, link: Link) -> Paper:
        """A link with its token and addresses."""
        base, token = base_url(self._settings), self._signer.link_token(link)
        return Paper(
            link.id,
            link.role,
            link.name,
            page=f"{base}/join/{token}",
            whip=f"{base}/whip/{link.lesson}" if link.role in ("master", "classroom") else "",
            whep=f"{base}/whep/{link.lesson}",
            hls=f"{base}/hls/{token}/index.m3u8" if link.role == "viewer" else "",
            token=token,
            expires_at=link.expires_at,
        )


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Open the installation of the settings. Raises `OSError`."""
    async with open_hall(settings) as hall:
        yield Desk(hall)
