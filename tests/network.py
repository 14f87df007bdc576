"""A seeded network under a virtual clock: twins in a box talk through links that lose, delay, reorder and queue.

Nothing sleeps and nothing reads a clock, so that a story of minutes runs in moments and the same seed tells the same story.

    clock = Clock()
    box = Box(clock, random.Random(7), Shape(delay=20 * MS, loss=0.05))
    box.right.receive = lambda packet: ...
    box.left.send(packet, 1200)
    clock.run_until(5 * SECOND)
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MS = 1_000_000
SECOND = 1_000_000_000


class Clock:
    """Virtual time, ns, and what happens when. Events of the same moment happen in the order they were set."""

    def __init__(self, now: int = 1_000 * SECOND) -> None:
        self.now = now
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def at(self, when: int, action: Callable[[], None]) -> None:
        """Do `action` at `when`; at once (but after the running one) if that is past."""
        self._count += 1
        heapq.heappush(self._events, (max(when, self.now), self._count, action))

    def after(self, delay: int, action: Callable[[], None]) -> None:
        self.at(self.now + delay, action)

    def every(self, interval: int, action: Callable[[], None], until: int | None = None) -> None:
        """Do `action` again and again, the first time after one interval."""

        def again() -> None:
            if until is None or self.now <= until:
                action()
                self.after(interval, again)

        self.after(interval, again)

    def run_until(self, end: int) -> None:
        """Let everything up to `end` happen; time stands at `end` then."""
        while self._events and self._events[0][0] <= end:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = max(self.now, end)

    def run_for(self, duration: int) -> None:
        self.run_until(self.now + duration)


@dataclass(frozen=True)
class Shape:
    """What a link does to packets. Times in ns, rate in bit/s, queue in octets, probabilities 0 … 1."""

    delay: int = 0
    jitter: int = 0
    """Extra delay, uniform in 0 … jitter; order is kept unless `reorder` says otherwise."""
    loss: float = 0.0
    burst: float = 0.0
    """Chance per packet that a burst of loss begins (Gilbert-Elliott)."""
    burst_length: float = 5.0
    """Mean packets lost in a burst."""
    reorder: float = 0.0
    """Chance that a packet is held back by `reorder_by` and overtaken."""
    reorder_by: int = 5 * MS
    duplicate: float = 0.0
    rate: int = 0
    """0: unlimited."""
    queue: int = 64_000
    """Octets that wait for the rate; more are dropped at the tail."""


@dataclass
class LinkCounters:
    sent: int = 0
    delivered: int = 0
    lost: int = 0
    overflowed: int = 0
    reordered: int = 0


class Link:
    """One direction. `shape` may be changed while it runs; `down` loses everything."""

    def __init__(self, clock: Clock, rng: random.Random, shape: Shape, deliver: Callable[[Any], None]) -> None:
        self.shape = shape
        self.down = False
        self.counters = LinkCounters()
        self._clock = clock
        self._rng = rng
        self._deliver = deliver
        self._in_burst = False
        self._free_at = 0
        self._last = 0

    def send(self, packet: Any, size: int) -> None:
        """Send a packet of `size` octets."""
        self.counters.sent += 1
        if self.down or self._loses():
            self.counters.lost += 1
            return
        departure = self._departure(size)
        if departure is None:
            self.counters.overflowed += 1
            return
        self._arrive(packet, departure)
        if self.shape.duplicate and self._rng.random() < self.shape.duplicate:
            self._arrive(packet, departure)

    def _loses(self) -> bool:
        shape, rng = self.shape, self._rng
        if self._in_burst:
            self._in_burst = rng.random() >= 1 / max(1.0, shape.burst_length)
            return True
        if shape.burst and rng.random() < shape.burst:
            self._in_burst = shape.burst_length > 1
            return True
        return bool(shape.loss) and rng.random() < shape.loss

    def _departure(self, size: int) -> int | None:
        now, rate = self._clock.now, self.shape.rate
        if not rate:
            return now
        backlog = max(0, self._free_at - now) * rate // (8 * SECOND)
        if backlog + size > self.shape.queue:
            return None
        self._free_at = max(now, self._free_at) + size * 8 * SECOND // rate
        return self._free_at

    def _arrive(self, packet: Any, departure: int) -> None:
        shape = self.shape
        at = departure + shape.delay + (self._rng.randrange(shape.jitter + 1) if shape.jitter else 0)
        if shape.reorder and self._rng.random() < shape.reorder:
            self.counters.reordered += 1
            at += shape.reorder_by
        else:
            at = self._last = max(at, self._last)
        self._clock.at(at, lambda: self._hand_over(packet))

    def _hand_over(self, packet: Any) -> None:
        self.counters.delivered += 1
        self._deliver(packet)


class End:
    """One end of a box: sends into its link, and is given what comes out of the other."""

    def __init__(self) -> None:
        self.link: Link | None = None
        self.receive: Callable[[Any], None] = lambda packet: None

    def send(self, packet: Any, size: int) -> None:
        assert self.link is not None
        self.link.send(packet, size)


class Box:
    """Two ends and the links between them; `back` shapes right → left (default: as there)."""

    def __init__(self, clock: Clock, rng: random.Random, shape: Shape, back: Shape | None = None) -> None:
        self.left, self.right = End(), End()
        self.left.link = Link(clock, random.Random(rng.random()), shape, lambda packet: self.right.receive(packet))
        self.right.link = Link(clock, random.Random(rng.random()), back or shape, lambda packet: self.left.receive(packet))
