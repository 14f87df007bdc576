"""Pictures encoded anew, where a copy will not do: the beginning of a cut, and films for weak links. One thread each way, nothing held back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream

from media.recording.thumbnails import MOST_PIXELS

US = Fraction(1, 1_000_000)
TICK = Fraction(1, 90_000)
ENCODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9", "h264": "libx264"}
"""By the codec's name in libavcodec."""
_VPX = {"deadline": "realtime", "lag-in-frames": "0", "auto-alt-ref": "0", "error-resilient": "0"}
_OPTIONS = {
    "vp8": {**_VPX, "cpu-used": "8"},
    "vp9": {**_VPX, "cpu-used": "8", "row-mt": "0"},
    "h264": {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"},
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an encoder shall make."""

    codec: str
    width: int
    height: int
    bits: int
    """A second."""
    rate: Fraction
    """Pictures a second, about."""
    gop: int
    """Pictures from one keyframe to the next, at most."""
    options: tuple[tuple[str, str], ...] = ()


class Encoder:
    """Gets pictures with their times, gives packets for a stream."""

    def __init__(self, wanted: Wanted, stream: VideoStream | None = None) -> None:
        """`stream`: of the file that it is for, where its head says what a decoder needs (`add_encoded`)."""
        self._wanted = wanted
        if stream is not None:
            self._context = stream.codec_context
            return
        context = av.CodecContext.create(ENCODERS[wanted.codec], "w")
        assert isinstance(context, VideoCodecContext)
        self._context = context
        set_up(context, wanted)

    def encode(self, frame: av.VideoFrame, time: int, key: bool = False) -> list[av.Packet[Stream]]:
        """`time`: µs, rising; `key`: as a keyframe, whatever the encoder thinks."""
        return self._context.encode(fitted(frame, self._wanted, time, key))

    def rest(self) -> list[av.Packet[Stream]]:
        """Nothing comes any more."""
        return self._context.encode(None)


def set_up(context: VideoCodecContext, wanted: Wanted) -> None:
    """Before it is opened."""
    context.width, context.height, context.pix_fmt = wanted.width, wanted.height, "yuv420p"
    context.time_base, context.framerate = TICK, wanted.rate
    context.bit_rate, context.gop_size = wanted.bits, wanted.gop
    context.thread_count = 1
    context.options = {**_OPTIONS[wanted.codec], **dict(wanted.options)}


def add_encoded(out: OutputContainer, wanted: Wanted) -> VideoStream:
    """A stream of a file that encodes by itself: the head of the file says what its decoder needs."""
    stream = out.add_stream(ENCODERS[wanted.codec], rate=wanted.rate)
    assert isinstance(stream, VideoStream)
    set_up(stream.codec_context, wanted)
    return stream


def fitted(frame: av.VideoFrame, wanted: Wanted, time: int, key: bool) -> av.VideoFrame:
    """As the encoder wants it; `time`: µs."""
    small = frame.reformat(wanted.width, wanted.height, "yuv420p", interpolation="AREA")
    small.pts, small.time_base = round(time * US / TICK), TICK
    small.duration = round(1 / (wanted.rate * TICK))
    small.pict_type = PictureType.I if key else PictureType.NONE  # else the encoder's choice, not the source's
    return small


def opened(path: str) -> InputContainer:
    """A file to be read: of its pictures none is decoded that claims to be larger than any camera's, and by one thread."""
    found = av.open(path, "r")
    for stream in found.streams.video:
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    return found


def decoded(packet: av.Packet[Stream] | None, stream: VideoStream) -> Iterator[tuple[int, av.VideoFrame]]:
    """Pictures that come of one more packet, None: of the last, with their times, µs; none of a packet that is damaged."""
    try:
        frames = stream.codec_context.decode(packet)
    except av.error.FFmpegError:
        return
    for frame in frames:
        if frame.pts is not None and stream.time_base is not None:
            yield micros(frame.pts, stream.time_base), frame


def micros(pts: int, base: Fraction) -> int:
    """In µs."""
    return round(pts * base / US)


def even(size: float) -> int:
    """The nearest even number of pixels, at least 2."""
    return max(2, round(size / 2) * 2)
