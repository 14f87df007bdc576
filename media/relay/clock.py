"""Senders' clocks: when, on our clock, was the media with this RTP timestamp captured? (M7)

A sender report pairs the sender's wall clock with an RTP timestamp (RFC 3550 6.4.1). One offset between its wall clock and ours
serves every stream of the session, so its sound and picture stay together. Without a report, the fastest packets stand in.
"""

from __future__ import annotations

from collections import deque

from media.relay.context import SECOND
from media.wire.ntp import EPOCH

_STEP = SECOND
"""An offset this far from the others means that the sender set its clock."""
_BELIEF = 5 * SECOND
"""Reports that differ from the arrivals by more are not believed."""
_WINDOW = 5 * SECOND


class SenderClock:
    """Offset from one sender's wall clock to our monotonic clock: the least of recent reports, that is the least delayed."""

    __slots__ = ("_offsets",)

    def __init__(self) -> None:
        self._offsets: deque[int] = deque(maxlen=8)

    @property
    def known(self) -> bool:
        """Whether a report came."""
        return bool(self._offsets)

    @property
    def offset(self) -> int:
        """Our time minus the sender's Unix time, ns, with the least path delay still in it."""
        return min(self._offsets)

    def report(self, unix_ns: int, now: int) -> None:
        """A sender report with this wall clock arrived."""
        offset = now - unix_ns
        if self._offsets and abs(offset - self.offset) > _STEP:
            self._offsets.clear()
        self._offsets.append(offset)


def unix_ns(ntp: int) -> int:
    """Unix time in ns of a 64-bit NTP timestamp."""
    return (ntp * SECOND >> 32) - EPOCH * SECOND


class LayerClock:
    """Maps extended RTP timestamps of one stream to capture times on our clock, and back."""

    __slots__ = ("_base", "_next_base", "_report", "_sender", "_window_end", "rate")

    def __init__(self, rate: int, sender: SenderClock) -> None:
        self.rate = rate
        """RTP ticks per second."""
        self._sender = sender
        self._report: tuple[int, int] | None = None
        self._base: int | None = None
        self._next_base: int | None = None
        self._window_end = 0

    def arrived(self, timestamp: int, arrival: int) -> None:
        """A packet with this timestamp arrived: keep the least of (arrival − media time) over two windows."""
        base = arrival - timestamp * SECOND // self.rate
        old = self._base
        if old is None or not -SECOND < base - old < _BELIEF:
            self._base = self._next_base = base
            self._window_end = arrival + _WINDOW
            return
        if arrival > self._window_end:
            self._base, self._next_base = self._next_base, base
            self._window_end = arrival + _WINDOW
        if self._next_base is None or base < self._next_base:
            self._next_base = base
        if self._base is None or base < self._base:
            self._base = base

    def reported(self, sender_ns: int, timestamp: int) -> None:
        """A sender report paired this Unix time of the sender, ns, with this extended timestamp."""
        self._report = (sender_ns, timestamp)

    def forget(self) -> None:
        """The stream began anew: no old pair holds."""
        self._report = self._base = self._next_base = None

    def _origin(self) -> int | None:
        """Our time of the imaginary timestamp 0, ns."""
        if self._report is None or not self._sender.known:
            return self._base
        sender_ns, timestamp = self._report
        origin = sender_ns + self._sender.offset - timestamp * SECOND // self.rate
        if self._base is not None and abs(origin - self._base) > _BELIEF:
            return self._base
        return origin

    def capture(self, timestamp: int) -> int | None:
        """Our time, ns, at which media with this timestamp was captured; None before the first packet."""
        origin = self._origin()
        return None if origin is None else origin + timestamp * SECOND // self.rate

    def timestamp(self, at: int) -> int | None:
        """The timestamp media captured at our time `at` would have."""
        origin = self._origin()
        return None if origin is None else (at - origin) * self.rate // SECOND
