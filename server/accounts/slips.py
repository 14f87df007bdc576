"""One-time papers: a link that lets somebody make or mend an account, once. The table keeps only the hash of its secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import cookies
from server.accounts.ids import draw
from server.errors import LinkExpired, LinkInvalid
from server.store import Database
from server.store.tables import slip

SlipKind = Literal["first_admin", "invitation", "reset", "parent"]
HOUR_MS = 3_600_000
KEPT_MS = 90 * 24 * HOUR_MS
"""Rows are swept so long after they expired."""
LIVES_MS: Mapping[SlipKind, int] = {
    "first_admin": 24 * HOUR_MS,
    "invitation": 7 * 24 * HOUR_MS,
    "reset": 24 * HOUR_MS,
    "parent": 30 * 24 * HOUR_MS,
}


@dataclass(frozen=True, slots=True)
class Slip:
    """A valid one."""

    id: str
    kind: SlipKind
    subject: str
    """Person (invitation, reset), organisation (first_admin) or student (parent)."""
    issued_by: str
    expires_at: int


class Slips:
    """`now`: UTC ms."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now

    async def issue(self, connection: AsyncConnection, kind: SlipKind, subject: str, issued_by: str) -> str:
        """A new one, in the transaction of the act that issues it; older ones of this kind and subject count no more. The token is shown once."""
        bearer, now = cookies.issue(draw()), self._now()
        c = slip.c
        older = update(slip).where(c.kind == kind, c.subject == subject, c.used_at.is_(None))
        await connection.execute(older.values(used_at=now))
        await connection.execute(delete(slip).where(c.expires_at < now - KEPT_MS))
        row = {"id": bearer.id, "kind": kind, "secret_hash": cookies.hash_secret(bearer.secret), "subject": subject}
        times = {"created": now, "expires_at": now + LIVES_MS[kind]}
        await connection.execute(insert(slip).values(**row, issued_by=issued_by, payload=msgspec.json.encode({}).decode(), **times))
        return bearer.text

    async def peek(self, token: str) -> Slip:
        """What a token is worth now; raises `LinkInvalid`, `LinkExpired`."""
        bearer = cookies.read(token)
        row = await self._database.one(select(slip).where(slip.c.id == bearer.id)) if bearer else None
        if bearer is None or row is None or not bearer.fits(row.secret_hash) or row.used_at is not None:
            raise LinkInvalid("no such slip")
        if row.expires_at <= self._now():
            raise LinkExpired
        return Slip(row.id, row.kind, row.subject, row.issued_by, row.expires_at)

    async def use(self, connection: AsyncConnection, one: Slip) -> None:
        """It is spent, in the transaction of what it lets one do; raises `LinkInvalid` for the second of two at once."""
        free = update(slip).where(slip.c.id == one.id, slip.c.used_at.is_(None), slip.c.expires_at > self._now())
        if (await connection.execute(free.values(used_at=self._now()))).rowcount != 1:
            raise LinkInvalid("used already")

    async def pending(self, kind: SlipKind, subject: str) -> int | None:
        """When the open slip of this kind and subject expires (UTC ms), None if there is none."""
        c = slip.c
        query = select(c.expires_at).where(c.kind == kind, c.subject == subject, c.used_at.is_(None), c.expires_at > self._now())
        row = await self._database.one(query)
        return int(row.expires_at) if row else None
