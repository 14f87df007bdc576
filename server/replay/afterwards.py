"""What has to be done about kept recordings from time to time: older ones are taken up, what was captured goes when its time is over,
and what a process that died left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from media.client import manifest
from server.domain.lesson import REOPEN_MS
from server.errors import AppError
from server.replay.files import COPIES, Files
from server.replay.stores.folder import Folder
from server.replay.stores.s3 import Store
from server.work.loop import Loop

log = logging.getLogger(__name__)

SECONDS = 300.0
DAY_MS = 86_400_000
SETTLE_MS = 60_000
"""Longer than a lesson may be reopened, by so much."""
STALE = dt.timedelta(days=7)
"""An upload that was begun so long ago belongs to nobody any more."""
OLD_COPY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the settings say."""

    sealed: bool
    capture_days: int


class Afterwards:
    """Start it. `now`: UTC ms; `data`: the data directory."""

    def __init__(self, files: Files, data: Path, now: Callable[[], int], wanted: Wanted) -> None:
        self._files = files
        self._table = files.table
        self._data = data
        self._now = now
        self._wanted = wanted
        self._begun = False
        self._loop = Loop("recordings-afterwards", self.step, SECONDS)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    async def stop(self) -> None:
        """End."""
        await self._loop.stop()

    async def step(self) -> bool:
        """All of it, once."""
        if not self._begun:
            await self._table.want(sealed=self._wanted.sealed, remote=self._files.store is not None)
            self._begun = True
        for recording in await self._table.unknown():
            await self._files.put(recording, manifest.PLAY)
        await self._captured()
        await self._left()
        await asyncio.to_thread(_old_copies, self._data / COPIES)
        if self._files.store is not None:
            await self._stale(self._files.store)
        self._files.wanted()
        return False

    async def _captured(self) -> None:
        now = self._now()
        due = await self._table.captured(now - self._wanted.capture_days * DAY_MS, now - REOPEN_MS - SETTLE_MS)
        for recording in due:
            if await self._table.forget_captured(recording):
                await asyncio.to_thread(_delete_takes, manifest.folder(self._data, recording))

    async def _left(self) -> None:
        """Of folders that are in the store."""
        for recording, folder in await self._table.elsewhere():
            path = self._files.where(recording, folder)
            if not await asyncio.to_thread(path.is_dir):
                continue
            kept = await self._table.get(recording, folder)
            if kept is None or kept.state != "kept":
                continue
            if not await asyncio.to_thread(_clear, path, kept.mark):
                await self._files.put(recording, folder)

    async def _stale(self, store: Store) -> None:
        before = dt.datetime.now(dt.UTC) - STALE
        try:
            for one in await store.uploads(store.key("recordings", "")):
                if one["Initiated"] < before:
                    await store.abort(one["Key"], one["UploadId"])
        except AppError as error:
            log.info("stale uploads are looked for later: %s", error)


def _delete_takes(folder: Path) -> None:
    for take in folder.glob("take-*.capture"):
        take.unlink(missing_ok=True)


def _clear(path: Path, mark: str) -> bool:
    """Delete what is in the store; False: it was made anew since."""
    with Folder(path) as folder:
        if manifest.MANIFEST in folder.names()[0] and hashlib.sha256(folder.bytes_of(manifest.MANIFEST)).hexdigest() != mark:
            return False
        folder.clear()
    return True


def _old_copies(folder: Path) -> None:
    """Of a process that was killed while it read them."""
    with contextlib.suppress(OSError):
        for copy in folder.iterdir():
            if copy.stat().st_mtime < time.time() - OLD_COPY_SECONDS:
                copy.unlink(missing_ok=True)
