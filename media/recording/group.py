"""Which file does a frame belong in? One group of tracks that play together (`teacher`: camera and microphone), take by take. Pure.

A file ends at a change that no player follows: another codec, other parameter sets, a picture where there was only sound, a long hole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from media.recording.picture import Picture
from media.recording.sound import RATE, Line
from media.recording.stream import LEAST_US, Frame

HOLE_US = 10_000_000
"""Nothing of the whole group for longer: the next file."""
PATIENCE_US = 3_000_000
"""Sound waits so long for the first picture; after that the file has none."""
BEHIND_US = 2_500_000
"""Sound that is further behind the picture will not come: silence takes its place. More than lost packets are waited for."""
LAST_US = 40_000
"""How long the last picture of a file is shown."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file is made for."""

    group: str
    begin: int
    """Lesson time of its time 0, µs."""
    codec: str
    """Of its pictures, in capitals; empty: sound only."""
    sound: bool
    first: Picture | None
    """A keyframe, as the first is."""


class Output(Protocol):
    """One file. Times from its time 0."""

    def picture(self, time: int, picture: Picture) -> None:
        """µs, rising."""

    def sound(self, tick: int, data: bytes, ticks: int) -> None:
        """Ticks of 1/48000 s, end to end."""

    def close(self, end: int) -> None:
        """µs."""


class Unplayable(Exception):
    """No file can hold this, or there are too many files."""


@dataclass(slots=True)
class _Open:
    output: Output
    shape: Shape
    line: Line | None
    last: int
    """Lesson time of the newest frame, µs."""
    shown: int = -LEAST_US
    """When the newest picture is shown, from time 0."""


def group_of(source: str) -> str:
    """`camera` and `mic` are the teacher's; `stage.N.audio` and `stage.N.video` are one; the rest by itself."""
    if source in ("camera", "mic"):
        return "teacher"
    return source.rsplit(".", 1)[0] if source.startswith("stage.") else source


class Group:
    """Gets frames, opens files."""

    def __init__(self, name: str, audible: bool, open_file: Callable[[Shape], Output]) -> None:
        """`audible`: sound will come, or may; `open_file` raises `Unplayable`."""
        self._name = name
        self._audible = audible
        self._open_file = open_file
        self._open: _Open | None = None
        self._waiting: list[Frame] = []
        """Sound that there is no file for yet."""
        self._refused = False

    def picture(self, codec: str, frame: Frame) -> bool:
        """False: it cannot be put anywhere, a keyframe could."""
        picture = frame.picture
        assert picture is not None
        self._pause(frame.time)
        if not self._fits(codec, picture) and not (picture.key and self._begin(codec, picture, frame.time)):
            return False
        file = self._open
        assert file is not None
        at = file.shown = max(frame.time - file.shape.begin, file.shown + LEAST_US)
        file.output.picture(at, picture)
        file.last = max(file.last, frame.time)
        self._silence(file, at - BEHIND_US)
        return True

    def sound(self, frame: Frame) -> bool:
        """Always taken: it fits every file that has sound."""
        self._pause(frame.time)
        if self._open is None:
            self._waiting.append(frame)
            if frame.time - self._waiting[0].time >= PATIENCE_US:
                self._begin("", None, frame.time)
        else:
            self._lay(self._open, frame)
        return True

    def was_refused(self) -> bool:
        """Whether there were pictures that no file can hold, since this was asked last."""
        refused, self._refused = self._refused, False
        return refused

    def close(self) -> None:
        """The take is over."""
        self._end()
        if self._waiting:
            self._begin("", None, self._waiting[-1].time)
            self._end()

    def _fits(self, codec: str, picture: Picture) -> bool:
        file = self._open
        if file is None or file.shape.codec != codec:
            return False
        first = file.shape.first
        return not picture.key or first is None or first.setup == picture.setup

    def _pause(self, time: int) -> None:
        """End what ended long before this time."""
        if self._open is not None and time - self._open.last > HOLE_US:
            self._end()
        if self._waiting and time - self._waiting[-1].time > HOLE_US:
            self.close()

    def _begin(self, codec: str, first: Picture | None, time: int) -> bool:
        """The next file takes the place of the one that is open; False: there is none that holds these pictures."""
        begin = min(time, self._waiting[0].time) if self._waiting else time
        shape = Shape(self._name, begin, codec, self._audible or first is None, first)
        try:
            output = self._open_file(shape)
        except Unplayable:
            self._refused = True
            if first is None:
                self._waiting.clear()
            return False
        self._end()
        self._open = _Open(output, shape, Line() if shape.sound else None, begin)
        waiting, self._waiting = self._waiting, []
        for frame in waiting:
            self._lay(self._open, frame)
        return True

    def _lay(self, file: _Open, frame: Frame) -> None:
        if file.line is not None:
            for tick, data, ticks in file.line.lay((frame.time - file.shape.begin) * RATE // 1_000_000, frame.sound):
                file.output.sound(tick, data, ticks)
            file.last = max(file.last, frame.time)

    def _silence(self, file: _Open, until: int) -> None:
        if file.line is not None:
            for tick, data, ticks in file.line.fill(until * RATE // 1_000_000):
                file.output.sound(tick, data, ticks)

    def _end(self) -> None:
        file, self._open = self._open, None
        if file is None:
            return
        end = file.last - file.shape.begin + (LAST_US if file.shape.codec else 0)
        self._silence(file, end)
        if file.line is not None:
            end = max(end, file.line.end * 1_000_000 // RATE)
        file.output.close(end)
