"""One measured stretch of forwarding: exact counts at its ends, CPU of the worker between them."""

from __future__ import annotations

import asyncio
import os
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.bench.publisher import Publisher
from tests.bench.viewer import Audience
from tests.bench.worker import Worker, waited_seconds

SETTLE_SECONDS = 0.1
"""Nothing more comes if nothing came for so long."""
BEFORE_LIMIT = 0.3
"""Under the half second after which the relay takes a silent source for dead."""
AFTER_LIMIT = 3.0
TRIES = 5


@dataclass(frozen=True, slots=True)
class Window:
    """What was seen in one stretch."""

    viewers: int
    seconds: float
    cpu_seconds: float
    published: int
    """RTP packets the publisher sent."""
    arrived: int
    """RTP packets that reached the viewers' sockets."""
    read: int
    """Those of them that passed the filter."""
    missing: int
    """Sampled sequence numbers that never came; all that a full receive buffer could have cost, `SAMPLE` times at most."""
    broken: int
    latencies: array[int]
    """ns, of the read ones."""
    lateness: Sequence[float]
    """How late the publisher's timers ran, seconds."""
    waited: tuple[float, float]
    """Seconds that worker and bench were kept from their cores by other processes."""

    @property
    def per_cpu_second(self) -> float:
        """Packets forwarded for each second of the worker's CPU."""
        return self.arrived / max(self.cpu_seconds, 0.01)

    @property
    def load(self) -> float:
        """Share of one core the worker used."""
        return self.cpu_seconds / self.seconds

    @property
    def loss(self) -> float:
        """Share of published × viewers that did not arrive; negative if packets came twice."""
        return 1 - self.arrived / max(self.published * self.viewers, 1)

    def latency_ms(self, percentile: float) -> float:
        """Percentile of the forwarding latency, ms; NaN without samples."""
        return float(np.percentile(self.latencies, percentile)) / 1e6 if self.latencies else float("nan")


async def measure(worker: Worker, publisher: Publisher, audience: Audience, seconds: float) -> Window:
    """Forward for `seconds`. Before and after, the publisher pauses until nothing is on its way, so that the counts are exact."""
    await _begin(publisher, audience)
    waited = worker.waited_seconds(), waited_seconds(os.getpid())
    before, sent, used, began = audience.counts(), publisher.sent, worker.cpu_seconds(), time.monotonic()
    audience.take_latencies()
    publisher.lateness.clear()
    publisher.resume()
    await asyncio.sleep(seconds)
    lateness = tuple(publisher.lateness)
    await _settle(publisher, audience, AFTER_LIMIT)
    after = audience.counts()
    window = Window(
        viewers=len(audience.viewers),
        seconds=time.monotonic() - began,
        cpu_seconds=worker.cpu_seconds() - used,
        published=publisher.sent - sent,
        arrived=after.arrived - before.arrived,
        read=after.read - before.read,
        missing=after.missing - before.missing,
        broken=after.broken - before.broken,
        latencies=audience.take_latencies(),
        lateness=lateness,
        waited=(worker.waited_seconds() - waited[0], waited_seconds(os.getpid()) - waited[1]),
    )
    publisher.resume()
    return window


async def _begin(publisher: Publisher, audience: Audience) -> None:
    """Come to rest; where other work holds up the worker, so that its queue does not empty in time, try again a second later."""
    for _ in range(TRIES):
        if await _settle(publisher, audience, BEFORE_LIMIT):
            return
        publisher.resume()
        await asyncio.sleep(1)
    await _settle(publisher, audience, BEFORE_LIMIT)


async def _settle(publisher: Publisher, audience: Audience, limit: float) -> bool:
    """Pause the publisher and wait until nothing arrives any more; False if something still does after `limit` seconds."""
    publisher.pause()
    end = time.monotonic() + limit
    last = -1
    while time.monotonic() < end:
        await asyncio.sleep(SETTLE_SECONDS)
        now = audience.counts().arrived
        if now == last:
            return True
        last = now
    return False
