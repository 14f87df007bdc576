"""Draws what waits, one file at a time in each process, behind the lessons' backs. A process that falls silent loses its file to another."""

from __future__ import annotations

import asyncio
import contextlib
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


class _Lost(Exception):
    """The file was deleted, or is another process's now."""


class Drawing:
    """Start it, and `poke` it when something waits. `now`: UTC ms."""

    def __init__(self, store: CoursewareStore, blobs: Blobs, soffice: str, now: Callable[[], int]) -> None:
        self._store = store
        self._blobs = blobs
        self._soffice = soffice
        self._now = now
        self._called = asyncio.Event()
        self._lease = 0
        """The latest of the file that is drawn now."""
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin."""
        self._tasks = [
            asyncio.create_task(self._run(), name="courseware-drawing"),
            asyncio.create_task(self._sweep(), name="courseware-sweep"),
        ]

    async def stop(self) -> None:
        """What is half drawn waits for the next process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def poke(self) -> None:
        """Something waits."""
        self._called.set()

    async def draw_next(self) -> bool:
        """Draw the file that has waited longest; False: none waits."""
        now = self._now()
        held = await self._store.claim(now, now + LEASE_MS)
        if held is None:
            return False
        self._lease = held.lease
        try:
            if held.tries > MOST_TRIES:
                raise CoursewareTooSlow(page=0)
            await self._draw(held)
        except asyncio.CancelledError:
            await asyncio.shield(self._store.give_back(replace(held, lease=self._lease)))
            raise
        except _Lost:
            log.info("courseware %s is not ours any more", held.id)
        except AppError as error:
            await self._store.fail(replace(held, lease=self._lease), error.code, error.params)
        return True

    async def _run(self) -> None:
        while True:
            self._called.clear()
            try:
                if await self.draw_next():
                    continue
            except Exception:
                log.exception("drawing failed; tried again later")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), POLL_SECONDS)

    async def _draw(self, held: Courseware) -> None:
        room = await self._blobs.room()
        job = Job(task="draw", kind=held.kind, source=str(self._blobs.path(held.source)), out=str(room), soffice=self._soffice)
        pages: list[Page] = []
        try:
            async with aclosing(run(job)) as lines:
                async for line in lines:
                    if isinstance(line, Drawn):
                        pages.append(await self._kept(room, line))
                    await self._renew(held, len(pages))
        finally:
            await self._blobs.leave(room)
        if not pages:
            raise CoursewareUnreadable("no pages")
        if not await self._store.finish(replace(held, lease=self._lease), version_of(pages), pages):
            raise _Lost

    async def _renew(self, held: Courseware, drawn: int) -> None:
        until = self._now() + LEASE_MS
        if not await self._store.renew(replace(held, lease=self._lease), until, drawn):
            raise _Lost
        self._lease = until

    async def _kept(self, room: Path, line: Drawn) -> Page:
        size = (room / line.picture).stat().st_size
        picture, preview = await self._blobs.keep(room / line.picture), await self._blobs.keep(room / line.preview)
        media = tuple([Media(await self._blobs.keep(room / one.file), one.type) for one in line.media])
        return Page(line.page, line.width, line.height, picture, preview, size, line.flattened, line.fonts, line.unplayable, media)

    async def _sweep(self) -> None:
        while True:
            try:
                gone = await self._blobs.sweep(self._store.needed, SWEEP_AGE)
                log.info("courseware: %d files belonged to nothing", gone)
            except Exception:
                log.exception("the sweep failed; tried again later")
            await asyncio.sleep(SWEEP_SECONDS)


def version_of(pages: list[Page]) -> str:
    """Content address of all pages."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(f"{page.picture} {page.preview} {' '.join(one.blob for one in page.media)}\n".encode())
    return digest.hexdigest()[:32]
