"""One playable file → the files that hold what of it lies in a span, and not one picture or packet of sound besides.

Packets are copied from the first keyframe in the span on. What comes before it is decoded and encoded again: VP8 and VP9 in the same codec
and the same file; H.264, whose parameters belong to the whole of an MP4, into a small file before it; AV1, which is slow to encode, into one
of VP9. The picture that was on show when the span begins is its first. Two passes, whatever the length; the first looks at the beginning only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from media.recording.encode import US, Encoder, Wanted, add_encoded, decoded, even, micros, opened

BEFORE_US = 12_000_000
"""So far ahead of the span is read: sound and pictures of one moment do not lie side by side in a file."""
JOINED = {"vp8", "vp9"}
"""A stream of which may go on with pictures of another encoder."""
INSTEAD = {"av1": "vp9"}
_LEAST_BITS, _MOST_BITS = 300_000, 6_000_000
_OPUS_US = 20_000


@dataclass(frozen=True, slots=True)
class Head:
    """How the span begins in a film. Times from the file's 0, µs."""

    codec: str = ""
    """As libavcodec names it; empty: no pictures."""
    cover: int | None = None
    """Time of the picture that is on show then; None: there is none yet."""
    key: int | None = None
    """The keyframe from which that decodes."""
    after: int | None = None
    """The first keyframe after it, if it comes before the span ends."""
    since: int = 0
    """From here on the file is read."""
    size: tuple[int, int] = (0, 0)
    """Of the picture, where it must be encoded again."""
    rate: Fraction = Fraction(15)


@dataclass(frozen=True, slots=True)
class Piece:
    """A file to be written. Times from the source's 0, µs."""

    suffix: str
    """To the name of its source, before the ending."""
    begin: int
    end: int
    encode: tuple[int, int] | None
    """Pictures of these times are encoded again, the first of them as one of the beginning."""
    copy: int | None
    """Pictures from this time on are copied."""
    codec: str
    """Of those that are encoded."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece that was written."""

    piece: Piece
    path: Path
    pictures: int
    sounds: int
    lost: int
    """Pictures that do not decode; at least one, where that is not known."""
    config: bytes = b""
    """What the decoder of encoded pictures is told first."""


def look(path: Path, begin: int, end: int) -> Head:
    """The first pass. Raises `OSError` for what cannot be read."""
    since = max(begin - BEFORE_US, 0)
    with opened(str(path)) as source:
        if not source.streams.video:
            return Head(since=since)
        found = _looked(source, begin, end, since)
    if found.cover is not None and found.key is None:  # an index that leads astray
        with opened(str(path)) as source:
            found = _looked(source, begin, end, 0)
    return found


def _looked(source: InputContainer, begin: int, end: int, since: int) -> Head:
    video = source.streams.video[0]
    cover = key = after = start = None
    for packet, time in _packets(source, since, video):
        if time >= end or (time > begin and packet.is_keyframe):
            after = time if time < end else None
            break
        if time <= begin:
            cover = time
            if packet.is_keyframe:
                key, start = time, packet
    size = (0, 0)
    if start is not None and cover != key:
        size = next(((frame.width, frame.height) for one in (start, None) for _, frame in decoded(one, video)), size)
    rate = min(max(video.average_rate or Fraction(15), Fraction(1)), Fraction(60))
    return Head(video.codec_context.codec.canonical_name, cover, key, after, since if key is None else min(since, key), size, rate)


def plan(head: Head, begin: int, end: int) -> list[Piece]:
    """The files to be written. Pure."""
    if head.cover is None or head.key == head.cover:
        return [Piece("", begin, end, None, begin if head.cover is None else head.cover, head.codec)]
    until = end if head.after is None else head.after
    if head.key is None or not all(head.size):  # there is nothing it could be decoded from
        return [Piece("", begin, end, None, until, head.codec)]
    if head.codec in JOINED:
        return [Piece("", begin, end, (head.cover, until), until, head.codec)]
    codec = INSTEAD.get(head.codec, head.codec)
    if head.after is None:
        return [Piece("-begin", begin, end, (head.cover, end), None, codec)]
    turn = until // 1000 * 1000  # the manifest's times are whole milliseconds
    return [Piece("-begin", begin, turn, (head.cover, until), None, codec), Piece("", turn, end, None, turn, head.codec)]


def ending(piece: Piece, source: Path) -> str:
    """Of its file's name."""
    return source.suffix if piece.copy is not None or piece.codec == "h264" else ".webm"


def cut(source: Path, target: Path, head: Head, piece: Piece, bits: int) -> Cut:
    """The second pass, for one of its files; `bits`: of the source, a second. Raises `OSError`."""
    found, kinds = _cut(source, target, head, piece, bits, ("video", "audio"))
    came = [kind for kind, there in (("video", found.pictures), ("audio", found.sounds)) if there]
    if came and came != kinds:  # a stream that is told of and never comes is waited for
        found, _ = _cut(source, target, head, piece, bits, came)
    return found


