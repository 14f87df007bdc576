"""The folder of a recording: its takes by number, and how the next one is made."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

_TAKE = re.compile(r"take-(\d{4,9})\.capture")


def takes(folder: Path) -> list[tuple[int, Path]]:
    """Number and file of each take, in order; none if there is no folder. Raises `OSError`."""
    try:
        found = [(int(match[1]), path) for path in folder.iterdir() if (match := _TAKE.fullmatch(path.name))]
    except FileNotFoundError:
        return []
    return sorted(found)


def new_take(folder: Path, head: Callable[[int], bytes]) -> tuple[int, int, int]:
    """Descriptor, number and size of a take that nobody else has, begun with `head(number)`: the next number, by exclusive creation.

    Raises `OSError`; there is no file without a head then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = takes(folder)
    number = known[-1][0] + 1 if known else 1
    while True:
        path = folder / f"take-{number:04}.capture"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            break
        except FileExistsError:
            number += 1
    data = head(number)
    try:
        write_all(descriptor, data)
        for place in (folder, folder.parent):
            _sync_folder(place)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor, number, len(data)


def write_all(descriptor: int, data: bytes) -> None:
    """Write it whole, in as many calls as it takes. Raises `OSError` when part of it is written."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    """A file is found after a power cut only if its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
