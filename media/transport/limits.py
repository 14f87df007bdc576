"""Rate limits for what strangers send: token buckets in a bounded table (M22, M28). Pure."""

from __future__ import annotations

from collections import OrderedDict

SECOND = 1_000_000_000


class Bucket:
    """A token bucket: `rate` a second, at most `burst` at once."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: int) -> None:
        self._rate, self._burst = rate, burst
        self._tokens, self._at = burst, now

    def take(self, now: int) -> bool:
        """Take one token if there is one."""
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate / SECOND)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def give_back(self) -> None:
        """The one taken turned out not to count."""
        self._tokens = min(self._burst, self._tokens + 1)


class StrangerLimit:
    """One bucket per source address and one for all; the address unused for longest loses its bucket when the table is full."""

    def __init__(self, now: int, per_address: float = 200, overall: float = 2000, table: int = 4096) -> None:
        """Rates a second; twice the rate may come at once."""
        self._rate, self._table = per_address, table
        self._overall = Bucket(overall, 2 * overall, now)
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        """Addresses remembered."""
        return len(self._buckets)

    def admit(self, address: str, now: int) -> bool:
        """Whether one more message of a stranger at this address may be looked at closely."""
        bucket = self._buckets.get(address)
        if bucket is None:
            bucket = self._buckets[address] = Bucket(self._rate, 2 * self._rate, now)
            if len(self._buckets) > self._table:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(address)
        return bucket.take(now) and self._overall.take(now)

    def forgive(self, address: str) -> None:
        """The stranger proved to be a peer: only failures cost."""
        self._overall.give_back()
        if bucket := self._buckets.get(address):
            bucket.give_back()
