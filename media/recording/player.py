"""The second pass over a take: its packets, track by track, into the files of their groups. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from media.client.manifest import Missing, Why
from media.recording.clock import MS, LessonClock, TrackClock
from media.recording.group import Group, Output, Shape, group_of
from media.recording.picture import JOINERS
from media.recording.records import ClockMap, Packet, Record, TrackBegan, TrackEnded
from media.recording.scan import Facts
from media.recording.stream import Frame, Sound, Stream, Video

_SOUND = "OPUS"
LOOK_NS = 500_000_000
"""So often tracks of which nothing comes are told the time."""


def playable(codec: str) -> bool:
    """Whether a file can hold it."""
    return codec.upper() == _SOUND or codec.upper() in JOINERS


class Player:
    """Plays one take."""

    def __init__(
        self,
        facts: Facts,
        assumed: Mapping[int, TrackBegan],
        lesson: LessonClock,
        open_file: Callable[[Shape], Output],
        missing: Callable[[Missing], None],
        *,
        growing: bool = False,
    ) -> None:
        """`assumed`: what is known of tracks whose beginning is damaged; `growing`: the facts become known while it is played."""
        self._lesson = lesson
        self._open_file = open_file
        self._missing = missing
        self._growing = growing
        self._clocks: dict[int, TrackClock] = {}
        self._maps: dict[int, list[ClockMap]] = {}
        for one in facts.maps:
            self._maps.setdefault(one.track, []).append(one)
        self._audible = {
            group_of(began.source)
            for began in [*facts.began.values(), *assumed.values()]
            if began.codec.upper() == _SOUND and began.track in facts.spans
        }
        self._groups: dict[str, Group] = {}
        self._streams: dict[int, Stream] = {}
        for began in assumed.values():
            self._begin(began)
        self._look = 0

    def play(self, records: Iterable[Record]) -> None:
        """All of it. Raises what the files raise."""
        for record in records:
            self.push(record)
        self.close()

    def push(self, record: Record) -> None:
        """The next of it. Raises what the files raise."""
        if type(record) is Packet:
            stream = self._streams.get(record.track)
            if stream is not None:
                stream.push(record)
            if record.arrival >= self._look:
                self._look = record.arrival + LOOK_NS
                for other in self._streams.values():
                    other.expire(record.arrival)
        elif isinstance(record, TrackBegan):
            self._begin(record)
        elif isinstance(record, TrackEnded):
            self._end(record.track)
        elif isinstance(record, ClockMap) and self._growing:
            self._report(record)

    def close(self) -> None:
        """Nothing of it follows. Raises what the files raise."""
        for track in list(self._streams):
            self._end(track)
        for group in self._groups.values():
            group.close()

    def _report(self, one: ClockMap) -> None:
        self._maps.setdefault(one.track, []).append(one)
        self._lesson.add(one.at, one.lesson * MS)
        if one.track in self._clocks:
            self._clocks[one.track].add(one.rtp, one.at)

    def _begin(self, began: TrackBegan) -> None:
        known = self._streams.get(began.track)
        if known is not None:
            if msgspec.structs.replace(known.began, at=began.at) == began:
                return  # told again
            self._end(began.track)
        for other in [track for track, stream in self._streams.items() if stream.began.source == began.source]:
            self._end(other)  # the next number of the same source
        if playable(began.codec):
            self._streams[began.track] = self._stream(began)

    def _end(self, track: int) -> None:
        stream = self._streams.pop(track, None)
        self._clocks.pop(track, None)
        if stream is not None:
            stream.close()

    def _stream(self, began: TrackBegan) -> Stream:
        name, codec = group_of(began.source), began.codec.upper()
        group = self._groups.get(name)
        if group is None:
            group = self._groups[name] = Group(name, self._growing or name in self._audible, self._open_file)
        clock = self._clocks[began.track] = TrackClock(began.clock_rate, self._maps.get(began.track, ()))

        def picture(frame: Frame) -> bool:
            return group.picture(codec, frame)

        def lost(begin: int, end: int) -> None:
            why: Why = "unplayable" if group.was_refused() else "publisher"
            self._missing(Missing(begin=begin // 1000, end=end // 1000, track=began.source, why=why))

        if codec == _SOUND:
            return Sound(began, clock, self._lesson, group.sound, lost)
        return Video(began, clock, self._lesson, picture, lost)
