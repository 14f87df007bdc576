"""What every part of the relay shares: the executor, the deadlines, the counters, the events."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from media.relay.plans import CaptureEvent, RelayEvent
from media.relay.timers import Timers
from media.wire.ntp import ntp_from_ns
from media.wire.rows import Executor

MS = 1_000_000
SECOND = 1_000_000_000
MAX_EVENTS = 65_536
"""Events kept for a shell that does not take them; the oldest are dropped and counted."""


@dataclass(slots=True)
class Context:
    """Shared by intake and delivery of one relay."""

    executor: Executor
    rng: random.Random
    wall_offset: int
    """Unix time minus monotonic time, ns."""
    timers: Timers = field(default_factory=Timers)
    count: Counter[str] = field(default_factory=Counter)
    events: list[RelayEvent] = field(default_factory=list)
    captured: list[CaptureEvent] = field(default_factory=list)
    """What the recorder has to tell: taken before packets are, so never much."""
    in_batch: bool = False
    """Between the arrivals of a batch and its forwarding: what arrived in it has not left yet."""
    batch: int = 0
    """Number of the batch, so that a layer knows what it held before it."""
    video_batch: int = 0
    """The same for video: batches that wait in the executor and leave together count as one, by the number of the first."""
    video_waits: bool = False
    """Video of the batches since `video_batch` was not forwarded yet."""

    sinks: int = 0
    """Numbers given to sinks so far."""

    def new_sink(self) -> int:
        """The number of a new sink."""
        self.sinks += 1
        return self.sinks

    def begin_batch(self) -> None:
        """Arrivals begin."""
        self.in_batch = True
        self.batch += 1
        if not self.video_waits:
            self.video_batch = self.batch

    def batch_of(self, audio: bool) -> int:
        """Number of the batch that audio or video arriving now belongs to."""
        return self.batch if audio else self.video_batch

    def unsent(self, audio: bool, batch: int) -> bool:
        """Whether what a layer got in this batch was not forwarded yet."""
        return batch == self.batch_of(audio) and (self.in_batch or (self.video_waits and not audio))

    def ntp(self, now: int) -> int:
        """64-bit NTP time of a monotonic time."""
        return ntp_from_ns(now + self.wall_offset)

    def tell(self, event: RelayEvent) -> None:
        """Queue an event for the shell."""
        if len(self.events) >= MAX_EVENTS:
            del self.events[0]
            self.count["events_dropped"] += 1
        self.events.append(event)

    def jittered(self, interval: int) -> int:
        """The interval times 0.8 … 1.2, so that reports of many sessions do not march in step (RFC 3550 6.2)."""
        return int(interval * self.rng.uniform(0.8, 1.2))
