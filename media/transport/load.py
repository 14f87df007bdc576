"""How busy the event loop's thread is, and how long video may wait because of it (M1). Pure: clocks are arguments, ns."""

from __future__ import annotations

from collections.abc import Callable

WINDOW = 100_000_000
"""ns over which load is measured."""
HALF = 0.5
MOST = 10_000_000
"""Longest hold, at full load, ns: larger batches leave in fewer calls just when calls are dear."""


class Load:
    """Share of one core that the thread uses, smoothed over a few windows."""

    def __init__(self, cpu_clock: Callable[[], int], now: int) -> None:
        """`cpu_clock`: processor time of the thread so far."""
        self.value = 0.0
        """0 … 1."""
        self._clock = cpu_clock
        self._at, self._used = now, cpu_clock()

    def note(self, now: int) -> None:
        """Called as often as one likes; looks at the clock once a window."""
        elapsed = now - self._at
        if elapsed < WINDOW:
            return
        used = self._clock()
        share = min(1.0, max(0.0, (used - self._used) / elapsed))
        self.value += (share - self.value) * min(1.0, elapsed / (3 * WINDOW))
        self._at, self._used = now, used

    def hold(self) -> int:
        """How long video may wait for more of it, ns: not at all up to half load, `MOST` at full."""
        return int(max(0.0, self.value - HALF) / (1 - HALF) * MOST)
