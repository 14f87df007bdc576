"""A capture file is blocks, appended one after the other: each numbered and checksummed, so that whatever dies, the rest can be read.

Block: `magic` 4 bytes, `number` u32, `size` u32, CRC-32 u32 of number, size and body, body; little endian. The first block's body is the
file's head. A reader that meets bytes which are no block looks for the next magic whose checksum fits: only what was hit is lost.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = b"\xa9SC1"
"""Looked for by a reader that has lost its place; the checksum decides."""
LONGEST = 1 << 20
"""Bytes of a body; a longer one is damage."""
_HEAD = struct.Struct("<4sIII")
_SUMMED = struct.Struct("<II")
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """One that is whole."""

    number: int
    offset: int
    """Where it begins in the file."""
    body: bytes

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + _HEAD.size + len(self.body)


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no block."""

    offset: int
    size: int
    cut: bool
    """It reaches to the end of the file: it was being written when its writer died, or is still."""


def encode(number: int, body: bytes) -> bytes:
    """The bytes to append. Raises `ValueError` for a body that is too long."""
    if len(body) > LONGEST:
        raise ValueError(f"{len(body)} bytes in a block")
    return _HEAD.pack(MAGIC, number, len(body), _sum(number, body)) + body


def read(file: BinaryIO, offset: int = 0) -> Iterator[Block | Damage]:
    """What the file holds from `offset` on, in order. Reading on after a cut: give the cut's offset when there is more."""
    while True:
        block = _block_at(file, offset)
        if block is not None:
            yield block
            offset = block.end
            continue
        size = _size(file)
        if offset >= size:
            return
        found = _next_block(file, offset + 1)
        yield Damage(offset, (size if found is None else found) - offset, cut=found is None)
        if found is None:
            return
        offset = found


def _block_at(file: BinaryIO, offset: int) -> Block | None:
    file.seek(offset)
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, number, size, checksum = _HEAD.unpack(head)
    if magic != MAGIC or size > LONGEST:
        return None
    body = file.read(size)
    return Block(number, offset, body) if len(body) == size and _sum(number, body) == checksum else None


def _next_block(file: BinaryIO, offset: int) -> int | None:
    """Where the next whole block begins."""
    while True:
        file.seek(offset)
        chunk = file.read(_CHUNK)
        at = chunk.find(MAGIC)
        while at >= 0:
            if _block_at(file, offset + at) is not None:
                return offset + at
            at = chunk.find(MAGIC, at + 1)
        if len(chunk) < _CHUNK:
            return None
        offset += len(chunk) - len(MAGIC) + 1  # a magic may lie across two chunks


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _sum(number: int, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_SUMMED.pack(number, len(body))))
