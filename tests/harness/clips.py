"""Short real pictures, encoded once and cut into RTP payloads, for publishers made by hand."""

from __future__ import annotations

import base64
import functools
import itertools
from fractions import Fraction

import av

from media.synthetic.pictures import teacher
from tests.harness.captures import sounds

CUT = 1100
FRAMES = 25


@functools.cache
def encode(codec: str, width: int, height: int) -> tuple[bytes, ...]:
    """`FRAMES` frames of a moving picture, the first a keyframe, no other."""
    context = av.CodecContext.create({"VP8": "libvpx", "H264": "libx264"}[codec], "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.bit_rate, context.gop_size = Fraction(1, 25), 300_000, FRAMES
    realtime = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    context.options = realtime if codec == "VP8" else {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "slices": "1"}
    paint, packets = teacher(width, height), []
    for index in range(FRAMES):
        frame = av.VideoFrame.from_ndarray(paint(index / 25), format="bgr24").reformat(format="yuv420p")
        frame.pts = index
        packets += context.encode(frame)
    return tuple(bytes(packet) for packet in [*packets, *context.encode(None)])


class Clip:
    """A second of pictures, repeated from its keyframe. H.264 carries its parameter sets in-band only if asked to."""

    def __init__(self, codec: str, width: int = 320, height: int = 180, in_band: bool = True) -> None:
        self._frames = encode(codec, width, height)
        self._codec = codec
        self._in_band = in_band
        self._at = 0
        self._pictures = 0

    @property
    def sprop(self) -> str:
        """`sprop-parameter-sets` (RFC 6184 8.1)."""
        return ",".join(base64.b64encode(unit).decode() for unit in _units(self._frames[0]) if unit[0] & 0x1F in (7, 8))

    def next(self, keyframe: bool) -> list[bytes]:
        """Payloads of the next frame; a keyframe is had by going back to the start."""
        self._at = 0 if keyframe else self._at
        frame = self._frames[self._at]
        self._at = (self._at + 1) % len(self._frames)
        self._pictures += 1
        return self._vp8(frame) if self._codec == "VP8" else self._h264(frame)

    def _vp8(self, frame: bytes) -> list[bytes]:
        number = bytes((0x80 | self._pictures >> 8 & 0x7F, self._pictures & 0xFF))
        return [bytes((0x90 if at == 0 else 0x80, 0x80)) + number + frame[at : at + CUT] for at in range(0, len(frame), CUT)]

    def _h264(self, frame: bytes) -> list[bytes]:
        kinds = (1, 5, 7, 8) if self._in_band else (1, 5)
        return [payload for unit in _units(frame) if unit[0] & 0x1F in kinds for payload in _fragments(unit)]


class Tone:
    """A second of sound in packets of 20 ms, repeated."""

    def __init__(self) -> None:
        self._packets = itertools.cycle(sounds(50))

    def next(self, keyframe: bool) -> list[bytes]:
        """Payload of the next packet; each can be heard by itself."""
        return [next(self._packets)]


def _units(frame: bytes) -> list[bytes]:
    return [
        unit.rstrip(b"\0") if unit[0] & 0x1F in (7, 8) else unit for unit in frame.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit
    ]


def _fragments(unit: bytes) -> list[bytes]:
    """One NAL unit packet, or FU-A (RFC 6184 5.6, 5.8)."""
    if len(unit) <= CUT:
        return [unit]
    cuts = range(1, len(unit), CUT)
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 0x1F
    return [
        bytes((indicator, kind | (0x80 if at == 1 else 0) | (0x40 if at + CUT >= len(unit) else 0))) + unit[at : at + CUT] for at in cuts
    ]
