"""Where the packets of one batch lie in the arena, and which of them leave in one call: made once, used for every row.

All rows with the same header and tag size share a plan: for each only the numbers in the headers and the cipher text differ.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from media.fanout.ring import PictureFields, Stored

BATCH = 64
"""Packets of one plan, and segments of one UDP-GSO call (the kernel's UDP_MAX_SEGMENTS)."""
MAX_PAYLOAD = 2048
MAX_CALL = 65_507
"""Octets of one UDP datagram, and so of one GSO call."""
SOL_UDP = 17
UDP_SEGMENT = 103
_OVERHEAD = 320
"""Header with the longest MID and level in two-byte form, and the tag."""
_SIZE = struct.Struct("=H")

Ancillary = list[tuple[int, int, bytes]]


def partition(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Runs (first, count) that one GSO call can carry: equal sizes, only the last shorter (M2)."""
    runs: list[tuple[int, int]] = []
    first = 0
    while first < len(sizes):
        count = _run(sizes, first)
        runs.append((first, count))
        first += count
    return runs


def _run(sizes: Sequence[int], first: int) -> int:
    size = total = sizes[first]
    count = 1
    for other in sizes[first + 1 : first + BATCH]:
        if other > size or total + other > MAX_CALL:
            break
        count += 1
        total += other
        if other < size:
            break
    return count


class Call(NamedTuple):
    """One send: packets of a plan, back to back."""

    buffers: list[memoryview]
    """The one view, in the list `sendmsg` wants."""
    ancillary: Ancillary
    """The UDP_SEGMENT message; empty for a single packet."""
    view: memoryview
    size: int
    """Octets of each packet but perhaps the last."""
    packets: int


Slot = tuple[int, int, int, bytearray, int, memoryview, memoryview, int, PictureFields | None]
"""(ring sequence, timestamp, kind, payload, offset, header view, cipher text view, level, picture fields) of one packet."""


class Plan:
    """A batch laid out for one header and tag size."""

    __slots__ = ("calls", "count", "kinds", "max_seq", "min_seq", "newest", "octets", "pictures", "slots")

    def __init__(self, packets: Sequence[Stored], arena: memoryview, head: int, tag: int) -> None:
        self.count = len(packets)
        self.slots: list[Slot] = []
        self.octets = 0
        """Payload octets, as an SR counts them."""
        sizes = [head + len(packet.payload) + tag for packet in packets]
        at = 0
        for packet, size in zip(packets, sizes, strict=True):
            body = at + head
            seq, timestamp, kind, payload, level, picture = packet
            self.slots.append((seq, timestamp, kind, payload, at, arena[at:body], arena[body : at + size], level, picture))
            at += size
            self.octets += len(payload)
        self.newest = max(packets, key=_sequence)
        self.max_seq = self.newest.seq
        self.min_seq = min(packets, key=_sequence).seq
        self.kinds = frozenset(packet.kind for packet in packets)
        self.pictures = any(packet.picture is not None for packet in packets)
        starts = [slot[4] for slot in self.slots]
        self.calls = [_call(arena, starts, sizes, first, count) for first, count in partition(sizes)]


def singles(calls: Iterable[Call]) -> list[Call]:
    """The packets of the calls one by one, for who cannot take GSO."""
    return [Call([view], [], view, len(view), 1) for call in calls for view in split(call.view, call.size)]


def split(data: memoryview, size: int) -> list[memoryview]:
    """Packets of `size` octets, the last perhaps shorter."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def _sequence(packet: Stored) -> int:
    return packet.seq


def _call(arena: memoryview, starts: Sequence[int], sizes: Sequence[int], first: int, count: int) -> Call:
    last = first + count - 1
    view = arena[starts[first] : starts[last] + sizes[last]]
    ancillary: Ancillary = [(SOL_UDP, UDP_SEGMENT, _SIZE.pack(sizes[first]))] if count > 1 else []
    return Call([view], ancillary, view, sizes[first], count)


class Arena:
    """The one buffer all cipher text is written to, and the plans over it. A plan is valid until it is sent: it owns nothing."""

    def __init__(self) -> None:
        self.buffer = bytearray(BATCH * (MAX_PAYLOAD + _OVERHEAD))
        self._view = memoryview(self.buffer)

    def plan(self, packets: Sequence[Stored], head: int, tag: int) -> Plan:
        """Lay out up to `BATCH` packets of up to `MAX_PAYLOAD` octets."""
        return Plan(packets, self._view, head, tag)
