"""A step that is taken again and again, until somebody stops it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Loop:
    """Start it, and `poke` it when there is something to do.

    `step` says whether there may be more: then the next follows at once, else after `seconds` or a poke. One that raises is told to the
    log and taken again after `seconds`.
    """

    def __init__(self, name: str, step: Callable[[], Awaitable[bool]], seconds: float) -> None:
        self._name = name
        self._step = step
        self._seconds = seconds
        self._called = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with a step at once."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Cancel the step that is being taken, and wait for it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def poke(self) -> None:
        """There is something to do."""
        self._called.set()

    async def _run(self) -> None:
        while True:
            self._called.clear()
            try:
                if await self._step():
                    continue
            except Exception:
                log.exception("%s failed; tried again later", self._name)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), self._seconds)
