"""Playable files of recordings, wherever they are kept. Everybody who reads one reads it here.

A recording has folders: `play`, made of all that was captured, and one for each cut of it. Each holds `manifest.json` and the files it
names; it is there whole or not at all, and what is in it never changes, but for a folder that is made anew as a whole.

A file is looked for plain on this disk, sealed on this disk, in the store: while a folder is sealed and sent away (`server.replay.keeping`)
each is in one of these at least.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import msgspec

from media.client import manifest
from media.client.manifest import MANIFEST, PLAY, Manifest
from server.domain.kept import Kept
from server.errors import NotThere, RecordingAway, RecordingDamaged, RecordingNotReady, RecordingStoreRefused
from server.replay.stores.keyring import Keyring
from server.replay.stores.names import SEALED, about, checked, known, object_key
from server.replay.stores.s3 import Missing, Store, Stored
from server.replay.stores.sealed import SealedFile
from server.replay.stores.source import LocalFile, Source
from server.replay.stores.stream import Damaged
from server.store.kept import KeptStore

COPIES = "copies"
"""Where temporary plain copies lie, in the data directory."""
CHECK_SECONDS = 3.0
"""So long somebody waits for a page that says whether the store answers."""
_SOURCES = 2000
"""Files in a store of which it is remembered how long they are and that they end as they should."""


class Files:
    """One per process. `data`: the data directory; `store`: None where everything is kept here."""

    def __init__(self, data: Path, table: KeptStore, keyring: Keyring, store: Store | None = None) -> None:
        self.data = data
        self.table = table
        self._keyring = keyring
        self.store = store
        self._stored: OrderedDict[tuple[str, str, str, int | None, str], Source] = OrderedDict()
        self.damaged = 0
        """Reads that ended at something that is not what was kept, since this process began."""
        self.wanted: Callable[[], None] = lambda: None
        """Called when there is something to keep or to delete."""

    def where(self, recording: str, folder: str) -> Path:
        """The local folder, whether or not anything lies in it. Raises `NotThere` for words that can be none."""
        return manifest.folder(self.data, known(recording)) / known(folder)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def manifest(self, recording: str, folder: str = PLAY) -> Manifest:
        """What the folder holds. Raises `RecordingNotReady`: also for one that is lost, damaged or of a newer version."""
        return (await self._manifest(recording, folder))[0]

    async def tag(self, recording: str, folder: str, name: str) -> str:
        """What changes when the file does (an entity tag): its SHA-256 where the manifest has it."""
        made, mark = await self._manifest(recording, folder)
        known = {one.name: one.sha256 for one in made.files}
        return known.get(name) or hashlib.sha256(f"{mark}/{name}".encode()).hexdigest()

    async def size(self, recording: str, folder: str, name: str) -> int | None:
        """Plain bytes; None: there is no such file. Raises `RecordingAway`, `RecordingDamaged` and the like, as `read`."""
        try:
            async with self._counting(recording, folder, name):
                return await (await self._source(recording, folder, checked(name))).size()
        except FileNotFoundError:
            return None

    async def plain(self, recording: str, folder: str, name: str) -> Path | None:
        """Where it lies plain on this disk; None: elsewhere or nowhere."""
        path = self.where(recording, folder) / checked(name)
        return path if await asyncio.to_thread(path.is_file) else None

    async def read(self, recording: str, folder: str, name: str, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        """Plain bytes from `begin` up to `end`, in blocks of about 256 KiB. Raises `NotThere`; `RecordingAway` and `RecordingStoreRefused`
        from the store; `RecordingDamaged` before anything of what was changed is given.
        """
        for left in (1, 0):
            try:
                async with (
                    self._counting(recording, folder, name),
                    aclosing(await self._reading(recording, folder, name, begin, end)) as blocks,
                ):
                    async for block in blocks:
                        begin += len(block)
                        yield block
                return
            except FileNotFoundError as error:  # it may just have gone from here to where it is kept
                if not left:
                    raise NotThere from error

    async def _reading(self, recording: str, folder: str, name: str, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        return (await self._source(recording, folder, checked(name))).read(begin, end)

    @asynccontextmanager
    async def local(self, recording: str, folder: str, name: str) -> AsyncIterator[Path]:
        """A plain file to read from: itself, or a copy that nobody else may read and that is gone afterwards. Raises as `read`."""
        path = await self.plain(recording, folder, name)
        if path is not None:
            yield path
            return
        size = await self.size(recording, folder, name)
        if size is None:
            raise NotThere
        copy = await asyncio.to_thread(_temporary, self.data / COPIES, Path(name).suffix)
        try:
            with copy.open("wb") as out:
                async for block in self.read(recording, folder, name, 0, size):
                    await asyncio.to_thread(out.write, block)
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    async def check(self, recording: str, folder: str = PLAY) -> None:
        """That it can be read now. Raises `RecordingAway`, `RecordingStoreRefused`: it lies in a store only, which does not answer."""
        kept = await self.table.get(recording, folder)
        if kept is None or kept.state != "kept" or kept.place != "s3":
            return
        if self.store is None:
            raise RecordingAway("no store is set")
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                await self.store.head(object_key(self.store, kept, MANIFEST))
        except TimeoutError as error:
            raise RecordingAway("it does not answer") from error
        except FileNotFoundError:
            return  # whoever reads it is told

    async def lacks(self, recording: str, folder: str = PLAY) -> bool:
        """A file that should lie here does not. What is in a store is not asked for. Raises `RecordingNotReady`."""
        made, kept = await self.manifest(recording, folder), await self.table.get(recording, folder)
        if kept is not None and kept.place == "s3":
            return False
        names = await asyncio.to_thread(_names, self.where(recording, folder))
        return any(one.name not in names and one.name + SEALED not in names for one in made.files)

    async def trouble(self, recording: str) -> str:
        """Code of the error for which it cannot be read now; empty: it can."""
        try:
            await self.check(recording)
        except (RecordingAway, RecordingStoreRefused) as error:
            return error.code
        return ""

    # --- keeping -----------------------------------------------------------------------------------------------------

    async def put(self, recording: str, folder: str) -> None:
        """A folder is finished here, and shall be kept: sealed, in the store, as the settings say."""
        path = self.where(recording, folder) / MANIFEST
        try:
            data = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            return  # it is sealed already, or not there at all
        await self.table.put(recording, folder, hashlib.sha256(data).hexdigest(), captured=folder == PLAY)
        self.wanted()

    async def forget(self, recording: str, folder: str | None = None) -> None:
        """It goes for good, wherever it is kept; None: everything of the recording, and what it was made of."""
        path = self.where(recording, folder) if folder else manifest.folder(self.data, known(recording))
        await self.table.leave(recording, folder)
        with contextlib.suppress(FileNotFoundError):
            await asyncio.to_thread(shutil.rmtree, path)
        self.wanted()

    # --- where it is -------------------------------------------------------------------------------------------------

    async def _source(self, recording: str, folder: str, name: str) -> Source:
        """Raises `FileNotFoundError`, `Damaged`, `RecordingAway`."""
        path = self.where(recording, folder) / name
        if await asyncio.to_thread(path.is_file):
            return LocalFile(path)
        kept = await self.table.get(recording, folder)
        if kept is None or kept.state == "leaving":
            raise FileNotFoundError
        sealed = path.with_name(name + SEALED)
        if kept.sealed and await asyncio.to_thread(sealed.is_file):
            return SealedFile(LocalFile(sealed), self._keyring.open(kept), about(recording, folder, name))
        if kept.place != "s3":
            raise FileNotFoundError
        if self.store is None:
            raise RecordingAway("no store is set")
        return self._of_store(self.store, kept, name)

    def _of_store(self, store: Store, kept: Kept, name: str) -> Source:
        """What an object's length is and that it ends as it should is asked once: it never changes, unless it is kept anew."""
        at = (kept.recording, kept.folder, kept.mark, kept.kept_at, name)
        found = self._stored.get(at)
        if found is None:
            found = Stored(store, object_key(store, kept, name))
            if kept.sealed:
                found = SealedFile(found, self._keyring.open(kept), about(kept.recording, kept.folder, name))
            self._stored[at] = found
            if len(self._stored) > _SOURCES:
                self._stored.popitem(last=False)
        return found

    async def _manifest(self, recording: str, folder: str) -> tuple[Manifest, str]:
        path = self.where(recording, folder) / MANIFEST
        try:
            return decoded(await asyncio.to_thread(path.read_bytes))
        except FileNotFoundError:
            kept = await self.table.get(recording, folder)
            return decoded(kept.manifest if kept and kept.manifest else await self._sealed_manifest(recording, folder))
        except OSError as error:
            raise RecordingNotReady(str(error), state="failed") from error

    async def _sealed_manifest(self, recording: str, folder: str) -> bytes:
        """Before it is kept: sealed just now."""
        try:
            async with self._counting(recording, folder, MANIFEST):
                source = await self._source(recording, folder, MANIFEST)
                return b"".join([block async for block in source.read(0, await source.size())])
        except (OSError, RecordingDamaged) as error:
            raise RecordingNotReady(str(error), state="failed") from error

    @asynccontextmanager
    async def _counting(self, recording: str, folder: str, name: str) -> AsyncIterator[None]:
        try:
            yield
        except (Damaged, Missing) as error:
            if isinstance(error, Missing) and not await self._named(recording, folder, name):
                raise
            self.damaged += 1
            await self.table.damaged(recording, folder)
            raise RecordingDamaged(f"{recording}/{folder}/{name}: {error}") from error

    async def _named(self, recording: str, folder: str, name: str) -> bool:
        """The folder should have it."""
        made, _ = await self._manifest(recording, folder)
        return any(name == one.name or name in {picture for _, picture in one.thumbnails} for one in made.files)


def decoded(data: bytes) -> tuple[Manifest, str]:
    """A manifest and its SHA-256. Raises `RecordingNotReady`."""
    try:
        made = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise RecordingNotReady(str(error), state="failed") from error
    if made.version > manifest.VERSION:
        raise RecordingNotReady(f"a manifest of version {made.version}", state="failed")
    return made, hashlib.sha256(data).hexdigest()


def _names(folder: Path) -> frozenset[str]:
    return frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()


def _temporary(folder: Path, suffix: str) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(suffix, dir=folder)
    os.close(handle)
    return Path(name)
