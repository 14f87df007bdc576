"""A folder of playable files on this disk, while it is sealed, sent away and cleared.

It is held open: were it made anew meanwhile, another folder would lie at its path, and this one would still be the one that was opened.
What is done to it blocks; callers do it outside the event loop.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from media.client.manifest import MANIFEST
from server.replay.stores.names import SEALED
from server.replay.stores.source import LocalFile
from server.replay.stores.stream import HEADER, Damaged, Stream, new_header

_DRAFT = SEALED + ".part"
STEP = 4 * 1024 * 1024
"""Bytes between two moments at which the work can be stopped."""


class Folder:
    """Use `with Folder(path)`. Raises `OSError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle = -1

    def __enter__(self) -> Folder:
        self._handle = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def file(self, name: str) -> LocalFile:
        """One of its files, by its name here."""
        return LocalFile(Path(name), self._handle)

    def names(self) -> tuple[list[str], list[str]]:
        """Plain and sealed files, by their plain names, the manifest last: all else is there before it is."""
        found = sorted(entry for entry in self._entries() if not entry.startswith(".") and not entry.endswith(_DRAFT))
        sealed = [entry.removesuffix(SEALED) for entry in found if entry.endswith(SEALED)]
        plain = [entry for entry in found if not entry.endswith(SEALED)]
        return _last(plain), _last(sealed)

    def _entries(self) -> list[str]:
        return os.listdir(self._handle)  # noqa: PTH208 — of an open folder, whatever its path is by now

    def octets(self) -> int:
        """Of all its files."""
        return sum(os.stat(name, dir_fd=self._handle).st_size for name in self._entries())

    def bytes_of(self, name: str) -> bytes:
        """A small file, whole."""
        with os.fdopen(self.file(name).open(), "rb") as file:
            return file.read()

    def opened(self, name: str, key: bytes, about: str) -> bytes:
        """A small sealed file, whole and plain. Raises `Damaged`."""
        data = self.bytes_of(name + SEALED)
        stream = Stream(key, data[:HEADER], about)
        chunks = stream.chunks(len(data))
        pieces = [data[stream.offset(n) : stream.offset(n + 1)] for n in range(chunks)]
        return b"".join(stream.open(n, n == chunks - 1, piece) for n, piece in enumerate(pieces))

    def hashing(self, name: str, into: list[str]) -> Iterator[None]:
        """In steps; then the SHA-256 is in `into`."""
        digest = hashlib.sha256()
        with os.fdopen(self.file(name).open(), "rb") as file:
            while block := file.read(STEP):
                digest.update(block)
                yield
        into.append(digest.hexdigest())

    def sealing(self, name: str, key: bytes, about: str, sha256: str) -> Iterator[None]:
        """Seal a file in steps, read it back, and then delete the plain one. `sha256`: what it must be; empty: not known. Raises `Damaged`."""
        draft = name + _DRAFT
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=self._handle)
        seen = hashlib.sha256()
        with os.fdopen(self.file(name).open(), "rb") as plain, os.fdopen(self._create(draft), "wb") as out:
            header = new_header()
            stream = Stream(key, header, about)
            out.write(header)
            n, block = 0, plain.read(stream.chunk)
            while True:
                after = plain.read(stream.chunk)
                seen.update(block)
                out.write(stream.seal(n, not after, block))
                if not after:
                    break
                n, block = n + 1, after
                if n % (STEP // stream.chunk) == 0:
                    yield
            out.flush()
            os.fsync(out.fileno())
        if sha256 and seen.hexdigest() != sha256:
            raise Damaged(f"{name} is not what was made")
        yield from self._proving(draft, key, about, seen.digest())
        os.rename(draft, name + SEALED, src_dir_fd=self._handle, dst_dir_fd=self._handle)
        os.fsync(self._handle)
        os.unlink(name, dir_fd=self._handle)

    def _proving(self, draft: str, key: bytes, about: str, digest: bytes) -> Iterator[None]:
        found = hashlib.sha256()
        with os.fdopen(self.file(draft).open(), "rb") as sealed:
            stored = os.fstat(sealed.fileno()).st_size
            stream = Stream(key, sealed.read(HEADER), about)
            chunks, whole = stream.chunks(stored), stream.offset(1) - stream.offset(0)
            for n in range(chunks):
                found.update(stream.open(n, n == chunks - 1, sealed.read(whole)))
                if n % (STEP // stream.chunk) == 0:
                    yield
        if found.digest() != digest:
            raise Damaged(f"{draft} is not what was sealed")

    def _create(self, name: str) -> int:
        return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=self._handle)

    def clear(self) -> None:
        """Delete everything in it, and itself where it still lies at its path."""
        for name in self._entries():
            os.unlink(name, dir_fd=self._handle)
        with contextlib.suppress(OSError):
            self._path.rmdir()


def _last(names: list[str]) -> list[str]:
    return [name for name in names if name != MANIFEST] + [name for name in names if name == MANIFEST]
