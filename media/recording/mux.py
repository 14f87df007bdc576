"""One playable file, by libavformat, nothing encoded anew: H.264 in MP4, everything else in WebM."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream

from media.client.manifest import PlayFile
from media.recording import thumbnails
from media.recording.group import Shape, Unplayable
from media.recording.picture import Picture
from media.recording.sound import RATE

_US = Fraction(1, 1_000_000)
_TICK = Fraction(1, RATE)
VIDEO_TICK = Fraction(1, 90_000)
_RAW = {"H264": "h264", "AV1": "obu"}
"""Codecs of which a container wants more than sizes: libavformat finds it in a raw stream of the first picture."""
_DELIMITER = b"\x12\x00"


class FileWriter:
    """An `Output` on disk."""

    def __init__(self, folder: Path, name: str, shape: Shape, done: Callable[[PlayFile], None]) -> None:
        """`name` without its ending. Raises `Unplayable` and `OSError`."""
        self._path = folder / f"{name}.{'mp4' if shape.codec == 'H264' else 'webm'}"
        self._shape = shape
        self._done = done
        self._keep: list[InputContainer] = []
        self._width = self._height = 0
        self._pictures: list[tuple[int, str]] = []
        self._next_picture = 0
        self._muxed = 0
        self._codecs: list[str] = []
        source = checked(shape.codec, shape.first) if shape.first else None
        options = {"movflags": "faststart"} if self._path.suffix == ".mp4" else {}
        self._file = av.open(str(self._path), "w", format=self._path.suffix[1:], options=options)
        self._video = self._add_video(source) if shape.first else None
        self._audio = self._add_audio() if shape.sound else None

    def picture(self, time: int, picture: Picture) -> None:
        """See `Output`."""
        packet = av.Packet(picture.data)
        packet.time_base = _US
        packet.pts = packet.dts = time
        packet.is_keyframe = picture.key
        if picture.key:
            self._width, self._height = max(self._width, picture.width), max(self._height, picture.height)
            if time >= self._next_picture:
                self._thumbnail(time, picture)
        self._mux(packet, self._video)

    def sound(self, tick: int, data: bytes, ticks: int) -> None:
        """See `Output`."""
        packet = av.Packet(data)
        packet.time_base = _TICK
        packet.pts = packet.dts = tick
        packet.duration = ticks
        packet.is_keyframe = True
        self._mux(packet, self._audio)

    def close(self, end: int) -> None:
        """See `Output`. Raises `OSError`: what is told to be there is on the disk."""
        if not self._closed():
            for name in (self._path.name, *(name for _, name in self._pictures)):
                self._path.with_name(name).unlink()
            return
        with self._path.open("rb") as file:
            os.fsync(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            octets = file.tell()
        begin = self._shape.begin
        kind = "video" if self._video is not None else "audio"
        self._done(
            PlayFile(
                name=self._path.name,
                group=self._shape.group,
                media_type=f'{kind}/{self._path.suffix[1:]}; codecs="{",".join(self._codecs)}"',
                begin=round(begin / 1000),
                end=round((begin + end) / 1000),
                octets=octets,
                sha256=digest,
                video=self._video is not None,
                audio=self._audio is not None,
                width=self._width,
                height=self._height,
                thumbnails=tuple(self._pictures),
            )
        )

    def _closed(self) -> bool:
        """False: nothing of it was to libavformat's liking."""
        try:
            self._file.close()
        except av.error.FFmpegError as error:
            _raise_if_of_the_disk(error)
            return False
        finally:
            for kept in self._keep:
                kept.close()
        return self._muxed > 0

    def _mux(self, packet: av.Packet[Stream], stream: Stream | None) -> None:
        if stream is not None:
            packet.stream = stream
            try:
                self._file.mux_one(packet)
                self._muxed += 1
            except av.error.FFmpegError as error:
                _raise_if_of_the_disk(error)  # else libavformat does not want this packet; the others it may

    def _add_video(self, source: InputContainer | None) -> Stream:
        codec, first = self._shape.codec, self._shape.first
        assert first is not None
        if source is None:
            self._width, self._height = first.width, first.height
            stream = self._file.add_mux_stream(codec.lower(), width=first.width, height=first.height)
        else:
            self._keep.append(source)
            template = source.streams.video[0]
            self._width, self._height = template.width, template.height
            stream = self._file.add_stream_from_template(template, opaque=True)
        stream.time_base = VIDEO_TICK
        self._codecs.append(codec_parameter(codec, first.setup))
        return stream

    def _add_audio(self) -> Stream:
        template = opus()
        stream = self._file.add_stream_from_template(template, opaque=True)
        stream.time_base = _TICK
        self._codecs.append("opus")
        return stream

    def _thumbnail(self, time: int, picture: Picture) -> None:
        data = thumbnails.jpeg(self._shape.codec, picture)
        if data is None:
            return
        self._next_picture = time + thumbnails.EVERY_US
        path = self._path.with_name(f"{self._path.stem}-{len(self._pictures) + 1:03}.jpg")
        path.write_bytes(data)
        self._pictures.append((round((self._shape.begin + time) / 1000), path.name))


def _raise_if_of_the_disk(error: av.error.FFmpegError) -> None:
    if isinstance(error, OSError):
        raise error


def checked(codec: str, first: Picture) -> InputContainer | None:
    """Of some codecs the first picture as a raw stream. Raises `Unplayable`."""
    if codec not in _RAW:
        if not first.width or not first.height:
            raise Unplayable("a picture of no size")
        return None
    head = _DELIMITER if codec == "AV1" else first.setup
    try:
        found = av.open(io.BytesIO(head + first.data), "r", format=_RAW[codec])
    except (av.error.FFmpegError, ValueError) as error:
        raise Unplayable(str(error)) from error
    if not found.streams.video or not found.streams.video[0].width:
        raise Unplayable("the size of the picture is not in it")
    return found


def codec_parameter(codec: str, setup: bytes) -> str:
    """RFC 6381."""
    if codec == "H264":
        return f"avc1.{setup[5:8].hex()}"  # profile, constraints, level of the sequence set, after its start code
    if codec == "AV1":
        return f"av01.{setup[2] >> 5}.08M.08"  # the level is an upper bound: no player is refused what it can play
    return codec.lower()


@cache
def opus() -> AudioStream:
    """A stream of libavformat's own with the head that RFC 7845 5.1 asks for: stereo, as RFC 7587 decodes everything."""
    data = io.BytesIO()
    with av.open(data, "w", format="ogg") as made:
        stream = made.add_stream("libopus", rate=RATE, layout="stereo")
        frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
        frame.sample_rate = RATE
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    data.seek(0)
    return av.open(data).streams.audio[0]
