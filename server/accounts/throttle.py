"""Failed logins make one wait, longer each time; shared by all web processes. Nobody is locked out for good.

By account from the 5th failure on; by address only from the 50th, since a whole school comes from one; a room's PIN by each of its screens,
and from the 50th by the room (`pins`): whoever guesses at one screen shuts the panel of no other. A try counts against its
account before the secret is looked at, so that a crowd of guesses sent at once gets no more tries than one after the other. A success
forgets the account's failures; everything is forgotten after an hour. An address from which the account came in of late counts by itself
(`server.accounts.familiar`): else whoever tries once in a quarter of an hour would keep the owner out.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.errors import TooMany
from server.store import Database
from server.store.database import lock
from server.store.tables import attempt

FORGOTTEN_MS = 3_600_000
FREE = {"account": 5, "student": 5, "address": 50, "code": 10, "join": 10, "familiar": 5, "pin": 5, "pins": 50}
"""Kind → failures before one waits."""
LONGEST_S = 900


def wait_ms(kind: str, failures: int) -> int:
    """How long after the last failure nothing is taken: 2, 4, 8 … seconds, at most 15 minutes."""
    over = failures - FREE[kind]
    return 0 if over < 0 else int(min(2.0 ** min(over + 1, 16), LONGEST_S) * 1000)


class Throttle:
    """`now`: UTC ms."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now

    async def begin(self, account: tuple[str, str], *others: tuple[str, str]) -> None:
        """Before a secret is tried: raises `TooMany` with the seconds to wait, else counts a failure of `account` (kind, name).

        `others` (the address) only let it through or not: `failed` counts them, since of the right ones a whole school sends many.
        """
        who, key = (account, *others), _key(*account)
        _refuse(who, await self._database.read(_rows(who)), self._now())  # a flood is told no without a write

        async def work(connection: AsyncConnection) -> None:
            await lock(connection, f"attempt:{key}")
            _refuse(who, (await connection.execute(_rows(who))).all(), self._now())
            await self._count(connection, key)

        await self._database.write(work)

    async def failed(self, *who: tuple[str, str]) -> None:
        """Count a failure."""

        async def work(connection: AsyncConnection) -> None:
            for key in sorted(_key(kind, name) for kind, name in who):
                await lock(connection, f"attempt:{key}")
                await self._count(connection, key)

        await self._database.write(work)

    async def fitted(self, kind: str, name: str) -> None:
        """Take back the one try that `begin` counted: of what has many right answers, one right answer does not forget the wrong ones."""
        mine = (attempt.c.key == _key(kind, name)) & (attempt.c.failures > 0)
        await self._database.execute(update(attempt).where(mine).values(failures=attempt.c.failures - 1))

    async def _count(self, connection: AsyncConnection, key: str) -> None:
        now = self._now()
        row = (await connection.execute(select(attempt).where(attempt.c.key == key))).first()
        if row is None:
            await connection.execute(insert(attempt).values(key=key, failures=1, last_at=now))
        else:
            failures = 1 if now - row.last_at >= FORGOTTEN_MS else row.failures + 1
            await connection.execute(update(attempt).where(attempt.c.key == key).values(failures=failures, last_at=now))

    async def succeeded(self, kind: str, name: str) -> None:
        """Forget the failures of an account, and whatever is an hour old."""
        old = attempt.c.last_at < self._now() - FORGOTTEN_MS
        await self._database.execute(delete(attempt).where((attempt.c.key == _key(kind, name)) | old))


def _rows(who: Sequence[tuple[str, str]]) -> Select[Any]:
    return select(attempt).where(attempt.c.key.in_(sorted(_key(kind, name) for kind, name in who)))


def _refuse(who: Sequence[tuple[str, str]], rows: Sequence[Row[Any]], now: int) -> None:
    kinds = {_key(kind, name): kind for kind, name in who}
    fresh = (row for row in rows if now - row.last_at < FORGOTTEN_MS)
    left = max((row.last_at + wait_ms(kinds[row.key], row.failures) - now for row in fresh), default=0)
    if left > 0:
        raise TooMany(retry_after=math.ceil(left / 1000))


def _key(kind: str, name: str) -> str:
    return hashlib.sha256(f"{kind}\0{name.strip().lower()}".encode()).hexdigest()
