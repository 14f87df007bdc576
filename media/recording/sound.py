"""Opus packets laid end to end. Pure.

Browsers count samples and ignore the times of packets: a hole that is only left out, or a sender's clock that is wrong by 0.01 %, puts sound
and picture apart. So holes are filled with packets of silence, and now and then a packet is put in or left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from media.errors import MalformedPacket
from media.wire.payload import opus

RATE = opus.CLOCK_RATE
SILENCE = b"\xfc\xff\xfe"
"""20 ms of it: CELT, full band, stereo (RFC 6716 3.1)."""
SILENCE_TICKS = 960
LATE_TICKS = 1440
"""A packet is left out when it would come later than its time by so much, and by its own length."""

Laid = tuple[int, bytes, int]
"""Tick it begins at, packet, ticks it lasts."""


class Line:
    """The sound of one file, from its time 0. Ticks of 1/48000 s."""

    def __init__(self) -> None:
        self.end = 0
        """Where the next packet comes."""

    def lay(self, at: int, data: bytes) -> Iterator[Laid]:
        """A packet whose time is tick `at`, after the silence that is needed before it. What is no Opus packet is left out."""
        try:
            ticks = opus.duration(data, 0, len(data))
        except MalformedPacket:
            return
        yield from self.fill(at)
        if self.end - at < max(LATE_TICKS, ticks):
            yield self.end, data, ticks
            self.end += ticks

    def fill(self, until: int) -> Iterator[Laid]:
        """Silence up to less than one packet before this tick."""
        while until - self.end >= SILENCE_TICKS:
            yield self.end, SILENCE, SILENCE_TICKS
            self.end += SILENCE_TICKS
