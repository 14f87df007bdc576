"""Files under the hash of their bytes: written once, never changed, shared by all that hold the same."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

CHUNK = 1024 * 1024
_HEX = frozenset("0123456789abcdef")


class Blobs:
    """One directory, for all processes of an installation. Everything that takes time is done in a thread."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._work = root / "work"

    def path(self, blob: str) -> Path:
        """Where it lies, if it does. Raises `ValueError` for what is no hash."""
        if len(blob) != 64 or not set(blob) <= _HEX:
            raise ValueError("no SHA-256 in hex")
        return self.root / blob[:2] / blob

    async def keep(self, file: Path) -> str:
        """Move a file in; its hash."""
        return await asyncio.to_thread(self._keep, file)

    async def read(self, blob: str) -> bytes | None:
        """The bytes; None: it is gone."""
        try:
            return await asyncio.to_thread(self.path(blob).read_bytes)
        except OSError:
            return None

    async def room(self) -> Path:
        """A fresh directory for work, on the same disk."""
        return await asyncio.to_thread(self._room)

    async def leave(self, room: Path) -> None:
        """Throw such a directory away."""
        await asyncio.to_thread(shutil.rmtree, room, True)

    async def sweep(self, needed: Callable[[list[str]], Awaitable[set[str]]], age: float) -> int:
        """Delete what is older than `age` seconds and belongs to nothing, and what broken-off work left; how many files."""
        before = time.time() - age
        gone = 0
        for folder in await asyncio.to_thread(self._folders):
            old = await asyncio.to_thread(_older, folder, before)
            kept = await needed(old) if old else set()
            gone += await asyncio.to_thread(_unlink, [folder / name for name in old if name not in kept], before)
        await asyncio.to_thread(self._clean, before)
        return gone

    def _keep(self, file: Path) -> str:
        blob = _hash(file)
        place = self.path(blob)
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            os.utime(place)  # young again: a sweep that goes on now must not take it
            file.unlink()
        else:
            _flush(file)
            file.replace(place)
            _flush(place.parent)
        return blob

    def _room(self) -> Path:
        self._work.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Path(tempfile.mkdtemp(dir=self._work))

    def _folders(self) -> list[Path]:
        return [folder for folder in self.root.iterdir() if len(folder.name) == 2] if self.root.exists() else []

    def _clean(self, before: float) -> None:
        for room in self._work.iterdir() if self._work.exists() else ():
            if room.stat().st_mtime < before:
                shutil.rmtree(room, True)


def _hash(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _flush(path: Path) -> None:
    """To the disk: a crash of the machine must not leave a name without its bytes."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _older(folder: Path, before: float) -> list[str]:
    return [entry.name for entry in _entries(folder) if entry.stat().st_mtime < before]


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from entries


def _unlink(files: list[Path], before: float) -> int:
    gone = 0
    for file in files:
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < before:
                file.unlink()
                gone += 1
    return gone
