"""What is made of a recording: `play/` in its folder, which is there whole or not at all."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from media.client.manifest import PLAY

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Busy(Exception):
    """Another process reads this recording."""


@contextmanager
def made_anew(folder: Path) -> Iterator[Path]:
    """A folder to fill, that becomes `play/` when the block is left well. Raises `Busy` and `OSError`."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        for left in folder.glob(f"{PLAY}.*"):  # of one that was killed
            shutil.rmtree(left)
        new = Path(tempfile.mkdtemp(prefix=f"{PLAY}.", dir=folder))
        try:
            yield new
            _sync(new)
            _swap(new, folder / PLAY)
            os.fsync(lock)
        finally:
            shutil.rmtree(new, ignore_errors=True)
    finally:
        os.close(lock)


def write(path: Path, data: bytes) -> None:
    """Onto the disk."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _swap(new: Path, play: Path) -> None:
    """Afterwards `new` is what was there before, if anything was."""
    if not play.exists():
        new.rename(play)
    elif not _exchange(new, play):
        old = new.with_name(new.name + ".old")
        play.rename(old)
        new.rename(play)
        shutil.rmtree(old)


def _exchange(one: Path, other: Path) -> bool:
    """In one step, where kernel, file system and C library can (renameat2)."""
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return call is not None and call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
