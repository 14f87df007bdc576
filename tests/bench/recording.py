"""What recording one lesson costs the worker: the same publisher with and without, in turns, so that both see the same machine."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from media.client.messages import Moment, Record, Stats, StopRecording
from media.transport.dtls import Identity
from tests.bench.publisher import KEYS, LABEL, Publisher
from tests.bench.worker import Worker, cores

TURNS = 5
SECONDS = 4.0
SETTLE_SECONDS = 1.0
PERCENT = 2.0
"""Of a core, for one recorded lesson."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Shares of a core the worker used, turn by turn."""

    without: Sequence[float]
    recording: Sequence[float]
    kbit: float
    """Written per second."""
    gaps: int

    @property
    def cost(self) -> float:
        """What recording adds: the median of the turns' differences."""
        return statistics.median(b - a for a, b in zip(self.without, self.recording, strict=True))


async def measure() -> Seen:
    """About a minute."""
    worker_core, own_core = cores()
    os.sched_setaffinity(0, {own_core})
    publisher = Publisher(Identity())
    async with Worker(worker_core) as worker:
        try:
            await publisher.join(worker)
            publisher.resume()
            return await _turns(worker)
        finally:
            publisher.close()


async def _turns(worker: Worker) -> Seen:
    shares: dict[bool, list[float]] = {False: [], True: []}
    octets = 0.0
    for _ in range(TURNS):
        for recording in (False, True):
            await _switch(worker, recording)
            await asyncio.sleep(SETTLE_SECONDS)
            written, used, began = await _counter(worker, "octets"), worker.cpu_seconds(), time.monotonic()
            await asyncio.sleep(SECONDS)
            shares[recording].append((worker.cpu_seconds() - used) / (time.monotonic() - began))
            octets += await _counter(worker, "octets") - written
    await _switch(worker, False)
    return Seen(shares[False], shares[True], octets * 8 / 1000 / (TURNS * SECONDS), int(await _counter(worker, "gaps")))


async def _switch(worker: Worker, recording: bool) -> None:
    client = worker.client
    if not recording:
        await client.command(StopRecording(id=client.next_id(), recording="bench"))
        return
    clock = Moment(at=time.monotonic_ns(), lesson=0)
    await client.command(Record(id=client.next_id(), recording="bench", tracks=KEYS, labels=(LABEL,), clock=clock))


async def _counter(worker: Worker, name: str) -> float:
    return (await worker.client.command(Stats(id=worker.client.next_id()))).counters[f"recording.{name}"]


def lines(seen: Seen) -> Iterator[str]:
    """The report."""
    yield ""
    yield f"recording: a camera and a microphone, {seen.kbit:,.0f} kbit/s written, {seen.gaps} gaps"
    yield f"worker without {statistics.median(seen.without):.2%} of a core, recording {statistics.median(seen.recording):.2%}"
    good = 100 * seen.cost <= PERCENT
    yield f"{'met ' if good else 'MISSED'}  recording one lesson <= {PERCENT:.0f} % of a core: {seen.cost:.2%}"
