"""What the raw publisher sends as video: filler of an exact shape, or a short real VP8 clip, cut into RTP payloads."""

from __future__ import annotations

import os
from fractions import Fraction
from typing import Protocol

import av
import numpy as np

FRAMES_PER_SECOND = 30
PACKETS_PER_FRAME = 8
GROUP = 60
"""Frames from one keyframe to the next."""
CUT = 1100
"""Octets of VP8 data in one packet of a real clip."""


class Frames(Protocol):
    """A source of video frames."""

    def next(self, keyframe: bool) -> list[bytearray]:
        """Payloads of the next frame, VP8 descriptor first; a keyframe if asked for, or if it is time."""


def describe(first: bool, picture_id: int) -> bytes:
    """VP8 payload descriptor with a 15-bit picture id (RFC 7741 4.2)."""
    return bytes((0x90 if first else 0x80, 0x80, 0x80 | picture_id >> 8 & 0x7F, picture_id & 0xFF))


class Filler:
    """Frames of `PACKETS_PER_FRAME` payloads of one size whose VP8 header is right and whose picture is noise."""

    def __init__(self, size: int) -> None:
        self._noise = [os.urandom(size - 5) for _ in range(PACKETS_PER_FRAME)]
        self._count = 0

    def next(self, keyframe: bool) -> list[bytearray]:
        """See `Frames`. Octets from `STAMP_AT` on are free for a time stamp."""
        key = keyframe or self._count % GROUP == 0
        self._count += 1
        header = 0x10 if key else 0x11
        payloads = [bytearray(describe(index == 0, self._count) + bytes((header,)) + noise) for index, noise in enumerate(self._noise)]
        if key:
            payloads[0][7:10] = b"\x9d\x01\x2a"
        return payloads


class Clip:
    """Two seconds of a moving picture, 640 × 360, encoded once and repeated from its keyframe."""

    def __init__(self) -> None:
        self._frames = encode(GROUP)
        self._at = 0
        self._count = 0

    def next(self, keyframe: bool) -> list[bytearray]:
        """See `Frames`; a keyframe is had by going back to the start."""
        if keyframe:
            self._at = 0
        frame = self._frames[self._at]
        self._at = (self._at + 1) % len(self._frames)
        self._count += 1
        return [bytearray(describe(at == 0, self._count) + frame[at : at + CUT]) for at in range(0, len(frame), CUT)]


def encode(count: int) -> list[bytes]:
    """VP8 frames of a picture that moves, the first a keyframe, no other."""
    context = av.CodecContext.create("libvpx", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = 640, 360, "yuv420p"
    context.time_base = Fraction(1, FRAMES_PER_SECOND)
    context.bit_rate = 1_000_000
    context.gop_size = count
    context.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}
    packets = []
    for index in range(count):
        frame = av.VideoFrame.from_ndarray(np.roll(_picture(), 8 * index, axis=1), format="rgb24").reformat(format="yuv420p")
        frame.pts = index
        packets += context.encode(frame)
    packets += context.encode(None)
    return [bytes(packet) for packet in packets]


def _picture() -> np.ndarray:
    across, down = np.meshgrid(np.arange(640), np.arange(360))
    return np.stack([across % 256, down % 256, (across + down) % 256], axis=2).astype(np.uint8)
