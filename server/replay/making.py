"""Makes recordings playable, one at a time in each process, behind the lessons' backs. A process that falls silent loses its work to
another, and what it left half done is thrown away: files become visible all at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import msgspec

from media.client import manifest
from server.domain.recording import Recording
from server.replay.process import MakingFailed, run
from server.store.recordings import RecordingStore
from server.work.lease import Lease, Lost
from server.work.loop import Loop

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
LEASE_MS = 400_000
"""Longer than the process may be silent."""
MOST_TRIES = 3
AGAIN_MS = (60_000, 600_000)
"""Before the second try, and before the third: a full disk may have room by then."""
SETTLE_MS = 3_000
"""The worker has closed its take by then, or is dead."""
SWEEP_SECONDS = 3600.0
DAY_MS = 86_400_000


class Making:
    """Start it. `now`: UTC ms; `days`: recordings are kept for so long unless somebody says otherwise, 0 for good; `sweep`
    removes those whose time is over; `put` has what was made kept: recording and folder.
    """

    def __init__(
        self,
        store: RecordingStore,
        data: Path,
        now: Callable[[], int],
        days: int,
        sweep: Callable[[], Awaitable[None]],
        put: Callable[[str, str], Awaitable[None]],
    ) -> None:
        self._store = store
        self._sweep_away = sweep
        self._data = data
        self._now = now
        self._put = put
        self._days = days
        self._loop = Loop("recordings", self.make_next, POLL_SECONDS)
        self._sweeps = Loop("recordings-sweep", self._sweep, SWEEP_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._loop.start()
        self._sweeps.start()

    async def stop(self) -> None:
        """What is half made waits for the next process."""
        await asyncio.gather(self._loop.stop(), self._sweeps.stop())

    async def make_next(self) -> bool:
        """Make the recording that has waited longest; False: none waits."""
        now = self._now()
        held = await self._store.claim(now, now + LEASE_MS, now - SETTLE_MS)
        if held is None:
            return False
        if held.tries > MOST_TRIES:  # whoever made it died of it, each time
            await self._store.fail(held, "recording.unreadable")
            return True
        lease = Lease(held, self._store.renew, self._now, LEASE_MS)
        try:
            async with lease.working(self._store.give_back):
                await self._make(lease)
        except Lost:
            log.info("recording %s is not ours any more", held.id)
        except (MakingFailed, OSError, ValueError, msgspec.MsgspecError) as error:
            log.warning("recording %s, attempt %d: %s", held.id, held.tries, error)
            await self._failed(lease.held)
        return True

    async def _failed(self, held: Recording) -> None:
        if held.tries < MOST_TRIES:
            await self._store.again(held, self._now() + AGAIN_MS[held.tries - 1])
        else:
            await self._store.fail(held, "recording.unreadable")

    async def _sweep(self) -> bool:
        await self._sweep_away()
        return False

    async def _make(self, lease: Lease[Recording]) -> None:
        name = lease.held.id
        folder = manifest.folder(self._data, name)
        if not await asyncio.to_thread(folder.is_dir):
            await self._finish(lease, manifest.Manifest(recording=name, begin=0, end=0, takes=0, files=(), missing=()))
            return
        async with aclosing(run(folder)) as lines:
            async for _ in lines:
                await lease.go_on()
        await self._finish(lease, await asyncio.to_thread(manifest.read, folder))

    async def _finish(self, lease: Lease[Recording], made: manifest.Manifest) -> None:
        await self._put(lease.held.id, manifest.PLAY)  # before it is ready, lest it be forgotten; nobody keeps what is not
        done = await self._store.finish(
            lease.held,
            octets=sum(one.octets for one in made.files),
            duration_ms=made.end - made.begin,
            missing_ms=missing_ms(made),
            keep_until=self._now() + self._days * DAY_MS if self._days else None,
        )
        if not done:
            raise Lost


def missing_ms(made: manifest.Manifest) -> int:
    """For how long something is missing that nobody wanted to be, ms; what is missing twice at a time counts once."""
    total, until = 0, made.begin
    unwanted = (one for one in made.missing if one.why != "pause" and not (one.why == "clock" and not one.track))
    for gap in sorted(unwanted, key=lambda one: one.begin):
        total += max(0, gap.end - max(gap.begin, until))
        until = max(until, gap.end)
    return total
