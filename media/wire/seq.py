"""Arithmetic on wrapping counters: 16-bit sequences, 32-bit timestamps, 8- and 15-bit picture ids (M6, RFC 1982)."""

from __future__ import annotations


def distance(a: int, b: int, bits: int) -> int:
    """Signed steps from `a` to `b` on a counter of `bits` bits, in [−2^(bits−1), 2^(bits−1))."""
    half = 1 << (bits - 1)
    return ((b - a + half) & ((1 << bits) - 1)) - half


class Extender:
    """Extends a wrapping counter to one that never wraps: the candidate nearest to the highest value seen.

    The first value is returned plus 2^bits, so that packets older than the first stay positive. A late value is extended but
    never moves the reference back.
    """

    __slots__ = ("_half", "_mask", "last")

    def __init__(self, bits: int) -> None:
        self._mask = (1 << bits) - 1
        self._half = 1 << (bits - 1)
        self.last = -1
        """Highest extended value so far; −1 before the first."""

    def extend(self, value: int) -> int:
        """The extended counter for the truncated `value`."""
        last = self.last
        if last < 0:
            self.last = (value & self._mask) + self._mask + 1
            return self.last
        result = last + ((value - last + self._half) & self._mask) - self._half
        if result > last:
            self.last = result
        return result

    def restart(self, value: int) -> int:
        """Take `value` as the first after a restart of the source: the lowest candidate above everything seen."""
        last = self.last
        if last < 0:
            return self.extend(value)
        self.last = last + 1 + ((value - last - 1) & self._mask)
        return self.last