def _cut(source: Path, target: Path, head: Head, piece: Piece, bits: int, kinds: Sequence[str]) -> tuple[Cut, list[str]]:
    options = {"movflags": "faststart"} if target.suffix == ".mp4" else {}
    with opened(str(source)) as film, av.open(str(target), "w", format=target.suffix[1:], options=options) as out:
        writer = _Writer(film, out, head, piece, bits, kinds)
        for packet, time in _packets(film, head.since if piece.encode else min(head.since, max(piece.begin - BEFORE_US, 0))):
            if time >= piece.end + BEFORE_US:
                break
            if packet.stream.type not in kinds:
                continue
            if packet.stream.type == "video":
                writer.video(packet, time)
            else:
                writer.audio(packet, time)
        writer.encode_rest()
    late = piece.encode is None and piece.copy is not None and piece.copy > piece.begin
    lost = writer.due - writer.made + late
    return Cut(piece, target, writer.pictures, writer.sounds, lost, writer.config()), writer.kinds


class _Writer:
    def __init__(self, film: InputContainer, out: OutputContainer, head: Head, piece: Piece, bits: int, kinds: Sequence[str]) -> None:
        self._out, self._piece = out, piece
        self._film = film.streams.video[0] if film.streams.video and "video" in kinds else None
        self._encoder: Encoder | None = None
        self.pictures = self.sounds = self.due = self.made = 0
        self._last = -1
        self._video: VideoStream | None = None
        width, height = (even(one) for one in head.size)
        about = Wanted(piece.codec, width, height, min(max(bits * 3 // 2, _LEAST_BITS), _MOST_BITS), head.rate, 600)
        if self._film is not None and piece.copy is not None:
            self._video = out.add_stream_from_template(self._film, opaque=True)
            self._encoder = Encoder(about) if piece.encode else None
        elif self._film is not None:
            self._video = add_encoded(out, about)
            self._encoder = Encoder(about, self._video)
        self._audio: Stream | None = None
        if film.streams.audio and "audio" in kinds:
            self._audio = out.add_stream_from_template(film.streams.audio[0], opaque=True)

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, stream in (("video", self._video), ("audio", self._audio)) if stream is not None]

    def video(self, packet: av.Packet[Stream], time: int) -> None:
        piece = self._piece
        if time >= piece.end:
            return
        if self._encoder is not None and piece.encode and time < piece.encode[1]:
            self.due += time >= piece.encode[0]
            assert self._film is not None
            for at, frame in decoded(packet, self._film):
                self._encode(frame, at)
        elif piece.copy is not None and time >= piece.copy:
            self.encode_rest()
            self._picture(packet, max(time - piece.begin, 0))

    def audio(self, packet: av.Packet[Stream], time: int) -> None:
        piece = self._piece
        length = micros(packet.duration, packet.time_base) if packet.duration and packet.time_base else _OPUS_US
        if (time >= piece.begin or piece.begin == 0) and time + length <= piece.end:
            self._put(packet, self._audio, time - piece.begin)
            self.sounds += 1

    def encode_rest(self) -> None:
        """Pictures before the first that is copied are all there."""
        if self._film is None or self._encoder is None:
            return
        for at, frame in decoded(None, self._film):
            self._encode(frame, at)
        if self.made:
            self._all(self._encoder.rest())
        self._encoder = None

    def config(self) -> bytes:
        """See `Cut`."""
        if self._video is None or self._piece.copy is not None:
            return b""
        return bytes(self._video.codec_context.extradata or b"")

    def _encode(self, frame: av.VideoFrame, time: int) -> None:
        piece = self._piece
        assert piece.encode is not None
        assert self._encoder is not None
        if not piece.encode[0] <= time < piece.encode[1]:
            return
        at = max(time - piece.begin, 0)
        if at <= self._last:
            return  # a layer of the same picture
        self._last = at
        self.made += 1
        self._all(self._encoder.encode(frame, at))

    def _all(self, packets: list[av.Packet[Stream]]) -> None:
        for packet in packets:
            assert packet.pts is not None
            assert packet.time_base is not None
            self._picture(packet, micros(packet.pts, packet.time_base))

    def _picture(self, packet: av.Packet[Stream], time: int) -> None:
        self._put(packet, self._video, time)
        self.pictures += 1

    def _put(self, packet: av.Packet[Stream], stream: Stream | None, time: int) -> None:
        assert stream is not None
        packet.stream = stream
        duration = micros(packet.duration, packet.time_base) if packet.duration and packet.time_base else 0
        packet.time_base = US
        packet.pts = packet.dts = time
        packet.duration = duration
        self._out.mux_one(packet)


def _packets(source: InputContainer, since: int, only: VideoStream | None = None) -> Iterator[tuple[av.Packet[Stream], int]]:
    """Those of a file from a keyframe before this time on; their times in µs."""
    if since > 0:
        source.seek(since)
    found: Iterator[av.Packet[Any]] = source.demux(only) if only else source.demux()
    for packet in found:
        if packet.pts is not None and packet.size and packet.time_base is not None and packet.stream.type in ("video", "audio"):
            yield packet, micros(packet.pts, packet.time_base)
