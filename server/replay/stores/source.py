"""Bytes that lie somewhere and are read in ranges."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Protocol

BLOCK = 256 * 1024
"""So many bytes are in memory at a time for each reader."""


class Source(Protocol):
    """A file as it is kept. Raises `FileNotFoundError` where there is none (any more)."""

    async def size(self) -> int:
        """Bytes."""
        ...

    def read(self, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        """Those from `begin` up to `end`, in blocks; fewer if it ends before."""
        ...


class LocalFile:
    """One on this disk. `folder`: an open folder that `path` is in, whatever lies at that folder's own path by now."""

    def __init__(self, path: Path, folder: int | None = None) -> None:
        self.path = path
        self._folder = folder

    def open(self) -> int:
        """A descriptor to read from. Raises `OSError`."""
        return os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=self._folder)

    async def size(self) -> int:
        """See `Source`."""
        return (await asyncio.to_thread(os.stat, self.path, dir_fd=self._folder)).st_size

    async def read(self, begin: int, end: int) -> AsyncGenerator[bytes, None]:
        """See `Source`."""
        handle = await asyncio.to_thread(self.open)
        try:
            while begin < end and (block := await asyncio.to_thread(os.pread, handle, min(BLOCK, end - begin), begin)):
                begin += len(block)
                yield block
        finally:
            os.close(handle)
