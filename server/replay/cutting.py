"""Makes the cuts that resources are played from, one at a time in each process, and throws away those that no resource needs any more."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import msgspec

from media.client import manifest
from media.client.manifest import PLAY, Manifest, cut_of
from server.domain.recording import Cut
from server.domain.resource import Span
from server.errors import AppError
from server.replay.files import Files
from server.replay.process import MakingFailed, run_cut
from server.replay.spans import pictures, within
from server.store.cuts import CutStore
from server.work.lease import Lease, Lost
from server.work.loop import Loop

log = logging.getLogger(__name__)

POLL_SECONDS = 3.0
LEASE_MS = 400_000
"""Longer than the process may be silent."""
MOST_TRIES = 3


class Cutting:
    """Start it. `now`: UTC ms."""

    def __init__(self, store: CutStore, files: Files, now: Callable[[], int]) -> None:
        self._store = store
        self._files = files
        self._now = now
        self._loop = Loop("recordings-cuts", self.step, POLL_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    async def stop(self) -> None:
        """What is half cut waits for the next process."""
        await self._loop.stop()

    async def step(self) -> bool:
        """Find what is wanted and what is not, and make the cut that has waited longest; False: none waits."""
        await self._store.want()
        for gone in await self._store.unwanted():
            await self._files.forget(gone.recording, cut_of(gone.begin_ms, gone.end_ms))
            await self._store.forget(gone)
        return await self.cut_next()

    async def cut_next(self) -> bool:
        """Make one; False: none waits."""
        now = self._now()
        held = await self._store.claim(now, now + LEASE_MS)
        if held is None:
            return False
        lease = Lease(held, self._store.renew, self._now, LEASE_MS)
        try:
            async with lease.working(self._store.give_back):
                await self._cut(lease)
        except Lost:
            log.info("a cut of recording %s is not ours any more", held.recording)
            await self._tidy(held)
        except (MakingFailed, AppError, OSError, ValueError) as error:
            log.warning("a cut of recording %s, attempt %d: %s", held.recording, held.tries, error)
            await self._store.again(lease.held, MOST_TRIES)
        return True

    async def _cut(self, lease: Lease[Cut]) -> None:
        held = lease.held
        begin, end = held.begin_ms, held.end_ms
        async with self._play(held) as play, aclosing(run_cut(self._folder(held), play, begin, end)) as lines:
            async for _ in lines:
                await lease.go_on()
        await lease.go_on()
        await self._files.put(held.recording, cut_of(begin, end))
        if not await self._store.finish(lease.held, self._now()):
            raise Lost

    def _folder(self, held: Cut) -> Path:
        return self._files.where(held.recording, PLAY).parent

    async def _tidy(self, held: Cut) -> None:
        """A folder that nobody asks for any more must not stay."""
        if await self._store.get(held.recording, Span(held.begin_ms, held.end_ms)) is None:
            await self._files.forget(held.recording, cut_of(held.begin_ms, held.end_ms))

    @asynccontextmanager
    async def _play(self, held: Cut) -> AsyncIterator[Path]:
        """A folder with what is needed of the playable files, wherever they are kept."""
        made = await self._files.manifest(held.recording)
        here, needed = self._files.where(held.recording, PLAY), _needed(made, held.begin_ms, held.end_ms)
        plain = [await self._files.plain(held.recording, PLAY, name) is not None for name in needed]
        if all(plain) and await asyncio.to_thread((here / manifest.MANIFEST).is_file):
            yield here
            return
        async with AsyncExitStack() as stack:
            room = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (room / manifest.MANIFEST).write_bytes(msgspec.json.encode(made))
            for name in needed:
                (room / name).symlink_to(await stack.enter_async_context(self._files.local(held.recording, PLAY, name)))
            yield room


def _needed(made: Manifest, begin: int, end: int) -> list[str]:
    files = within(made, begin, end)
    return [name for one in files for name in (one.name, *(name for _, name in pictures(one, begin, end)))]
