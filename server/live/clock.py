"""The two clocks of a lesson: one for the log, one for waiting."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where `live` takes time from; a test's clock stands still until told."""

    def wall_ms(self) -> int:
        """UTC ms, steady while the process runs: what `at` of an event is taken from (S18)."""

    def monotonic_ms(self) -> int:
        """Milliseconds for measuring how long something lasted."""


class SystemClock:
    """UTC as it was at the start of the process, carried on by the monotonic clock: never jumps, never goes back."""

    def __init__(self) -> None:
        self._anchor = time.time_ns() // 1_000_000 - self.monotonic_ms()

    def wall_ms(self) -> int:
        """UTC ms."""
        return self._anchor + self.monotonic_ms()

    def monotonic_ms(self) -> int:
        """Milliseconds of the monotonic clock."""
        return time.monotonic_ns() // 1_000_000
