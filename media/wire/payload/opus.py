"""Opus packets (RFC 6716 3.1): the table-of-contents octet gives the duration; RTP's clock is 48 kHz (RFC 7587 4.1)."""

from __future__ import annotations

from media.errors import MalformedPacket
from media.wire.data import Data
from media.wire.payload.flags import FRAME_START, KEYFRAME

CLOCK_RATE = 48_000
MAX_DURATION = 5760
"""120 ms in ticks (RFC 6716 3.2.5, R5)."""
_SILK = (480, 960, 1920, 2880)
_HYBRID = (480, 960)
_CELT = (120, 240, 480, 960)


def frame_duration(toc: int) -> int:
    """Ticks of 1/48000 s of one frame, by the TOC's configuration number."""
    config = toc >> 3
    if config < 12:
        return _SILK[config & 3]
    if config < 16:
        return _HYBRID[config & 1]
    return _CELT[config & 3]


def duration(data: Data, start: int, end: int) -> int:
    """Ticks of the whole packet; `MalformedPacket` if it is empty or says more than 120 ms or no frame."""
    if end <= start:
        raise MalformedPacket("opus: empty")
    toc = data[start]
    code = toc & 3
    frames = 1 if code == 0 else 2
    if code == 3:
        if end - start < 2:
            raise MalformedPacket("opus: no frame count")
        frames = data[start + 1] & 0x3F
    ticks = frames * frame_duration(toc)
    if not 0 < ticks <= MAX_DURATION:
        raise MalformedPacket("opus: frame count")
    return ticks


def is_dtx(start: int, end: int) -> bool:
    """Whether the packet is too short to carry sound: it marks discontinuous transmission (RFC 6716 2.1.9)."""
    return end - start <= 2


def describe(data: Data, start: int, end: int) -> int:
    """Every Opus packet begins a frame and decodes by itself."""
    return FRAME_START | KEYFRAME if end > start else 0
