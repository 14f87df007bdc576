"""VP8 payload descriptor (RFC 7741 4.2) and the key frame bit of the payload header (4.3)."""

from __future__ import annotations

from typing import NamedTuple

from media.errors import MalformedPacket
from media.wire.data import Data
from media.wire.payload.flags import FRAME_START, KEYFRAME

_X, _N, _S, _PID = 0x80, 0x20, 0x10, 0x07
_I, _L, _T, _K = 0x80, 0x40, 0x20, 0x10
_M = 0x80


class Descriptor(NamedTuple):
    """One parsed descriptor. Offsets are octets from the start of the payload, −1 (like any value) if absent."""

    frame_start: bool
    keyframe: bool
    """First packet of a key frame."""
    picture_id: int
    picture_id_offset: int
    picture_id_bits: int
    """7 or 15; 0 if absent."""
    tl0: int
    """TL0PICIDX."""
    tl0_offset: int
    tid: int
    """Temporal layer."""
    layer_sync: bool
    """Y: depends only on the base layer."""
    non_reference: bool
    """N: can be dropped without harm to other frames."""
    size: int
    """Octets of the descriptor."""


def parse(data: Data, start: int, end: int) -> Descriptor:
    """Read the descriptor of the payload `start` … `end`; `MalformedPacket` if it does not fit."""
    try:
        return _parse(data, start, end)
    except IndexError as error:
        raise MalformedPacket("vp8: descriptor past the end") from error


def _parse(data: Data, start: int, end: int) -> Descriptor:
    first = data[start]
    at = start + 1
    flags = 0
    if first & _X:
        flags = data[at]
        at += 1
    picture_id, picture_at, bits, at = _picture_id(data, at) if flags & _I else (-1, at, 0, at)
    tl0 = tid = -1
    tl0_at = at
    if flags & _L:
        tl0 = data[at]
        at += 1
    sync = False
    if flags & (_T | _K):
        tid = data[at] >> 6 if flags & _T else -1
        sync = bool(flags & _T and data[at] & 0x20)
        at += 1
    if at > end:
        raise MalformedPacket("vp8: descriptor past the end")
    begins = bool(first & _S) and not first & _PID
    return Descriptor(
        begins,
        begins and at < end and not data[at] & 1,
        picture_id,
        picture_at - start if bits else -1,
        bits,
        tl0,
        tl0_at - start if tl0 >= 0 else -1,
        tid,
        sync,
        bool(first & _N),
        at - start,
    )


def _picture_id(data: Data, at: int) -> tuple[int, int, int, int]:
    """Value, its offset, its bits and the offset after it."""
    if data[at] & _M:
        return (data[at] & 0x7F) << 8 | data[at + 1], at, 15, at + 2
    return data[at], at, 7, at + 1


def describe(data: Data, start: int, end: int) -> int:
    """`FRAME_START` and `KEYFRAME` of the payload; `MalformedPacket` if the descriptor does not fit."""
    if end <= start:
        return 0
    first = data[start]
    if not first & _S or first & _PID:
        return 0
    at = start + 1
    if first & _X:
        if at >= end:
            raise MalformedPacket("vp8: descriptor past the end")
        flags = data[at]
        at += 1
        if flags & _I:
            at += 2 if at < end and data[at] & _M else 1
        at += bool(flags & _L) + bool(flags & (_T | _K))
    if at >= end:
        raise MalformedPacket("vp8: descriptor past the end")
    return FRAME_START if data[at] & 1 else FRAME_START | KEYFRAME


def rewrite(buffer: bytearray | memoryview, payload_offset: int, picture_id: int, tl0: int) -> None:
    """Write other ids over those of a descriptor that was parsed before, each truncated to its width.

    Absent fields stay absent; −1 leaves a field as it is.
    """
    if not buffer[payload_offset] & _X:
        return
    flags = buffer[payload_offset + 1]
    at = payload_offset + 2
    if flags & _I:
        wide = buffer[at] & _M
        if picture_id >= 0:
            if wide:
                buffer[at] = _M | picture_id >> 8 & 0x7F
                buffer[at + 1] = picture_id & 0xFF
            else:
                buffer[at] = picture_id & 0x7F
        at += 2 if wide else 1
    if flags & _L and tl0 >= 0:
        buffer[at] = tl0 & 0xFF
