"""One take of a recording: records gathered into blocks that become due, and read back with every hole named. Pure: the caller gives the
time, ns of the worker's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Protocol

import msgspec

from media.recording import blocks
from media.recording.records import BadRecord, Gap, Packet, Record, TakeEnded, decode, encode, encode_packet

VERSION = 1
BLOCK_BYTES = 64 * 1024
"""A block that holds so much is due."""
BLOCK_NS = 250_000_000
"""So is one whose first record is so old: with a disk that syncs each second less than the promised two are ever lost."""


class BadTake(ValueError):
    """The file does not begin with a head: there is nothing that says what it is of."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a take is of: the body of its first block, JSON."""

    version: int = VERSION
    recording: str
    """Opaque, the server's."""
    take: int
    """From 1; a worker that was started anew continues with the next."""
    epoch: str
    """Of the worker: monotonic times of two epochs say nothing of each other."""
    started: int
    """Monotonic, ns."""
    wall: int
    """UTC of `started`, ms."""


class RingPacket(Protocol):
    """A packet as the relay's ring holds it."""

    @property
    def seq(self) -> int:
        """Extended sequence number."""

    @property
    def timestamp(self) -> int:
        """Extended RTP timestamp."""

    @property
    def kind(self) -> int:
        """Marker and payload type."""

    @property
    def payload(self) -> bytearray:
        """It may be patched in place later."""


class Take:
    """The writing half. Whatever is returned is to be appended to the take's file, in this order."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._number = 1
        self._waiting: list[bytes] = []
        self._size = 0
        self.since = 0
        """When the first record that waits was added."""

    def begin(self, take: int | None = None) -> bytes:
        """The first block; `take`: the number, where only making the file tells it. Changes nothing: another thread may ask."""
        head = self._head if take is None else msgspec.structs.replace(self._head, take=take)
        return blocks.encode(0, msgspec.json.encode(head))

    def add(self, record: Record, now: int) -> None:
        """Keep a record for the next block."""
        self._add(encode(record), now)

    def add_packets(self, track: int, layer: int, packets: Iterable[RingPacket], now: int) -> None:
        """Keep packets that arrived now; their payloads are copied."""
        for p in packets:
            self._add(encode_packet(track, layer, p.kind, p.seq, p.timestamp, now, p.payload), now)

    def _add(self, data: bytes, now: int) -> None:
        if not self._waiting:
            self.since = now
        self._waiting.append(data)
        self._size += len(data)

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def due(self, now: int) -> bool:
        """Whether `flush` should be called."""
        return bool(self._waiting) and (self._size >= BLOCK_BYTES or now - self.since >= BLOCK_NS)

    def flush(self, first: Iterable[Record] = ()) -> bytes:
        """What waits, as blocks, after the records given; empty if there is nothing."""
        waiting = [*map(encode, first), *self._waiting]
        self._waiting, self._size = [], 0
        out: list[bytes] = []
        body: list[bytes] = []
        size = 0
        for data in waiting:
            if body and size + len(data) > blocks.LONGEST:
                out.append(self._block(b"".join(body)))
                body, size = [], 0
            body.append(data)
            size += len(data)
        if body:
            out.append(self._block(b"".join(body)))
        return b"".join(out)

    def _block(self, body: bytes) -> bytes:
        self._number += 1
        return blocks.encode(self._number - 1, body)


class TakeReader:
    """The reading half, of a file that may be damaged, cut, or still be written."""

    def __init__(self, file: BinaryIO, instead: Head | None = None) -> None:
        """`instead`: taken for a head that is damaged. Raises `BadTake`."""
        self._file = file
        found = blocks.read(file)
        first = next(found, None)
        head = _head(first)
        if head is None and instead is not None:
            head, first = instead, next((one for one in found if isinstance(one, blocks.Block)), None)
            if first is not None:
                self._offset, self._number = first.offset, first.number
        elif isinstance(first, blocks.Block):
            self._offset, self._number = first.end, 1
        if head is None or first is None:
            raise BadTake("the file has no head")
        self.head = head
        self._seen = self.head.started
        """Arrival of the newest packet read."""
        self._hole: int | None = None
        """Since when something is missing …"""
        self._torn = False
        """… and whether bytes of it are there, damaged: else those blocks were never written."""

    def records(self) -> Iterator[Record]:
        """All that can be read; where blocks are missing, a `Gap` between the packets around them. Called again, it reads on: a file
        that is still written ends in a block that is not whole yet.
        """
        for found in blocks.read(self._file, self._offset):
            if isinstance(found, blocks.Damage):
                if found.cut:
                    return
                self._hole, self._torn = self._seen, True
                continue
            if found.number != self._number:
                self._hole = self._seen
            self._offset, self._number = found.end, found.number + 1
            yield from self._of(found)

    def _of(self, block: blocks.Block) -> Iterator[Record]:
        try:
            records = list(decode(block.body))
        except BadRecord:
            self._hole, self._torn = self._seen, True
            return
        for record in records:
            if isinstance(record, Gap) and not self._torn:
                self._hole = None  # the writer could not write it, and says exactly what it is
            if isinstance(record, Packet | TakeEnded):
                now = record.arrival if isinstance(record, Packet) else record.at
                if self._hole is not None:
                    yield Gap(track=None, begin=self._hole, end=now, why="damage")
                    self._hole, self._torn = None, False
                self._seen = now
            yield record


def _head(first: blocks.Block | blocks.Damage | None) -> Head | None:
    if not isinstance(first, blocks.Block) or first.number != 0:
        return None
    try:
        return msgspec.json.decode(first.body, type=Head)
    except msgspec.MsgspecError:
        return None
