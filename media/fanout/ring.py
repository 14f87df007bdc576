"""The packet ring of one layer (M3), and the map from received sequences to ring sequences (M7)."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from media.wire.rows import RingSpan

GAP_HISTORY = 256


class PictureFields(NamedTuple):
    """Where a VP8 payload holds its picture numbers, and what its source wrote there (RFC 7741 4.2)."""

    picture_id_at: int
    """Octets from the start of the payload, −1 if absent."""
    picture_id_bits: int
    """7, 15, or 0 if absent."""
    picture_id: int
    tl0_at: int
    tl0: int


class Stored(NamedTuple):
    """One packet without header and padding. `payload` may be patched in place while it is sealed, and is restored after."""

    seq: int
    timestamp: int
    kind: int
    """Marker bit and payload type: the second octet of its RTP header."""
    payload: bytearray
    level: int
    """Octet of the audio level extension (RFC 6464), −1 if there was none."""
    picture: PictureFields | None


class Ring:
    """The newest `size` (a power of two) packets of a layer by sequence."""

    __slots__ = ("_first", "_mask", "_slots", "head", "size")

    def __init__(self, size: int) -> None:
        if size < 1 or size & (size - 1):
            raise ValueError("a ring's size is a power of two")
        self.size = size
        self.head = -1
        """Highest sequence stored, −1 before the first."""
        self._first = -1
        self._mask = size - 1
        self._slots: list[Stored | None] = [None] * size

    def get(self, seq: int) -> Stored | None:
        """The packet, if it is held."""
        stored = self._slots[seq & self._mask]
        return stored if stored is not None and stored.seq == seq else None

    def too_old(self, seq: int) -> bool:
        """Whether the sequence lies before what a full ring holds."""
        return seq <= self.head - self.size

    def put(self, stored: Stored) -> bool:
        """Store a packet; False if its sequence is held already or too old: what is stored never changes (M5)."""
        seq = stored.seq
        if self.too_old(seq) or self.get(seq) is not None:
            return False
        self._slots[seq & self._mask] = stored
        if seq > self.head:
            self.head = seq
        if self._first < 0 or seq < self._first:
            self._first = seq
        return True

    def span(self) -> RingSpan:
        """What is held; empty (`head < first`) before the first packet."""
        if self.head < 0:
            return RingSpan(0, -1)
        return RingSpan(max(self._first, self.head - self.size + 1), self.head)

    def clear(self) -> None:
        """Forget everything for good: whoever still refers to this ring finds nothing."""
        self._slots, self._mask = [None], 0
        self.head = self._first = -1


class GapMap:
    """Received sequence → ring sequence, with the numbers of padding-only packets taken out.

    Only a padding packet ahead of everything received closes its gap: behind it, later packets have their numbers already.
    """

    __slots__ = ("_closed", "_head", "_oldest")

    def __init__(self) -> None:
        self._head = -1
        self._oldest = 0
        """Received sequences below are mapped no more."""
        self._closed: deque[tuple[int, int]] = deque([(0, 0)])
        """(first received sequence, numbers taken out before it), ascending; the one before each entry but the first is closed."""

    def take(self, raw: int) -> int | None:
        """Ring sequence of a media packet; None if that number was closed or is forgotten."""
        if raw > self._head:
            self._head = raw
        if raw < self._oldest:
            return None
        newer = -1
        for start, removed in reversed(self._closed):
            if raw >= start:
                return None if raw + 1 == newer else raw - removed
            newer = start
        return None

    def close(self, raw: int) -> int | None:
        """Take the number of a padding-only packet out; returns the ring sequence it would have had."""
        if raw <= self._head:
            return self.take(raw)
        removed = self._closed[-1][1]
        self._head = raw
        self._closed.append((raw + 1, removed + 1))
        if len(self._closed) > GAP_HISTORY:
            self._closed.popleft()
            self._oldest = self._closed[0][0]
        return raw - removed
