"""Packets of one layer in the order they were sent (RFC 3550 6.4.1: by extended sequence number). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from media.recording.records import Packet

WAIT_NS = 1_500_000_000
"""A missing packet is waited for so long, in time of arrival: resends are asked for within a second (M15)."""
HELD = 1024
"""Packets that wait behind a missing one, at most."""
RESTART = 3000
"""A number this far from the expected one is a source that began anew, not loss."""


class Lost:
    """So many packets are missing here; 0: the source began anew, and what was lost cannot be known."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count


class Sequencer:
    """Reorders, drops duplicates, names losses."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._held: dict[int, Packet] = {}

    def push(self, packet: Packet) -> tuple[Packet | Lost, ...]:
        """What can be used now that this packet is here."""
        seq = packet.seq
        if seq == self._next and not self._held:
            self._next = seq + 1
            return (packet,)
        return tuple(self._out_of_order(packet))

    def expire(self, now: int) -> tuple[Packet | Lost, ...]:
        """What need not wait any longer at this time, ns."""
        return tuple(self._release(now)) if self._held else ()

    def drain(self) -> tuple[Packet | Lost, ...]:
        """All that waits: nothing more comes."""
        out: list[Packet | Lost] = []
        while self._held:
            out += self._skip()
        return tuple(out)

    def _out_of_order(self, packet: Packet) -> Iterator[Packet | Lost]:
        seq = packet.seq
        if self._next is None:
            self._next = seq
        elif abs(seq - self._next) > RESTART:
            yield from self.drain()
            yield Lost(0)
            self._next = seq
        if seq < self._next:
            return  # a duplicate, or later than we waited
        self._held[seq] = packet
        yield from self._ready()
        yield from self._release(packet.arrival)

    def _ready(self) -> Iterator[Packet]:
        assert self._next is not None
        while (packet := self._held.pop(self._next, None)) is not None:
            self._next += 1
            yield packet

    def _release(self, now: int) -> Iterator[Packet | Lost]:
        while self._held and (len(self._held) > HELD or now - next(iter(self._held.values())).arrival > WAIT_NS):
            yield from self._skip()

    def _skip(self) -> Iterator[Packet | Lost]:
        """Give up what is missing before the first that waits."""
        assert self._next is not None
        first = min(self._held)
        if first > self._next:
            yield Lost(first - self._next)
        self._next = first
        yield from self._ready()
