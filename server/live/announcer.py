"""Tells the other processes how far a lesson is: one note for all that was written at once, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from server.bus import Bus, Head


class Announcer:
    """`spawn` begins work in the background."""

    def __init__(self, bus: Bus, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._bus = bus
        self._spawn = spawn
        self._heads: dict[str, int] = {}
        self._busy = False

    def head(self, lesson: str, seq: int) -> None:
        """Soon say "lesson L is at N"; the latest N wins."""
        self._heads[lesson] = max(seq, self._heads.get(lesson, 0))
        if not self._busy:
            self._busy = True
            self._spawn(self._run())

    async def _run(self) -> None:
        try:
            while self._heads:
                lesson, seq = self._heads.popitem()
                await self._bus.publish(Head(lesson=lesson, seq=seq))
        finally:
            self._busy = False
