"""Which packets a subscriber's NACK gets again (M15)."""

from __future__ import annotations

from collections.abc import Iterable

from media.relay.context import MS
from media.wire.seq import distance

MAX_ANSWERS = 3
REPEAT = 100 * MS
SHARE = 0.15
"""Retransmissions per packet sent."""
BURST = 64.0
MEMORY = 1024


class Answers:
    """Answers given on one slot."""

    __slots__ = ("_given", "_sent", "_tokens")

    def __init__(self) -> None:
        self._given: dict[int, tuple[int, int]] = {}
        self._tokens = BURST
        self._sent = 0

    def allow(self, sequences: Iterable[int], sent: int, oldest: int, rtt: int | None, now: int) -> list[int]:
        """The 16-bit sequences to answer now.

        `sent`: packets sent on the slot so far; `oldest`: first sequence still of use, extended; `rtt` in ns, None if unknown.
        """
        self._tokens = min(BURST, self._tokens + max(0, sent - self._sent) * SHARE)
        self._sent = sent
        wait = REPEAT if rtt is None else min(REPEAT, 2 * rtt)
        allowed: list[int] = []
        for seq in sequences:
            if self._tokens < 1:
                break
            if distance(oldest & 0xFFFF, seq, 16) >= 0 and self._try(seq, wait, now):
                self._tokens -= 1
                allowed.append(seq)
        while len(self._given) > MEMORY:
            del self._given[next(iter(self._given))]
        return allowed

    def _try(self, seq: int, wait: int, now: int) -> bool:
        count, last = self._given.pop(seq, (0, 0))
        if count and now - last > 60 * REPEAT:
            # The counter came round: another packet has this number now.
            count = 0
        if count >= MAX_ANSWERS or (count and now - last < wait):
            self._given[seq] = (count, last)
            return False
        self._given[seq] = (count + 1, now)
        return True
