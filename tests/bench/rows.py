"""The rows of the bench: each sets its scene, measures, and gives lines for the report."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from media.client.messages import Watch
from media.transport.dtls import Identity
from tests.bench import baseline, window
from tests.bench.baseline import BaselineResult
from tests.bench.frames import Clip
from tests.bench.join import join_once
from tests.bench.publisher import LABEL, Publisher
from tests.bench.viewer import SLOTS, Audience
from tests.bench.window import Window
from tests.bench.worker import Worker
from tests.harness.raw import Answer
from tests.harness.viewing import RawViewer

SECONDS = 5.0
WARM_SECONDS = 1.5
STALLED_VIEWERS = 100
"""Viewers beside the two that stall."""
FILL_FRAMES = 300
"""More than a ring of 2,048 packets holds."""
JOINS = 12
VARIANTS = ("burst", "even", "feedback")
"""Frames back to back; evenly paced; back to back with RR and TWCC at 10/s from each viewer."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the worker."""

    empty: int
    """Bytes with a publisher and full rings, but no viewer."""
    full: int
    """Bytes with all viewers, after traffic."""
    viewers: int

    @property
    def per_viewer(self) -> float:
        """Bytes."""
        return (self.full - self.empty) / self.viewers


@dataclass(slots=True)
class Results:
    """Everything that was measured."""

    baseline: dict[int, BaselineResult] = field(default_factory=dict)
    """By number of viewers: at the publisher's pace."""
    full_speed: BaselineResult | None = None
    """Without a pause, towards the most viewers."""
    windows: dict[tuple[int, str], Window] = field(default_factory=dict)
    """By number of viewers and variant."""
    memory: Memory | None = None
    joins: list[float] = field(default_factory=list)
    """Seconds."""
    profile: str = ""
    """SRTP profile of the viewers."""


async def run_baseline(results: Results, core: int, sizes: Sequence[int]) -> None:
    """The plain loop, towards each number of sockets."""
    for size in sizes:
        results.baseline[size] = await baseline.measure(size, core, paced=True)
    results.full_speed = await baseline.measure(sizes[-1], core, paced=False)


async def run_forwarding(results: Results, core: int, sizes: Sequence[int], variants: Sequence[str]) -> None:
    """Each variant at each number of viewers, in one worker that keeps its viewers; memory from the whole of it."""
    async with _scene(core, Publisher(Identity())) as (worker, publisher, audience):
        await publisher.fill(FILL_FRAMES)
        publisher.resume()
        await asyncio.sleep(0.5)
        empty = worker.resident_bytes()
        for size in sizes:
            await audience.grow(size)
            for variant in variants:
                results.windows[size, variant] = await _measure(worker, publisher, audience, variant)
        results.memory = Memory(empty, worker.resident_bytes(), len(audience.viewers))
        results.profile = audience.viewers[0].profile


async def run_stalled(results: Results, core: int, size: int) -> None:
    """`burst` beside viewers that stopped to read, one over UDP and one over TCP, and just before they did."""
    async with _scene(core, Publisher(Identity())) as (worker, publisher, audience):
        await audience.grow(size)
        stalled = [await _another(worker, number, tcp=number == 1) for number in range(2)]
        results.windows[size, "reading"] = await _measure(worker, publisher, audience, "burst")
        for viewer in stalled:
            viewer.hang()
        results.windows[size, "stalled"] = await _measure(worker, publisher, audience, "burst")
        for viewer in stalled:
            viewer.close()


async def _another(worker: Worker, number: int, *, tcp: bool) -> RawViewer:
    """A viewer beside the audience, that can hang."""
    viewer = RawViewer()
    client = worker.client
    command = Watch(id=client.next_id(), offer=viewer.offer(), names=tuple(SLOTS), slots=SLOTS, labels=(LABEL,), owner=f"another-{number}")
    answer = Answer.read((await client.command(command)).answer)
    viewer.take_answer(answer, tuple(SLOTS))
    await viewer.connect(answer, tcp=tcp)
    return viewer


async def run_joins(results: Results, core: int) -> None:
    """An aiortc client joins, sees a picture and leaves, again and again, at changing moments of the group of pictures."""
    async with _scene(core, Publisher(Identity(), Clip())) as (worker, publisher, _):
        publisher.resume()
        await asyncio.sleep(WARM_SECONDS)
        for number in range(JOINS):
            results.joins.append(await join_once(worker, number))
            await asyncio.sleep(0.37)


def median_join(results: Results) -> float:
    """Seconds."""
    return statistics.median(results.joins)


@asynccontextmanager
async def _scene(core: int, publisher: Publisher) -> AsyncIterator[tuple[Worker, Publisher, Audience]]:
    async with Worker(core) as worker:
        audience = Audience(worker, Identity())
        try:
            await publisher.join(worker)
            yield worker, publisher, audience
        finally:
            await audience.close()
            publisher.close()


async def _measure(worker: Worker, publisher: Publisher, audience: Audience, variant: str) -> Window:
    publisher.pace = "even" if variant == "even" else "burst"
    audience.with_transport = variant == "feedback"
    audience.reports_per_second = 10.0 if variant == "feedback" else 1.0
    publisher.resume()
    await asyncio.sleep(WARM_SECONDS)
    return await window.measure(worker, publisher, audience, SECONDS)
