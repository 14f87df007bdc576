"""AV1 aggregation header and OBU elements (RTP Payload Format for AV1 4.3–4.4), as far as keyframes need it."""

from __future__ import annotations

from media.errors import MalformedPacket
from media.wire.data import Data
from media.wire.payload.flags import FRAME_START, KEYFRAME

SEQUENCE_HEADER = 1
_Z, _Y, _W, _N = 0x80, 0x40, 0x30, 0x08
_LEB128_MAX = 8


def describe(data: Data, start: int, end: int) -> int:
    """Flags of the payload; `MalformedPacket` if its elements do not fit.

    `KEYFRAME`: N is set (a coded video sequence begins) and a sequence header is inside. `FRAME_START` is a hint: the packet
    begins with a whole OBU or its first fragment; it is a frame's first only if its timestamp is new.
    """
    if end <= start:
        return 0
    head = data[start]
    if head & _Z:
        if head & _N:
            raise MalformedPacket("av1: a new sequence cannot begin with a continuation")
        return 0
    if head & _N and _has_sequence_header(data, start + 1, end, (head & _W) >> 4):
        return FRAME_START | KEYFRAME
    return FRAME_START


def _has_sequence_header(data: Data, at: int, end: int, count: int) -> bool:
    """Whether one of the OBU elements is a sequence header; with `count` > 0 the last element has no length."""
    index = 0
    found = False
    while at < end:
        index += 1
        size = end - at
        if index != count:
            size, at = _leb128(data, at, end)
        if size > end - at:
            raise MalformedPacket("av1: element past the end")
        if size and data[at] >> 3 & 15 == SEQUENCE_HEADER:
            found = True
        at += size
    if index < count:
        raise MalformedPacket("av1: fewer elements than said")
    return found


def _leb128(data: Data, at: int, end: int) -> tuple[int, int]:
    """A little-endian base-128 number and the offset after it."""
    value = 0
    for index in range(_LEB128_MAX):
        if at + index >= end:
            break
        octet = data[at + index]
        value |= (octet & 0x7F) << (7 * index)
        if octet < 128:
            return value, at + index + 1
    raise MalformedPacket("av1: length")
