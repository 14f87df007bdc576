"""What is made of a recording: `play/` and other folders in its own, each of which is there whole or not at all."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from media.client.manifest import PLAY

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Busy(Exception):
    """Another process reads this recording."""


@contextmanager
def made_anew(folder: Path) -> Iterator[Path]:
    """A folder to fill, that becomes `play/` when the block is left well. Raises `Busy` and `OSError`."""
    with locked(folder) as lock:
        for left in folder.glob(f"{PLAY}.*"):  # of one that was killed
            shutil.rmtree(left)
        with _filled(_filling(folder, PLAY), PLAY) as new:
            yield new
        os.fsync(lock)


@contextmanager
def made_beside(folder: Path, name: str) -> Iterator[Path]:
    """The same for another folder of the recording, `name`; others may be made at the same time. Raises `Busy` and `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder, alone=False) as lock:
        for left in folder.glob(f"{name}.*"):
            with suppress(Busy, FileNotFoundError), locked(left):  # of one that was killed: nobody holds it
                shutil.rmtree(left)
        new = _filling(folder, name)
        with locked(new), _filled(new, name):
            yield new
        os.fsync(lock)


@contextmanager
def locked(folder: Path, alone: bool = True) -> Iterator[int]:
    """Hold a folder, alone or beside others who do not want it alone; its descriptor. Raises `Busy` and `OSError`."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(lock, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        yield lock
    finally:
        os.close(lock)


def _filling(folder: Path, name: str) -> Path:
    return Path(tempfile.mkdtemp(prefix=f"{name}.", dir=folder))


@contextmanager
def _filled(new: Path, name: str) -> Iterator[Path]:
    try:
        yield new
        _sync(new)
        _swap(new, new.with_name(name))
    finally:
        shutil.rmtree(new, ignore_errors=True)


def replace(path: Path, data: bytes) -> None:
    """What is in a file, in one step: whoever reads it sees the old or the new."""
    new = path.with_name(f".{path.name}.new")
    write(new, data)
    new.replace(path)
    _sync(path.parent)


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
