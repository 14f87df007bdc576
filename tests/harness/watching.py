"""A WHEP viewer on aiortc that decodes, and says what it saw and heard."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import aiohttp
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from media.synthetic.peer import Peer, watcher
from tests.harness.product import Link


@dataclass
class Seen:
    """What one m-line brought so far."""

    kind: str
    frames: int = 0
    size: tuple[int, int] = (0, 0)
    loudest: int = 0
    first: float = 0.0
    """Seconds (monotonic) of the first decoded frame."""
    longest_gap: float = 0.0
    mean_colour: tuple[float, ...] = ()
    timestamps: list[int] = field(default_factory=list, repr=False)

    def note(self, frame: object) -> None:
        now = time.monotonic()
        if self.frames:
            self.longest_gap = max(self.longest_gap, now - self._last)
        else:
            self.first = now
        self._last = now
        self.frames += 1
        self.timestamps.append(frame.pts)  # type: ignore[attr-defined]
        if self.kind == "audio":
            self.loudest = max(self.loudest, int(np.abs(frame.to_ndarray().astype(int)).max()))  # type: ignore[attr-defined]
        else:
            self.size = (frame.width, frame.height)  # type: ignore[attr-defined]

    _last: float = 0.0


class Viewer:
    """One WHEP session and what it has seen, m-line by m-line."""

    def __init__(self, peer: Peer, kinds: Sequence[str]) -> None:
        self.peer = peer
        self.seen = [Seen(kind) for kind in kinds]
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self) -> None:
        """Make the session and begin to decode."""
        await self.peer.connect()
        self._tasks = [
            asyncio.create_task(self._consume(transceiver.receiver.track, seen))
            for transceiver, seen in zip(self.peer.pc.getTransceivers(), self.seen, strict=True)
        ]

    async def _consume(self, track: MediaStreamTrack, seen: Seen) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                seen.note(await track.recv())

    async def until(self, condition: Callable[[list[Seen]], bool], seconds: float = 10) -> float:
        """Wait until the condition holds for what was seen; how long it took. Fails after `seconds`."""
        began = time.monotonic()
        while not condition(self.seen):
            assert time.monotonic() - began < seconds, f"after {seconds} s: {self.seen}"
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def close(self) -> None:
        await self.peer.close()
        for task in self._tasks:
            task.cancel()


@contextlib.asynccontextmanager
async def watching(link: Link, kinds: Sequence[str] = ("audio", "video", "video"), query: str = "") -> AsyncIterator[Viewer]:
    """Watch the link's lesson; a plain offer unless `query` names slots."""
    async with aiohttp.ClientSession() as http:
        peer = watcher(http, link.whep + query, link.token, kinds)
        viewer = Viewer(peer, kinds)
        try:
            await viewer.connect()
            yield viewer
        finally:
            await viewer.close()


def flows(seen: list[Seen]) -> bool:
    """Every m-line brings frames, and sound is not silent."""
    return all(s.frames > 5 and (s.kind == "video" or s.loudest > 500) for s in seen)
