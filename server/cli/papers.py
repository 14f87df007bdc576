"""Lessons and links for the command line: works on the store alone, beside a running web process or without one."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from server import addresses
from server.accounts import demo
from server.accounts.secret import load_secret
from server.accounts.tokens import Signer
from server.domain.link import Link
from server.domain.principal import Role
from server.errors import NoSuchLesson
from server.live import links
from server.live.clock import SystemClock
from server.settings import Settings
from server.store import Store

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
    """One open store with the key that signs."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.store = store
        self.clock = SystemClock()
        self._settings = settings
        self._signer = Signer(load_secret(settings.data_dir, settings.secret_key))

    async def link(self, lesson: str, role: Role, name: str | None, hours: float | None = None) -> Paper:
        """A new link. Raises `AppError`."""
        until = self.clock.wall_ms() + int((hours or self._settings.link_hours) * HOUR_MS)
        return self.paper(await links.make_link(self.store, self.clock, lesson, role, name, until))

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
            state = await links.create_lesson(self.store, self.clock, demo.LESSON)
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
            token=token,
            expires_at=link.expires_at,
        )


@asynccontextmanager
async def open_desk(settings: Settings) -> AsyncIterator[Desk]:
    """Open the store of the settings."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = await Store.open(settings.database_url)
    try:
        yield Desk(settings, store)
    finally:
        await store.close()
