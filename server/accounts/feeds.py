"""Addresses that calendar programs read somebody's lessons under. A program shows no cookie: the address is the paper, and read only."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts import cookies
from server.accounts.caller import Caller
from server.accounts.gate import Gate
from server.store import Database
from server.store.tables import feed, person


class Feeds:
    """At most one address for a person. `now`: UTC ms."""

    def __init__(self, database: Database, gate: Gate, now: Callable[[], int]) -> None:
        self._database = database
        self._gate = gate
        self._now = now

    async def since(self, who: Caller) -> int | None:
        """When the caller's address was drawn, UTC ms; None: there is none."""
        row = await self._database.one(select(feed.c.created).where(feed.c.person == who.id))
        return int(row.created) if row else None

    async def draw(self, who: Caller) -> str:
        """A new address's token; the one before ends."""
        bearer, now = cookies.issue(who.id), self._now()

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(delete(feed).where(feed.c.person == who.id))
            values = {"person": who.id, "secret_hash": cookies.hash_secret(bearer.secret), "created": now}
            await connection.execute(insert(feed).values(**values))

        await self._database.write(work)
        return bearer.text

    async def end(self, who: Caller) -> None:
        """No address any more."""
        await self._database.execute(delete(feed).where(feed.c.person == who.id))

    async def caller(self, token: str) -> Caller | None:
        """Whose lessons these are, with the roles of now; None: not a token that counts."""
        bearer = cookies.read(token)
        if bearer is None:
            return None
        query = select(feed.c.secret_hash, person.c.org).select_from(feed.join(person, person.c.id == feed.c.person))
        row = await self._database.one(query.where(feed.c.person == bearer.id, person.c.disabled_at.is_(None)))
        if row is None or not bearer.fits(row.secret_hash):
            return None
        return Caller("person", bearer.id, tuple(await self._gate.grants(bearer.id)), org=row.org, origin="feed")
