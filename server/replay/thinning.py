"""Makes films for weak links, one recording at a time in each process, after everything that somebody waits for. The recording can be
watched meanwhile; whoever goes on with it begins with the first film that has none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import aclosing

from media.client.manifest import PLAY
from server.domain.recording import Recording
from server.errors import AppError
from server.replay.files import Files
from server.replay.process import MakingFailed, run_thin
from server.store.thin import ThinStore
from server.work.lease import Lease, Lost
from server.work.loop import Loop

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
LEASE_MS = 400_000
"""Longer than the process may be silent."""
MOST_TRIES = 3


class Thinning:
    """Start it. `now`: UTC ms; `wanted`: this installation makes some."""

    def __init__(self, store: ThinStore, files: Files, now: Callable[[], int], wanted: bool) -> None:
        self._store = store
        self._files = files
        self._now = now
        self._wanted = wanted
        self._asked = False
        self._loop = Loop("recordings-thin", self.step, POLL_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    async def stop(self) -> None:
        """What is half made is made by the next process."""
        await self._loop.stop()

    async def step(self) -> bool:
        """Take the recording that has waited longest; False: none waits."""
        if not self._asked:
            await (self._store.some() if self._wanted else self._store.none())
            self._asked = self._wanted
        return self._wanted and await self.thin_next()

    async def thin_next(self) -> bool:
        """Make those of one recording; False: none waits."""
        now = self._now()
        held = await self._store.claim(now, now + LEASE_MS)
        if held is None:
            return False
        lease = Lease(held, self._store.renew, self._now, LEASE_MS)
        try:
            async with lease.working(self._store.give_back):
                await self._thin(lease)
        except Lost:
            log.info("thin films of recording %s are not ours any more", held.id)
        except (MakingFailed, AppError, OSError, ValueError) as error:
            log.warning("thin films of recording %s, attempt %d: %s", held.id, held.thin_tries, error)
            await self._store.again(lease.held, MOST_TRIES)
        return True

    async def _thin(self, lease: Lease[Recording]) -> None:
        if not await self._plain(lease.held.id):
            log.info("recording %s was kept elsewhere before thin films were wanted: it stays as it is", lease.held.id)
            if not await self._store.finish(lease.held, lease.held.octets):
                raise Lost
            return
        async with aclosing(run_thin(self._files.where(lease.held.id, PLAY).parent)) as lines:
            async for _ in lines:
                await lease.go_on()
        made = await self._files.manifest(lease.held.id)
        await self._files.put(lease.held.id, PLAY)  # there is more of it now; it is kept once this is done
        if not await self._store.finish(lease.held, sum(one.octets for one in made.files)):
            raise Lost

    async def _plain(self, recording: str) -> bool:
        """Whether its files lie here as they were made."""
        made = await self._files.manifest(recording)
        return all([await self._files.plain(recording, PLAY, one.name) for one in made.files])
