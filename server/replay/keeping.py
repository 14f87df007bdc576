"""Keeps finished folders behind the lessons' backs, one at a time in each process: sealed, in the store, as the settings say.

Each step may be done twice, and each may be the last one of a process that dies: the next one finds what is done and does the rest.

1. Each file is what the manifest says it is (SHA-256).
2. Each is sealed; when the sealed one was read back, the plain one goes.
3. Each is sent to the store, the manifest last, and read back.
4. The tables say where the folder is kept; only then the local files go.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from media.client.manifest import MANIFEST, PLAY, Manifest
from server.domain.kept import Kept
from server.errors import AppError, RecordingAway, RecordingDamaged, RecordingDisk
from server.replay.files import Files, decoded
from server.replay.stores.folder import Folder
from server.replay.stores.keyring import Keyring
from server.replay.stores.names import SEALED, about, folder_key, object_key
from server.replay.stores.stream import Damaged
from server.replay.stores.upload import Counts, Upload
from server.work.lease import Lease, Lost
from server.work.loop import Loop

T = TypeVar("T")

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
LEASE_MS = 60_000
RENEW_SECONDS = 15.0
FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 15 * 60_000
AT_ONCE = 4
"""Small files that are sent at a time."""


def pause_ms(tries: int) -> int:
    """Until the next try, after so many in vain."""
    return int(min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2.0 ** min(tries, 20)))


class Keeping:
    """Start it. `now`: UTC ms; `sealed`: plain files are to be sealed."""

    def __init__(self, files: Files, keyring: Keyring, now: Callable[[], int], *, sealed: bool) -> None:
        self._files = files
        self._table = files.table
        self._keyring = keyring
        self._now = now
        self._sealed = sealed
        self.counts = Counts()
        self.kept = self.failed = self.removed = 0
        """Folders, since this process began."""
        self._loop = Loop("recordings-keeping", self.step, POLL_SECONDS)
        files.wanted = self._loop.poke

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    async def stop(self) -> None:
        """What is half done goes on in the next process."""
        await self._loop.stop()

    async def step(self) -> bool:
        """Do what is due longest; False: nothing is."""
        now = self._now()
        held = await self._table.claim(now, now + LEASE_MS)
        if held is None:
            return False
        lease = Lease(held, self._table.renew, self._now, LEASE_MS)
        try:
            async with lease.working(self._table.give_back):
                await _held(lease, self._leave(lease) if held.state == "leaving" else self._keep(lease))
        except Lost:
            log.info("recording %s/%s is not ours to keep any more", held.recording, held.folder)
        except Exception as error:
            await self._failed(lease.held, error)
        return True

    async def _failed(self, held: Kept, error: Exception) -> None:
        known = _code(error)
        self.failed += 1
        pause = int(pause_ms(held.tries) * random.uniform(0.8, 1.2))  # noqa: S311 — spreads the tries, protects nothing
        log.warning(
            "recording %s/%s, try %d: %s: %s; again in %d s", held.recording, held.folder, held.tries + 1, known, error, pause // 1000
        )
        await self._table.fail(held, known, self._now() + pause)
        if known == RecordingDamaged.code:
            await self._table.damaged(held.recording, held.folder)

    # --- keeping -----------------------------------------------------------------------------------------------------

    async def _keep(self, lease: Lease[Kept]) -> None:
        kept = lease.held
        path = self._files.where(kept.recording, kept.folder)
        with Folder(path) as folder:
            plain, sealed = await apart(folder.names)
            data = await self._manifest(lease.held, folder, plain)
            made, mark = decoded(data)
            if mark != kept.mark and MANIFEST not in plain:
                raise Damaged("another manifest than was sealed")
            if mark != kept.mark:
                await self._files.put(kept.recording, kept.folder)  # it was made anew, and whoever did it died before it could say so
                raise Lost
            if self._sealed or sealed:
                await self._seal(lease, folder, plain, made)
            else:
                await self._prove(folder, plain, made)
            octets = await apart(folder.octets)
            if self._files.store is not None:
                await self._send(lease, folder)
            await self._finish(lease, octets, data)
            if self._files.store is not None:
                await apart(folder.clear)

    async def _manifest(self, kept: Kept, folder: Folder, plain: list[str]) -> bytes:
        if MANIFEST in plain:
            return await apart(folder.bytes_of, MANIFEST)
        key, what = self._keyring.open(kept), about(kept.recording, kept.folder, MANIFEST)
        return await apart(folder.opened, MANIFEST, key, what)

    async def _seal(self, lease: Lease[Kept], folder: Folder, plain: list[str], made: Manifest) -> None:
        if lease.held.key is None:
            await self._keyring.draw(lease.held)
            await lease.go_on()
        kept, hashes = lease.held, {one.name: one.sha256 for one in made.files}
        key = self._keyring.open(kept)
        for name in plain:
            what = about(kept.recording, kept.folder, name)
            await _stepwise(folder.sealing(name, key, what, hashes.get(name, "")))

    async def _prove(self, folder: Folder, plain: list[str], made: Manifest) -> None:
        for one in made.files:
            if one.name not in plain or await _hash(folder, one.name) != one.sha256:
                raise Damaged(f"{one.name} is not what was made")

    async def _send(self, lease: Lease[Kept], folder: Folder) -> None:
        store, kept = self._files.store, lease.held
        assert store is not None
        upload = Upload(store, self.counts, _nothing)
        ending = SEALED if kept.sealed else ""
        names = (await apart(folder.names))[1 if kept.sealed else 0]
        turns = asyncio.Semaphore(AT_ONCE)

        async def send(name: str) -> None:
            async with turns:
                sha256 = await _hash(folder, name + ending)
                await upload.send(folder.file(name + ending), object_key(store, kept, name), sha256)

        async with asyncio.TaskGroup() as group:
            for name in names:
                if name != MANIFEST:
                    group.create_task(send(name))
        await send(MANIFEST)
        expected = {object_key(store, kept, name) for name in names}
        under = folder_key(store, kept.recording, kept.folder)
        await store.delete([key for key in await store.keys(under) if key not in expected])  # of how it was before it was made anew
        for one in await store.uploads(under):
            await store.abort(one["Key"], one["UploadId"])

    async def _finish(self, lease: Lease[Kept], octets: int, data: bytes) -> None:
        place = "local" if self._files.store is None else "s3"
        if not await self._table.finish(lease.held, place=place, octets=octets, manifest=data, now=self._now()):
            raise Lost
        self.kept += 1

    # --- deleting ----------------------------------------------------------------------------------------------------

    async def _leave(self, lease: Lease[Kept]) -> None:
        kept, store = lease.held, self._files.store
        if store is None and kept.place == "s3":
            raise RecordingAway("it is in a store, and none is set")
        path = self._files.where(kept.recording, kept.folder)
        if kept.folder != PLAY and await asyncio.to_thread(path.is_dir):  # `play` went with its recording, and may be another one's by now
            with Folder(path) as folder:
                await apart(folder.clear)
        if store is not None:
            under = folder_key(store, kept.recording, kept.folder)
            for one in await store.uploads(under):
                await store.abort(one["Key"], one["UploadId"])
            await store.delete(await store.keys(under))
        await self._table.gone(lease.held)
        self.removed += 1


async def _held(lease: Lease[Kept], work: Awaitable[None]) -> None:
    """The work, while the lease is renewed; it ends when that is lost."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await lease.go_on()

    working, renewing = asyncio.ensure_future(work), asyncio.ensure_future(renew())
    try:
        await asyncio.wait((working, renewing), return_when=asyncio.FIRST_COMPLETED)
        await (working if working.done() else renewing)
    finally:
        for task in (working, renewing):
            task.cancel()
        await asyncio.gather(working, renewing, return_exceptions=True)


async def apart(work: Callable[..., T], *given: object) -> T:
    """Outside the event loop. Whoever is cancelled waits for it to end: it works on a folder that is closed afterwards."""
    task = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise


async def _stepwise(steps: Iterator[None]) -> None:
    """Outside the event loop, and so that it can be stopped in between."""
    done = object()
    try:
        while await apart(next, steps, done) is not done:
            pass
    finally:
        close = getattr(steps, "close", None)
        if close is not None:
            close()


async def _hash(folder: Folder, name: str) -> str:
    found: list[str] = []
    await _stepwise(folder.hashing(name, found))
    return found[0]


async def _nothing() -> None:
    """Nothing is to be done between two parts: the lease is renewed beside them."""


def _code(error: BaseException) -> str:
    """Of what is shown on the recording's page."""
    if isinstance(error, BaseExceptionGroup):
        return _code(error.exceptions[0])
    if isinstance(error, Damaged):
        return RecordingDamaged.code
    return error.code if isinstance(error, AppError) else RecordingDisk.code if isinstance(error, OSError) else AppError.code
