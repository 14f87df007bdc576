"""Where somebody logged in from of late: wrong tries made elsewhere keep nobody from coming in there.

Kept is a keyed index of account and address, whose key lies outside the database, and when it was last used.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.contents import Contents
from server.store import Database
from server.store.database import lock
from server.store.tables import known_address

KEPT_MS = 30 * 24 * 3_600_000


class Familiar:
    """`now`: UTC ms. An account is a kind and a name, as `Throttle` knows it."""

    def __init__(self, database: Database, contents: Contents, now: Callable[[], int]) -> None:
        self._database = database
        self._contents = contents
        self._now = now

    async def knows(self, account: tuple[str, str], address: str) -> bool:
        """Whether this account came in from this address in the last 30 days."""
        k = known_address.c
        query = select(k.key).where(k.key == self._key(account, address), k.last_at > self._now() - KEPT_MS)
        return bool(address) and await self._database.one(query) is not None

    async def remember(self, account: tuple[str, str], address: str) -> None:
        """It came in; what is older than 30 days is gone."""
        if not address:
            return
        k, key, now = known_address.c, self._key(account, address), self._now()

        async def work(connection: AsyncConnection) -> None:
            await lock(connection, f"known_address:{key}")
            await connection.execute(delete(known_address).where(k.last_at <= now - KEPT_MS))
            if not (await connection.execute(update(known_address).where(k.key == key).values(last_at=now))).rowcount:
                await connection.execute(insert(known_address).values(key=key, last_at=now))

        await self._database.write(work)

    def _key(self, account: tuple[str, str], address: str) -> str:
        kind, name = account
        return self._contents.blind(f"address/{kind}", f"{name.strip().lower()} {address}")
