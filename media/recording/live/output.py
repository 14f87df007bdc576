"""Cuts what would be one playable file into segments, picture and sound apart. Pure but for where its segments go.

A segment is whole when what comes after its last picture is known, for only then is it known how long that is shown: players drop what follows
a hole (Media Source Extensions 3.5.8) until the next keyframe.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from media.recording.group import Shape
from media.recording.live import packing
from media.recording.live.boxes import Sample
from media.recording.live.packing import Packing
from media.recording.picture import Picture
from media.recording.sound import RATE, SILENCE

SECOND_US = 1_000_000
TARGET_US = 2 * SECOND_US
"""A segment is as long, whether a keyframe follows or not …"""
KEY_US = 1 * SECOND_US
"""… or as short, where one does."""
STILL_US = 2_500_000
"""A picture that stands for longer is not waited behind; it is told to last so long."""
MOST_BYTES = 8 << 20
"""Of a segment."""


class Parts(Protocol):
    """Where segments go. Raises `OSError`."""

    def check_room(self, group: str) -> None:
        """Raises `Unplayable` where there are too many runs of a group for one of pictures and one of sound."""

    def run(self, group: str, codec: str, begin: int, made: Packing) -> int:
        """A new run that begins at this lesson time, µs: its number."""

    def segment(self, run: int, data: bytes, begin: int, end: int, key: bool) -> None:
        """Its next segment; lesson times, µs."""


class Track:
    """The segments of one run. Times: µs from the recording's origin."""

    def __init__(self, parts: Parts, origin: int, run: int, made: Packing) -> None:
        self._parts = parts
        self._origin = origin
        self._run = run
        self._made = made
        self._number = 0
        self._samples: list[tuple[int, bytes, bool]] = []
        """Ticks, data, key."""
        self._octets = 0

    def ticks(self, time: int) -> int:
        """Of this track."""
        return time * self._made.rate // SECOND_US

    def length(self, until: int) -> int:
        """How long the segment is at this tick, µs."""
        return (until - self._samples[0][0]) * SECOND_US // self._made.rate if self._samples else 0

    def still(self, until: int) -> int:
        """For how long nothing came, µs."""
        return (until - self._samples[-1][0]) * SECOND_US // self._made.rate if self._samples else 0

    @property
    def last(self) -> int:
        """Tick of the newest sample."""
        return self._samples[-1][0]

    @property
    def empty(self) -> bool:
        """Nothing is in the segment."""
        return not self._samples

    def full(self) -> bool:
        """Whether it holds as many bytes as one may."""
        return self._octets >= MOST_BYTES

    def add(self, tick: int, data: bytes, key: bool) -> None:
        """The next sample."""
        if self._samples:
            tick = max(tick, self._samples[-1][0] + 1)
        self._samples.append((tick, data, key))
        self._octets += len(data)

    def cut(self, until: int) -> None:
        """The segment ends at this tick."""
        if not self._samples:
            return
        begin, until = self._samples[0][0], max(until, self._samples[-1][0] + 1)
        ends = [*(tick for tick, _, _ in self._samples[1:]), until]
        samples = [Sample(end - tick, data, key) for (tick, data, key), end in zip(self._samples, ends, strict=True)]
        self._number += 1
        data = self._made.pack(self._number, begin, samples)
        self._parts.segment(self._run, data, self._lesson(begin), self._lesson(until), self._samples[0][2])
        self._samples, self._octets = [], 0

    def _lesson(self, tick: int) -> int:
        return self._origin + tick * SECOND_US // self._made.rate


class LiveOutput:
    """An `Output` in segments."""

    def __init__(self, parts: Parts, origin: int, shape: Shape, closed: Callable[[LiveOutput], None]) -> None:
        """`origin`: lesson time of media time 0, µs; `closed` hears of the end. Raises `Unplayable`."""
        parts.check_room(shape.group)
        self.group = shape.group
        self._closed = closed
        self._parts = parts
        self._origin = origin
        self._codec = shape.codec
        self._base = shape.begin - origin
        self._pictures: Track | None = None
        self._sounds: Track | None = None
        self._packing = packing.of_pictures(shape.codec, shape.first) if shape.first is not None else None
        self._heard = 0
        """Tick at which the sound ends."""

    def picture(self, time: int, picture: Picture) -> None:
        """See `Output`."""
        at = self._base + time
        if self._packing is None or at < 0:
            return
        if self._pictures is None:
            run = self._parts.run(self.group, self._codec, self._origin + at, self._packing)
            self._pictures = Track(self._parts, self._origin, run, self._packing)
        track, tick = self._pictures, self._pictures.ticks(at)
        length = track.length(tick)
        if length >= TARGET_US or (picture.key and length >= KEY_US) or track.full():
            track.cut(tick)
        track.add(tick, picture.data, picture.key)

    def sound(self, tick: int, data: bytes, ticks: int) -> None:
        """See `Output`. Nothing begins with silence: where there is no microphone there is no run of it."""
        at = self._base * RATE // SECOND_US + tick
        if at < 0 or (self._sounds is None and data == SILENCE):
            return
        if self._sounds is None:
            made = packing.of_sound()
            run = self._parts.run(self.group, "OPUS", self._origin + at * SECOND_US // RATE, made)
            self._sounds = Track(self._parts, self._origin, run, made)
        self._sounds.add(at, data, key=True)
        self._heard = at + ticks
        if self._sounds.length(self._heard) >= TARGET_US:
            self._sounds.cut(self._heard)

    def expire(self, now: int) -> None:
        """The lesson is there, µs: a picture that stands still is told as far as it is known."""
        track = self._pictures
        if track is not None and track.still(track.ticks(now - self._origin)) >= STILL_US:
            track.cut(track.last + track.ticks(STILL_US))

    def over(self, kind: str, last: int) -> None:
        """For now nothing more comes of the picture (`video`) or the sound; `last`: lesson time, µs."""
        if kind == "video" and self._pictures is not None:
            self._pictures.cut(self._pictures.ticks(last - self._origin))
        elif kind == "audio" and self._sounds is not None:
            self._sounds.cut(self._heard)

    def close(self, end: int) -> None:
        """See `Output`."""
        if self._pictures is not None:
            self._pictures.cut(self._pictures.ticks(self._base + end))
        if self._sounds is not None:
            self._sounds.cut(self._heard)
        self._closed(self)
