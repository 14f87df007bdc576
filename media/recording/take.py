"""One take of a recording: records gathered into blocks that become due, and read back with every hole named. Pure: the caller gives the
time, ns of the worker's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from media.recording import blocks
from media.recording.records import BadRecord, Gap, Packet, Record, decode, encode

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


class Take:
    """The writing half. Whatever is returned is to be appended to the take's file, in this order."""

    def __init__(self, head: Head) -> None:
        self._head = head
        self._number = 0
        self._waiting: list[bytes] = []
        self._size = 0
        self._since = 0

    def begin(self) -> bytes:
        """The first block."""
        return self._block(msgspec.json.encode(self._head))

    def add(self, record: Record, now: int) -> None:
        """Keep a record for the next block."""
        if not self._waiting:
            self._since = now
        data = encode(record)
        self._waiting.append(data)
        self._size += len(data)

    def due(self, now: int) -> bool:
        """Whether `flush` should be called."""
        return bool(self._waiting) and (self._size >= BLOCK_BYTES or now - self._since >= BLOCK_NS)

    def flush(self) -> bytes:
        """What waits, as blocks; empty if nothing does."""
        out, body, waiting = bytearray(), bytearray(), self._waiting
        self._waiting, self._size = [], 0
        for data in waiting:
            if body and len(body) + len(data) > blocks.LONGEST:
                out += self._block(bytes(body))
                body.clear()
            body += data
        return bytes(out) + self._block(bytes(body)) if waiting else b""

    def _block(self, body: bytes) -> bytes:
        self._number += 1
        return blocks.encode(self._number - 1, body)


class TakeReader:
    """The reading half, of a file that may be damaged, cut, or still be written."""

    def __init__(self, file: BinaryIO) -> None:
        """Raises `BadTake`."""
        self._file = file
        first = next(blocks.read(file), None)
        if not isinstance(first, blocks.Block) or first.number != 0:
            raise BadTake("the file has no head")
        try:
            self.head = msgspec.json.decode(first.body, type=Head)
        except msgspec.MsgspecError as error:
            raise BadTake(str(error)) from error
        self._offset = first.end
        self._number = 1
        self._seen = self.head.started
        """Arrival of the newest packet read."""
        self._hole: int | None = None
        """Since when something is missing."""

    def records(self) -> Iterator[Record]:
        """All that can be read; where blocks are missing, a `Gap` between the packets around them. Called again, it reads on: a file
        that is still written ends in a block that is not whole yet.
        """
        for found in blocks.read(self._file, self._offset):
            if isinstance(found, blocks.Damage):
                if found.cut:
                    return
                self._hole = self._seen
                continue
            if found.number != self._number:
                self._hole = self._seen
            self._offset, self._number = found.end, found.number + 1
            yield from self._of(found)

    def _of(self, block: blocks.Block) -> Iterator[Record]:
        try:
            records = list(decode(block.body))
        except BadRecord:
            self._hole = self._seen
            return
        for record in records:
            if isinstance(record, Packet):
                if self._hole is not None:
                    yield Gap(track=None, begin=self._hole, end=record.arrival, why="damage")
                    self._hole = None
                self._seen = record.arrival
            yield record
