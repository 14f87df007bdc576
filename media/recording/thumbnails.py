"""Small pictures for a timeline, out of keyframes alone: nothing else is decoded."""

from __future__ import annotations

from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext

from media.recording.picture import Picture

EVERY_US = 60_000_000
WIDTH = 240
MOST_PIXELS = 4096 * 2304
"""Larger pictures are not decoded: a publisher may claim any size."""
_DECODERS = {"VP8": "vp8", "VP9": "vp9", "H264": "h264", "AV1": "libdav1d"}
_QUALITY = {"qmin": "5", "qmax": "8"}


def jpeg(codec: str, picture: Picture) -> bytes | None:
    """At most `WIDTH` wide. None if the keyframe does not decode."""
    try:
        frame = _decoded(codec, picture)
        if frame is None or not frame.width or not frame.height:
            return None
        width = min(WIDTH, frame.width) & ~1 or 2
        height = max(2, round(frame.height * width / frame.width) & ~1)
        small = frame.reformat(width, height, "yuvj420p")
        encoder = _context("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
        encoder.time_base = Fraction(1, 25)
        encoder.options = _QUALITY
        small.pts = 0
        packets = [*encoder.encode(small), *encoder.encode(None)]
        return bytes(packets[0]) if packets else None
    except av.error.FFmpegError:
        return None


def _decoded(codec: str, picture: Picture) -> av.VideoFrame | None:
    decoder = _context(_DECODERS[codec], "r")
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(MOST_PIXELS)}
    data = picture.data if picture.data.startswith(picture.setup) else picture.setup + picture.data
    frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    return frames[0] if frames else None


def _context(name: str, mode: str) -> VideoCodecContext:
    context = av.CodecContext.create(name, mode)  # type: ignore[call-overload]  # of a name that is not a literal
    assert isinstance(context, VideoCodecContext)
    return context
