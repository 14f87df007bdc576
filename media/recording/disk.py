"""Capture files on disk: one thread appends and syncs, so that media never waits for a disk.

What is put is on its way to the disk within a second, or was refused: the queue is bounded, and a full one says so at once.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from media.recording.folder import new_take, write_all

QUEUE_BYTES = 8 * 1024 * 1024
"""Bytes that may wait for the disk."""
QUEUE_SECONDS = 2.0
"""A disk that has not answered for so long is too slow: nothing more is taken until it does."""
SYNC_SECONDS = 1.0
"""Written data is synced at least so often. With the quarter of a second a block is gathered, at most two are lost (`take`)."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file could not be opened, written or synced; what was to be written then is lost. Later data is tried again."""

    file: int
    error: OSError
    lost: int
    """Bytes."""
    span: tuple[int, int] = (0, 0)
    """As given to `put`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a file is."""

    octets: int
    """Written whole."""
    puts: int
    """Number of the newest that was tried of what was put; those that failed are among the failures."""
    take: int
    """Number of a file that `create` made; 0 before."""


@dataclass(slots=True)
class _File:
    path: Path
    """The folder, of a take that is not made yet."""
    head: Callable[[int], bytes] | None = None
    """The first block of a take, by its number; None for a plain file."""
    take: int = 0
    offered: int = 0
    puts: int = 0
    descriptor: int = -1
    length: int = 0
    """Of what was written whole: after a failure the file is cut back to it."""
    dirty: bool = False
    closing: bool = False


@dataclass(slots=True)
class _State:
    """Shared between the threads, under the lock."""

    files: dict[int, _File] = field(default_factory=dict)
    waiting: deque[tuple[int, bytes, tuple[int, int]]] = field(default_factory=deque)
    size: int = 0
    failures: list[Failure] = field(default_factory=list)
    writing_since: float | None = None
    stopping: bool = False


class Disk:
    """Made, used and closed by one thread; `clock`: seconds, monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._state = _State()
        self._changed = threading.Condition()
        self._next = 1
        self._thread = threading.Thread(target=self._run, name="capture-disk", daemon=True)
        self._thread.start()

    def open(self, path: Path) -> int:
        """The number of a new file, which is made when something is written. A file that exists is appended to."""
        with self._changed:
            number, self._next = self._next, self._next + 1
            self._state.files[number] = _File(path)
            return number

    def create(self, folder: Path, head: Callable[[int], bytes]) -> int:
        """The number of a new take: the next free `take-NNNN.capture` of the folder, begun with `head(NNNN)`, which the thread calls.

        It is made at once, or else when something is put; nothing is ever in it before its head.
        """
        file = self.open(folder)
        with self._changed:
            self._state.files[file].head = head
        self.put(file, b"")
        return file

    def progress(self, file: int) -> Progress | None:
        """How far the file is; None once it is closed. To be asked before `take_failures`: what failed by then is told by then."""
        with self._changed:
            known = self._state.files.get(file)
            return None if known is None else Progress(known.length, known.puts, known.take)

    def put(self, file: int, data: bytes, span: tuple[int, int] = (0, 0)) -> int:
        """Have the data appended. Its number among what was put to the file, from 1; 0 if the queue is full, the disk too slow or the
        file closed: nothing of it is taken.

        `span`: handed back if it fails. Nothing to append: try whether the file can be made.
        """
        with self._changed:
            state = self._state
            known = state.files.get(file)
            if known is None or known.closing or state.stopping:
                return 0
            slow = state.writing_since is not None and self._clock() - state.writing_since > QUEUE_SECONDS
            if slow or state.size + len(data) > QUEUE_BYTES:
                return 0
            known.offered += 1
            state.waiting.append((file, data, span))
            state.size += len(data)
            self._changed.notify()
            return known.offered

    def close_file(self, file: int) -> None:
        """Sync and close it once what was put is written."""
        with self._changed:
            if file in self._state.files:
                self._state.files[file].closing = True
                self._changed.notify()

    def take_failures(self) -> list[Failure]:
        """What failed since the last call."""
        with self._changed:
            failures, self._state.failures = self._state.failures, []
            return failures

    def close(self, seconds: float | None = None) -> None:
        """Write, sync and close everything. Waits for the disk, at most so long."""
        with self._changed:
            self._state.stopping = True
            self._changed.notify()
        self._thread.join(seconds)

    # --- the thread

    def _run(self) -> None:
        synced = self._clock()
        while True:
            work, stopping = self._next_work(synced + SYNC_SECONDS)
            for number, data, span in work:
                self._append(number, data, span)
            if stopping or self._clock() - synced >= SYNC_SECONDS:
                self._sync()
                synced = self._clock()
            self._close_done()
            if stopping and not work:
                return

    def _next_work(self, until: float) -> tuple[list[tuple[int, bytes, tuple[int, int]]], bool]:
        """Everything that waits. Without any: after `until`, where something is to be synced, or when it is time to stop."""
        with self._changed:
            state = self._state
            state.writing_since = None
            while not state.waiting and not state.stopping and not any(one.closing for one in state.files.values()):
                dirty = any(one.dirty for one in state.files.values())
                if not self._changed.wait(max(0.0, until - self._clock()) if dirty else None) and dirty:
                    break
            work = list(state.waiting)
            state.waiting.clear()
            state.writing_since = self._clock() if work else None
            return work, state.stopping

    def _append(self, number: int, data: bytes, span: tuple[int, int]) -> None:
        file = self._state.files[number]
        try:
            if file.descriptor < 0:
                self._open(file)
            write_all(file.descriptor, data)
            file.length += len(data)
            file.dirty |= bool(data)
        except OSError as error:
            self._failed(number, file, error, len(data), span)
        with self._changed:
            file.puts += 1
            self._state.size -= len(data)
            self._state.writing_since = self._clock()

    def _open(self, file: _File) -> None:
        if file.head is not None:
            file.descriptor, file.take, file.length = new_take(file.path, file.head)
            file.dirty = True
            return
        file.path.parent.mkdir(parents=True, exist_ok=True)
        file.descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        file.length = os.fstat(file.descriptor).st_size

    def _failed(self, number: int, file: _File, error: OSError, lost: int, span: tuple[int, int] = (0, 0)) -> None:
        if file.descriptor >= 0 and lost:
            with contextlib.suppress(OSError):
                os.ftruncate(file.descriptor, file.length)  # no half of a block stays, if the disk lets us
        with self._changed:
            self._state.failures.append(Failure(number, error, lost, span))

    def _sync(self) -> None:
        for number, file in list(self._state.files.items()):
            if not file.dirty:
                continue
            file.dirty = False
            try:
                os.fdatasync(file.descriptor)
            except OSError as error:
                self._failed(number, file, error, 0)

    def _close_done(self) -> None:
        with self._changed:
            busy = {number for number, _, _ in self._state.waiting}
            done = [(n, one) for n, one in self._state.files.items() if (one.closing or self._state.stopping) and n not in busy]
        for number, file in done:
            if file.dirty:
                self._sync()
            if file.descriptor >= 0:
                os.close(file.descriptor)
            with self._changed:
                del self._state.files[number]
