"""A small real file system of its own, mounted in a mount namespace that ends with the test: it can be full, and it can be read-only."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

_HOLD = 'mount -t tmpfs -o "size=$1,mode=700" tmpfs "$0" && echo mounted && exec cat'


def _apart() -> list[str]:
    """A mount namespace: root's, or one that maps whoever calls to root."""
    return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]


@cache
def refused() -> str:
    """Why no file system can be mounted here; empty: it can."""
    words = [*_apart(), "sh", "-c", 'mount -t tmpfs tmpfs "$0"', "/mnt"]
    try:
        found = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
    except OSError as error:
        return str(error)
    return found.stderr.strip() if found.returncode else ""


needs_a_volume = pytest.mark.skipif(bool(refused()), reason=f"neither root nor a user namespace may mount a tmpfs here: {refused()}")


class Volume:
    """What is mounted at `at` for those who are `within`; everybody else finds it under `root`."""

    def __init__(self, at: Path, holder: int) -> None:
        self.at = at
        self._holder = holder
        user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
        self.within = ("nsenter", *user, "-m", "-t", str(holder), "--")
        """Words before a command that is to run in it; its working directory is `/`."""
        self._filler = self.root(at) / "filler"

    def root(self, path: Path) -> Path:
        """The path as those within see it, for those outside."""
        return Path(f"/proc/{self._holder}/root{path}")

    def fill(self, leave: int = 0) -> None:
        """Until no more than so many bytes can be written, whole pages of them."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1 << 16, 1):
                _fill(file.fileno(), bytes(size))
            file.truncate(max(0, file.tell() - leave))

    def make_room(self) -> None:
        """As it was before `fill`."""
        self._filler.unlink()

    def remount(self, mode: str) -> None:
        """`ro` or `rw`."""
        subprocess.run([*self.within, "mount", "-o", f"remount,{mode}", str(self.at)], check=True, timeout=10)


def _fill(descriptor: int, data: bytes) -> None:
    try:
        while os.write(descriptor, data):
            pass
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


@contextmanager
def volume(at: Path, size: str = "4m") -> Iterator[Volume]:
    """An empty one of so many bytes (`4m`, `512k`)."""
    at.mkdir(parents=True, exist_ok=True)
    words = [*_apart(), "sh", "-c", _HOLD, str(at), size]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdin
        assert holder.stdout.readline() == b"mounted\n"
        try:
            yield Volume(at, holder.pid)
        finally:
            holder.stdin.close()
