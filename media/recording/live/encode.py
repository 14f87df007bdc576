"""What televisions play, out of what was captured: AAC, and one small H.264 where the film is none. Both without a hole: silence and the last
picture stand where nothing came, so that no player waits. Times are µs from the recording's origin.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeVar

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from media.recording.live import boxes, packing
from media.recording.live.output import SECOND_US, TARGET_US, Parts, Track
from media.recording.live.packing import Packing
from media.recording.mux import VIDEO_TICK
from media.recording.sound import RATE

S = TypeVar("S", AudioStream, VideoStream)
AAC_BITS = 96_000
AAC_SAMPLES = 1024
LONGEST_FILL_US = 30 * SECOND_US
"""A longer hole is a pause: the next run begins after it."""
JITTER_US = 60_000
"""Sound that is as late or early is not corrected."""
WIDTH, HEIGHT = 640, 360
BITS = 600_000
SHAPE = 0.04
"""So much wider or higher is the same shape."""
FRAME_US = 60_000
"""Between two pictures, at least …"""
SLOW_US = 1_000_000
"""… and where the machine does not keep up, or nothing moves."""
_X264 = {"preset": "veryfast", "tune": "zerolatency", "profile": "main", "x264-params": "threads=1:keyint=infinite:scenecut=0"}


class Sound:
    """AAC of a group."""

    def __init__(self, parts: Parts, origin: int, group: str, begin: int) -> None:
        """`begin`: nothing before it is told."""
        self._parts, self._origin, self._group = parts, origin, group
        self.end = begin
        """Up to where it is made."""
        self._stream: AudioStream | None = None
        self._track: Track | None = None
        self._fifo = av.AudioFifo()
        self._tick = 0
        self._resampler = av.AudioResampler("fltp", "stereo", RATE)

    def frame(self, time: int, frame: av.AudioFrame) -> None:
        """What is heard from this time on."""
        if time < self.end - JITTER_US:
            return
        self._reach(time)
        frame.pts = None
        for part in self._resampler.resample(frame):
            self._write(part)

    def fill(self, until: int) -> None:
        """Silence up to here, if nothing else is there."""
        if until - self.end <= LONGEST_FILL_US:
            self._reach(until)

    def close(self) -> None:
        """Nothing follows for a while."""
        if self._stream is not None and self._track is not None:
            self._keep(self._stream.encode(None))
            self._track.cut(self._tick)
        self._stream = self._track = None
        self._fifo = av.AudioFifo()

    def _reach(self, time: int) -> None:
        if time - self.end > LONGEST_FILL_US:
            self.close()
            self.end = time
        while time - self.end > JITTER_US:
            samples = min(RATE, (time - self.end) * RATE // SECOND_US)
            silence = av.AudioFrame.from_ndarray(np.zeros((2, samples), np.float32), format="fltp", layout="stereo")
            silence.sample_rate = RATE
            self._write(silence)

    def _write(self, frame: av.AudioFrame) -> None:
        stream = self._stream or self._begin()
        frame.pts = None
        self._fifo.write(frame)
        self.end += frame.samples * SECOND_US // RATE
        while (block := self._fifo.read(AAC_SAMPLES)) is not None:
            block.pts, block.time_base = self._tick, Fraction(1, RATE)
            self._tick += AAC_SAMPLES
            self._keep(stream.encode(block))

    def _begin(self) -> AudioStream:
        made = Packing(packing.init_of(_aac), 'audio/mp4; codecs="mp4a.40.2"', "m4s", RATE, boxes.fragment)
        self._tick = self.end * RATE // SECOND_US
        self._track = Track(self._parts, self._origin, self._parts.run(self._group, "AAC", self._origin + self.end, made), made)
        self._stream = _opened(_aac)
        return self._stream

    def _keep(self, packets: Sequence[av.Packet[AudioStream]]) -> None:
        assert self._track is not None
        for packet in packets:
            tick = int(packet.pts or 0)
            if self._track.length(tick) >= TARGET_US:
                self._track.cut(tick)
            self._track.add(tick, bytes(packet), key=True)


class Film:
    """Small H.264 of a group."""

    def __init__(self, parts: Parts, origin: int, group: str, begin: int) -> None:
        """`begin`: nothing before it is told."""
        self._parts, self._origin, self._group = parts, origin, group
        self.end = begin
        """Time of the newest picture that is told."""
        self._size = (0, 0)
        self._stream: VideoStream | None = None
        self._track: Track | None = None
        self._last: av.VideoFrame | None = None

    def frame(self, time: int, frame: av.VideoFrame, slow: bool = False) -> None:
        """What is seen from this time on. `slow`: the machine does not keep up."""
        size = _fitting(frame.width, frame.height)
        size = self._size if _alike(size, self._size) else size
        if time < self.end or (self._last is not None and time - self.end < (SLOW_US if slow else FRAME_US)):
            return
        if size != self._size or time - self.end > LONGEST_FILL_US:
            self.close()
        self.fill(time - FRAME_US)
        self._size, self._last = size, frame.reformat(*size, "yuv420p")
        self._encode(time, self._last)

    def fill(self, until: int) -> None:
        """The last picture stays up to here."""
        while self._last is not None and SLOW_US < until - self.end <= LONGEST_FILL_US:
            self._encode(self.end + SLOW_US, self._last)

    def close(self) -> None:
        """Nothing follows for a while."""
        if self._track is not None:
            self._track.cut(self._track.ticks(self.end + FRAME_US))
        self._stream = self._track = self._last = None

    def _encode(self, time: int, picture: av.VideoFrame) -> None:
        stream = self._stream or self._begin(time)
        assert self._track is not None
        self.end, tick = time, self._track.ticks(time)
        key = self._track.empty or self._track.length(tick) >= TARGET_US
        picture.pts, picture.time_base = tick, VIDEO_TICK
        picture.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        for packet in stream.encode(picture):
            if packet.is_keyframe:
                self._track.cut(tick)
            self._track.add(tick, bytes(packet), packet.is_keyframe)

    def _begin(self, time: int) -> VideoStream:
        size = self._size

        def add(file: OutputContainer) -> VideoStream:
            stream = file.add_stream("libx264", rate=15, options=_X264)
            stream.width, stream.height = size
            stream.pix_fmt, stream.bit_rate = "yuv420p", BITS
            stream.codec_context.time_base = stream.time_base = VIDEO_TICK
            return stream

        self._stream = _opened(add)
        setup = bytes(self._stream.codec_context.extradata or b"")
        at = setup.find(b"\x00\x00\x01\x67") + 4
        name = f"avc1.{setup[at : at + 3].hex()}"
        head = packing.init_of(add)
        made = Packing(head, f'video/mp4; codecs="{name}"', "m4s", VIDEO_TICK.denominator, packing.h264_fragment, *size)
        self._track = Track(self._parts, self._origin, self._parts.run(self._group, "H264", self._origin + time, made), made)
        return self._stream


def _aac(file: OutputContainer) -> AudioStream:
    stream = file.add_stream("aac", rate=RATE, layout="stereo")
    stream.bit_rate = AAC_BITS
    return stream


def _opened(add: Callable[[OutputContainer], S]) -> S:
    """An encoder, with what a file wants of it. The file itself is never written: the parts are packed here."""
    file = av.open(io.BytesIO(), "w", format="mp4", options=packing.MP4)
    stream = add(file)
    file.start_encoding()
    return stream  # it keeps its file


def _fitting(width: int, height: int) -> tuple[int, int]:
    """The largest of this shape, in even numbers: a sender that makes its picture smaller for a while changes nothing."""
    scale = min(WIDTH / max(1, width), HEIGHT / max(1, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """But for rounding."""
    return all(abs(a - b) <= SHAPE * max(a, b) for a, b in zip(one, other, strict=True))
