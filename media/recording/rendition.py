"""A film again, small enough for a weak link: same times, few bits, a keyframe every few seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from media.client.manifest import PlayFile
from media.recording.encode import Encoder, Wanted, add_encoded, decoded, even, opened
from media.recording.sound import RATE

ABOVE_BITS = 400_000
"""A film of fewer bits a second is thin as it is."""
BITS = 250_000
SOUND_BITS = 48_000
"""Sound of more is encoded again, too."""
KEY_US = 3_000_000
CODECS = {"vp8": "vp8", "vp9": "vp9", "h264": "h264", "av1": "vp9"}
"""A player that has played the one can play the other."""
_SLACK_US = 5_000
"""Pictures do not come to the microsecond."""
_STEADY = {"minrate": str(BITS), "maxrate": str(BITS), "bufsize": str(BITS * 2), "max-intra-rate": "400"}
_DROPS = {"drop-threshold": "20"}
"""Where there is more to be seen than so few bits tell, pictures are left out; not of a screen, whose last one stays."""
_OPTIONS = {
    "vp8": {"cpu-used": "5", **_STEADY},
    "vp9": {"cpu-used": "8", **_STEADY},
    "h264": {"forced-idr": "1", "sc_threshold": "0", "maxrate": str(BITS), "bufsize": str(BITS * 2)},
}
_ANY_ASPECT = 0.02


@dataclass(frozen=True, slots=True)
class Made:
    """A film that was written."""

    pictures: int
    sounds: int
    codec: str
    width: int
    height: int
    config: bytes
    """What a decoder is told first."""


def needed(film: PlayFile) -> bool:
    """Whether it has more bits than a weak link carries."""
    return film.video and not film.quality and film.octets * 8000 > ABOVE_BITS * max(film.end - film.begin, 1)


def size_of(group: str, width: int, height: int) -> tuple[int, int]:
    """Of the thin one of a film; on a shared screen there are words to be read."""
    scale = min(1.0, (540 if group == "screen" else 360) / max(min(width, height), 1))
    return even(width * scale), even(height * scale)


def rate_of(group: str) -> int:
    """Pictures a second, at most."""
    return 5 if group == "screen" else 15


def suffix_of(source: Path) -> str:
    """Ending of the thin file's name. Raises `OSError`."""
    with opened(str(source)) as film:
        return ".mp4" if _codec(film) == "h264" else ".webm"


def _codec(film: InputContainer) -> str:
    return CODECS[film.streams.video[0].codec_context.codec.canonical_name]


def encode(source: Path, target: Path, kind: str, group: str, sound_bits: int, told: Callable[[int], None]) -> Made:
    """`kind`: of the file, `mp4` or `webm`; `sound_bits`: of its sound, a second; `told` hears of progress, µs. Raises `OSError` and what libav raises."""
    options = {"movflags": "faststart"} if kind == "mp4" else {}
    with opened(str(source)) as film:
        size = _first_size(source)
        wanted = _wanted(_codec(film), group, *size)
        with av.open(str(target), "w", format=kind, options=options) as out:
            writer = _Writer(film, out, wanted, Fraction(rate_of(group)), sound_bits)
            found: Iterator[av.Packet[Any]] = film.demux()
            for packet in found:
                if packet.stream.type == "video":
                    told(writer.video(packet))
                elif packet.stream.type == "audio":
                    writer.audio(packet)
            writer.rest()
            return Made(writer.pictures, writer.sounds, wanted.codec, wanted.width, wanted.height, writer.config())


def _wanted(codec: str, group: str, width: int, height: int) -> Wanted:
    rate = rate_of(group)
    options = {**_OPTIONS[codec], **(_DROPS if codec != "h264" and group != "screen" else {})}
    return Wanted(codec, *size_of(group, width, height), BITS, Fraction(rate), 100 * rate, tuple(options.items()))


def _first_size(source: Path) -> tuple[int, int]:
    """Of the first picture that decodes. Raises `ValueError` where none does."""
    with opened(str(source)) as film:
        video = film.streams.video[0]
        found: Iterator[av.Packet[Any]] = film.demux(video)
        for packet in found:
            for _, frame in decoded(packet if packet.size else None, video):
                return frame.width, frame.height
    raise ValueError("no picture in it decodes")


class _Writer:
    def __init__(self, film: InputContainer, out: OutputContainer, wanted: Wanted, rate: Fraction, sound_bits: int) -> None:
        self._out, self._wanted = out, wanted
        self._film = film.streams.video[0]
        self._every = int(1_000_000 / rate) - _SLACK_US
        self._video: VideoStream = add_encoded(out, wanted)
        self._encoder = Encoder(wanted, self._video)
        self._heard = film.streams.audio[0] if film.streams.audio else None
        self._again: AudioStream | None = None
        self._audio: Stream | None = None
        if self._heard is not None and sound_bits <= SOUND_BITS:
            self._audio = out.add_stream_from_template(self._heard, opaque=True)
        elif self._heard is not None:
            self._audio = self._again = out.add_stream(
                "libopus", rate=RATE, layout="mono", bit_rate=SOUND_BITS * 2 // 3, options={"vbr": "constrained"}
            )
        self._last = self._key = -KEY_US
        self._left: tuple[int, av.VideoFrame] | None = None
        """The newest picture that was left out, and its time."""
        self.pictures = self.sounds = 0

    def video(self, packet: av.Packet[Any]) -> int:
        for time, frame in decoded(packet if packet.size else None, self._film):
            if self._left is not None and time - self._left[0] > self._every:
                self._picture(self._left[1], self._left[0])  # nothing came after it for a while: it is what was seen
            if time - self._last >= self._every:
                self._picture(frame, time)
            else:
                self._left = time, frame
        return self._last

    def audio(self, packet: av.Packet[Any]) -> None:
        if self._again is not None and self._heard is not None:
            for frame in self._heard.codec_context.decode(packet if packet.size else None):
                self._out.mux(self._again.encode(frame))
                self.sounds += 1
        elif packet.size and packet.pts is not None and self._audio is not None:
            packet.stream = self._audio
            self._out.mux_one(packet)
            self.sounds += 1

    def rest(self) -> None:
        """Everything was read."""
        if self._left is not None:
            self._picture(self._left[1], self._left[0])
        if self.pictures:
            self._out.mux(self._encoder.rest())
        if self._again is not None and self.sounds:
            self._out.mux(self._again.encode(None))

    def config(self) -> bytes:
        return bytes(self._video.codec_context.extradata or b"")

    def _picture(self, frame: av.VideoFrame, time: int) -> None:
        self._last, self._left = time, None
        key = time - self._key >= KEY_US
        if key:
            self._key = time
        packets = self._encoder.encode(boxed(frame, self._wanted.width, self._wanted.height), time, key)
        self.pictures += len(packets)
        self._out.mux(packets)


def boxed(frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
    """Not stretched: one of another shape than the first, of a phone that was turned, has black beside it."""
    shape = frame.width * height / (frame.height * width)
    if abs(shape - 1) <= _ANY_ASPECT:
        return frame
    size = min(even(width * min(shape, 1.0)), width), min(even(height / max(shape, 1.0)), height)
    small = frame.reformat(*size, "rgb24", interpolation="AREA").to_ndarray()
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return av.VideoFrame.from_ndarray(canvas, format="rgb24")
