"""One track of a take: from its packets to pictures and sounds with lesson times, and what of them is lost. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from media.errors import MalformedPacket
from media.recording.clock import LessonClock, TrackClock
from media.recording.picture import JOINERS, Joiner, Picture
from media.recording.records import Packet, TrackBegan
from media.recording.sequence import Lost, Sequencer

LOSS_US = 500_000
"""A picture that stands still for shorter is not called a gap; nor is sound that is missing for shorter."""
LEAST_US = 1_000
"""Between two pictures: the tick of WebM."""
LAYERS = 8
"""Of one track that are looked at."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture or a packet of sound, and its lesson time, µs."""

    time: int
    picture: Picture | None
    sound: bytes = b""


class Taker(Protocol):
    """Where frames go; False: cannot be used, a keyframe is needed."""

    def __call__(self, frame: Frame) -> bool:
        """Take it, or not."""


class Stream(ABC):
    """What video and sound have in common."""

    def __init__(self, began: TrackBegan, clock: TrackClock, lesson: LessonClock, take: Taker, lost: Callable[[int, int], None]) -> None:
        """`lost` is told of spans of lesson time, µs."""
        self.began = began
        self._take = take
        self._lost = lost
        self._clock = clock
        self._lesson = lesson

    @abstractmethod
    def push(self, packet: Packet) -> None:
        """One packet, in order of arrival."""

    @abstractmethod
    def expire(self, now: int) -> None:
        """The worker's clock is there."""

    @abstractmethod
    def close(self) -> None:
        """No more packets come."""

    def _time(self, packet: Packet) -> int:
        """µs."""
        return self._lesson.lesson(self._clock.time(packet.timestamp, packet.arrival)) // 1000


class Sound(Stream):
    """Opus: each packet a frame. Where packets stop without a number missing, the sender was silent (RFC 6716 2.1.9)."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]  # as the base
        self._order = Sequencer()
        self._last: int | None = None
        self._hole = False

    def push(self, packet: Packet) -> None:
        """See `Stream`."""
        self._all(self._order.push(packet))

    def expire(self, now: int) -> None:
        """See `Stream`."""
        self._all(self._order.expire(now))

    def close(self) -> None:
        """See `Stream`."""
        self._all(self._order.drain())

    def _all(self, found: tuple[Packet | Lost, ...]) -> None:
        for one in found:
            if isinstance(one, Lost):
                self._hole = True
            elif one.kind & 0x7F == self.began.payload_type and one.payload:
                time = self._time(one)
                if self._hole and self._last is not None and time - self._last >= LOSS_US:
                    self._lost(self._last, time)
                self._hole, self._last = False, time
                self._take(Frame(time, None, one.payload))


@dataclass(slots=True)
class _Layer:
    """Pictures of one layer being put together."""

    joiner: Joiner
    order: Sequencer = field(default_factory=Sequencer)
    parts: list[Packet] = field(default_factory=list)
    torn: bool = False
    """A packet is missing: until the next keyframe nothing decodes as it should."""


class Video(Stream):
    """Pictures of the layer that is captured; it changes at a keyframe of another (M8)."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]  # as the base
        self._make = JOINERS[self.began.codec.upper()]
        self._layers: dict[int, _Layer] = {}
        self._current: int | None = None
        self._last: int | None = None
        """Time of the newest picture."""
        self._still: int | None = None
        """Since when no picture can be used."""

    def push(self, packet: Packet) -> None:
        """See `Stream`."""
        layer = self._layers.get(packet.layer)
        if layer is None:
            if len(self._layers) >= LAYERS:
                return
            layer = self._layers[packet.layer] = _Layer(self._make(self.began.parameters))
        self._all(packet.layer, layer, layer.order.push(packet))

    def expire(self, now: int) -> None:
        """See `Stream`."""
        for number, layer in self._layers.items():
            self._all(number, layer, layer.order.expire(now))

    def close(self) -> None:
        """See `Stream`."""
        for number, layer in self._layers.items():
            self._all(number, layer, layer.order.drain())
        if self._last is not None:
            self._moves(self._last)

    def _all(self, number: int, layer: _Layer, found: tuple[Packet | Lost, ...]) -> None:
        for one in found:
            if isinstance(one, Lost):
                layer.parts.clear()
                layer.torn = True
                continue
            if one.kind & 0x7F != self.began.payload_type or not one.payload:
                continue
            if layer.parts and layer.parts[0].timestamp != one.timestamp:
                self._join(number, layer)  # its marker is set by no sender, or by none we know
            layer.parts.append(one)
            if one.kind & 0x80:
                self._join(number, layer)

    def _join(self, number: int, layer: _Layer) -> None:
        parts, layer.parts = layer.parts, []
        try:
            picture = layer.joiner.join([part.payload for part in parts])
        except MalformedPacket:
            picture = None
        if picture is None:
            layer.torn = True
        elif picture.key:
            layer.torn = False
        if number != self._current and not (picture and picture.key):
            if self._current is None:
                self._stands(self._time(parts[0]))
            return
        self._current = number
        self._use(self._time(parts[0]), None if layer.torn else picture, layer)

    def _use(self, time: int, picture: Picture | None, layer: _Layer) -> None:
        if self._last is not None:
            time = max(time, self._last + LEAST_US)
        if picture is not None and self._take(Frame(time, picture)):
            self._moves(time)
            self._last = time
            return
        layer.torn = True
        self._stands(time)

    def _stands(self, time: int) -> None:
        """One that cannot be used."""
        if self._still is None:
            self._still = time if self._last is None else self._last
        self._last = time

    def _moves(self, time: int) -> None:
        """The next that can."""
        if self._still is not None and time - self._still >= LOSS_US:
            self._lost(self._still, time)
        self._still = None
