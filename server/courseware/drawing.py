"""Draws what waits, one file at a time in each process, behind the lessons' backs. A process that falls silent loses its file to another."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from server.courseware.blobs import Blobs
from server.courseware.lines import Drawn, Job
from server.courseware.process import run
from server.domain.courseware import Courseware, Media, Page
from server.errors import AppError, CoursewareTooSlow, CoursewareUnreadable
from server.store.courseware import CoursewareStore
from server.work.lease import Lease, Lost
from server.work.loop import Loop

log = logging.getLogger(__name__)

POLL_SECONDS = 15.0
"""How often the table is asked, whether or not somebody called."""
LEASE_MS = 300_000
"""Longer than the drawing process may take for anything."""
MOST_TRIES = 3
"""A file that takes a whole machine down must not do so for ever."""
SWEEP_SECONDS = 6 * 3600.0
SWEEP_AGE = 6 * 3600.0
"""Longer than any file takes to be drawn: its pages belong to nothing until the last one is."""


class Drawing:
    """Start it, and `poke` it when something waits. `now`: UTC ms."""

    def __init__(self, store: CoursewareStore, blobs: Blobs, soffice: str, now: Callable[[], int]) -> None:
        self._store = store
        self._blobs = blobs
        self._soffice = soffice
        self._now = now
        self._loop = Loop("courseware-drawing", self.draw_next, POLL_SECONDS)
        self._sweeps = Loop("courseware-sweep", self._sweep, SWEEP_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._loop.start()
        self._sweeps.start()

    async def stop(self) -> None:
        """What is half drawn waits for the next process."""
        await asyncio.gather(self._loop.stop(), self._sweeps.stop())

    def poke(self) -> None:
        """Something waits."""
        self._loop.poke()

    async def draw_next(self) -> bool:
        """Draw the file that has waited longest; False: none waits."""
        now = self._now()
        held = await self._store.claim(now, now + LEASE_MS)
        if held is None:
            return False
        lease = Lease(held, self._store.renew, self._now, LEASE_MS)
        try:
            async with lease.working(self._store.give_back):
                if held.tries > MOST_TRIES:
                    raise CoursewareTooSlow(page=0)
                await self._draw(lease)
        except Lost:
            log.info("courseware %s is not ours any more", held.id)
        except AppError as error:
            await self._store.fail(lease.held, error.code, error.params)
        return True

    async def _draw(self, lease: Lease[Courseware]) -> None:
        held, room = lease.held, await self._blobs.room()
        job = Job(task="draw", kind=held.kind, source=str(self._blobs.path(held.source)), out=str(room), soffice=self._soffice)
        pages: list[Page] = []
        try:
            async with aclosing(run(job)) as lines:
                async for line in lines:
                    if isinstance(line, Drawn):
                        pages.append(await self._kept(room, line))
                    lease.held = replace(lease.held, drawn=len(pages))
                    await lease.go_on()
        finally:
            await self._blobs.leave(room)
        if not pages:
            raise CoursewareUnreadable("no pages")
        if not await self._store.finish(lease.held, version_of(pages), pages):
            raise Lost

    async def _kept(self, room: Path, line: Drawn) -> Page:
        size = (room / line.picture).stat().st_size
        picture, preview = await self._blobs.keep(room / line.picture), await self._blobs.keep(room / line.preview)
        media = tuple([Media(await self._blobs.keep(room / one.file), one.type) for one in line.media])
        return Page(line.page, line.width, line.height, picture, preview, size, line.flattened, line.fonts, line.unplayable, media)

    async def _sweep(self) -> bool:
        gone = await self._blobs.sweep(self._store.needed, SWEEP_AGE)
        log.info("courseware: %d files belonged to nothing", gone)
        return False


def version_of(pages: list[Page]) -> str:
    """Content address of all pages."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(f"{page.picture} {page.preview} {' '.join(one.blob for one in page.media)}\n".encode())
    return digest.hexdigest()[:32]
