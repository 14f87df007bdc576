"""Drawing SSRCs (RFC 3550 8): unique among those in use, never 0, which some receivers take for none."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol


class Random(Protocol):
    """The part of `random.Random` and `random.SystemRandom` needed here."""

    def getrandbits(self, k: int, /) -> int:
        """A number of `k` random bits."""


def draw(random: Random, taken: Container[int]) -> int:
    """An SSRC in 1 … 2^32 − 1 outside `taken`; on a collision the next free number."""
    ssrc = random.getrandbits(32)
    while ssrc == 0 or ssrc in taken:
        ssrc = (ssrc + 1) & 0xFFFFFFFF
    return ssrc
