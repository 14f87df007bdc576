"""One process has a job for as long as it renews its lease; one that falls silent loses it to another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

Held = TypeVar("Held")


class Lost(Exception):
    """The job is another process's now, or nobody wants it any more."""


class Lease(Generic[Held]):
    """Of one job. `held`: its row as it was claimed or renewed last, which is what a table compares before it changes anything."""

    def __init__(self, held: Held, renew: Callable[[Held, int], Awaitable[Held | None]], now: Callable[[], int], length_ms: int) -> None:
        """`renew`: until when (UTC ms) → the row as it is then, None if it is not this process's any more."""
        self.held = held
        self._renew = renew
        self._now = now
        self._length_ms = length_ms

    async def go_on(self) -> None:
        """Have it for the whole length from now on. Raises `Lost`."""
        renewed = await self._renew(self.held, self._now() + self._length_ms)
        if renewed is None:
            raise Lost
        self.held = renewed

    @asynccontextmanager
    async def working(self, give_back: Callable[[Held], Awaitable[None]]) -> AsyncIterator[None]:
        """Do the job in it: whoever is stopped meanwhile gives it back, so that another need not wait for the lease to end."""
        try:
            yield
        except asyncio.CancelledError:
            await asyncio.shield(give_back(self.held))
            raise
