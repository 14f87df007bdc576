"""Rates and counts per key, bounded in memory. Pure: time is an argument."""

from __future__ import annotations

import math
from collections import OrderedDict

from server.errors import TooMany

TABLE = 20_000
"""Keys remembered; the one unseen for the longest is forgotten first."""


class RateLimit:
    """A token bucket per key: `burst` at once, `per_minute` in the long run."""

    def __init__(self, per_minute: int, table: int = TABLE) -> None:
        self._rate = per_minute / 60e9
        self._burst = float(per_minute)
        self._table = table
        self._buckets: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, key: str, now_ns: int) -> None:
        """Count one; raises `TooMany` with the seconds to wait."""
        left, since = self._buckets.pop(key, (self._burst, now_ns))
        left = min(self._burst, left + (now_ns - since) * self._rate)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now_ns)
        while len(self._buckets) > self._table:
            self._buckets.popitem(last=False)
        if not allowed:
            raise TooMany(retry_after=max(1, math.ceil((1 - left) / self._rate / 1e9)))


class Crowd:
    """How many of something each key holds open now."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[str, int] = {}

    def enter(self, key: str) -> None:
        """One more; raises `TooMany`."""
        if self._open.get(key, 0) >= self._most:
            raise TooMany(retry_after=5)
        self._open[key] = self._open.get(key, 0) + 1

    def leave(self, key: str) -> None:
        """One less."""
        left = self._open.pop(key) - 1
        if left:
            self._open[key] = left
