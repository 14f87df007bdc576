"""Watching while class goes on: one process for each recording that somebody watches, and what it has written, kept in memory.

The process locks the recording's `live/` (flock), so that over all web processes there is one; when it dies, whoever is asked next starts
another, which goes on where it ended. It ends by itself when nobody has asked for a minute: every question touches a file.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import shutil
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, cast

import msgspec

from media.client import live, manifest
from media.client.manifest import Missing
from server.domain.recording import Recording
from server.errors import HlsBusy, NotThere, ReplayOver
from server.replay.journal import Journal, Unreadable
from server.replay.making import SETTLE_MS
from server.store.recordings import RecordingStore
from server.work.loop import Loop
from server.work.process import child

T = TypeVar("T")

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 60
SILENCE_SECONDS = 45.0
"""It says every few seconds how far it is."""
NICE = 5
ASK_MS = 5_000
"""So often it is told that somebody watches."""
FRESH_MS = 400
"""So old may be what is told."""
ROW_MS = 2_000
"""So old may be what is known of the recording itself."""
SHELVES = 64
ANSWERS = 256
SHOWN = 64
"""Playlists of one recording that are kept as long as they are true."""
SWEEP_SECONDS = 60.0
KEPT_MS = 600_000
"""What nobody asked for so long goes, once the recording can be played whole."""


class _Shelf:
    """What is known of one recording's `live/`, or of `hls/` in it; `words` start the process that writes it."""

    def __init__(self, folder: Path, words: Sequence[str]) -> None:
        self.folder = folder
        self.words = words
        self.reading = asyncio.Lock()
        self.read_at = -FRESH_MS
        self.asked_at: dict[str, int] = {}
        self.process: asyncio.Task[None] | None = None
        self.refused = False
        self.journal = Journal()
        self.missing: tuple[Missing, ...] = ()
        self.answers: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self.shown_of = ""
        self.shown: dict[str, object] = {}
        self.tag = ""
        self._offset = 0
        self._file: tuple[int, int] = (0, 0)
        self._missing_file = (0, 0)

    def read(self) -> None:
        """What was written since. Raises `OSError`."""
        before = (self.journal.opened, self.journal.lines, self._missing_file)
        try:
            with (self.folder / live.JOURNAL).open("rb") as file:
                found = os.fstat(file.fileno())
                if (found.st_dev, found.st_ino) != self._file or found.st_size < self._offset:
                    self._file, self._offset, self.journal = (found.st_dev, found.st_ino), 0, Journal()
                file.seek(self._offset)
                data = file.read(found.st_size - self._offset)
                self._offset += len(data)
                self.journal.add(data)
        except FileNotFoundError:
            self._file, self._offset, self.journal = (0, 0), 0, Journal()
        self._read_missing()
        if before != (self.journal.opened, self.journal.lines, self._missing_file) or not self.tag:
            self.answers.clear()
            edition = self.journal.opened.edition if self.journal.opened else "none"
            self.tag = f"{edition}-{self.journal.lines}-{self._missing_file[0]}"

    def _read_missing(self) -> None:
        try:
            found = (self.folder / live.MISSING).stat()
            if (found.st_mtime_ns, found.st_ino) != self._missing_file:
                self.missing = live.missing(self.folder.parent) if found.st_size else ()
                self._missing_file = (found.st_mtime_ns, found.st_ino)
        except FileNotFoundError:
            self.missing, self._missing_file = (), (0, 0)

    def followed(self) -> bool:
        """Whether a process, of whichever web process, writes it now."""
        try:
            lock = os.open(self.folder / live.LOCK, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def ask(self, mark: str, over: bool) -> None:
        """Somebody wants it; `over`: nothing more is captured."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        (self.folder / mark).touch()
        if over:
            (self.folder / live.OVER).touch()
        else:
            (self.folder / live.OVER).unlink(missing_ok=True)


class LiveReplays:
    """One per process. `data`: the data directory; `now`: UTC ms; `minutes`, `megabytes`: so much is kept, 0 for
    everything; `televised`: of so many recordings at once HLS is made.
    """

    def __init__(
        self, table: RecordingStore, data: Path, now: Callable[[], int], *, minutes: int = 0, megabytes: int = 0, televised: int = 0
    ) -> None:
        self._table = table
        self._data = data
        self._now = now
        self._televised = televised
        self._words = ("--patience", str(PATIENCE_SECONDS), "--most-minutes", str(minutes), "--most-mb", str(megabytes))
        self._shelves: OrderedDict[tuple[str, str], _Shelf] = OrderedDict()
        self._rows: OrderedDict[str, tuple[int, Recording | None]] = OrderedDict()
        self._sweeps = Loop("live-sweep", self.sweep, SWEEP_SECONDS)

    def start(self) -> None:
        """Begin to clear away."""
        self._sweeps.start()

    async def stop(self) -> None:
        """End the processes of this one; another goes on where they ended."""
        await self._sweeps.stop()
        tasks = [shelf.process for shelf in self._shelves.values() if shelf.process]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def recording(self, lesson: str) -> Recording | None:
        """The lesson's recording, as it was two seconds ago."""
        at, found = self._rows.get(lesson, (-ROW_MS, None))
        if self._now() - at >= ROW_MS:
            found = await self._table.of_lesson(lesson)
            self._rows[lesson] = (self._now(), found)
            self._rows.move_to_end(lesson)
            while len(self._rows) > SHELVES * 4:
                self._rows.popitem(last=False)
        return found

    async def index(self, recording: Recording, since: int, after: int, edition: str) -> tuple[str, bytes]:
        """Its tag and JSON: parts from lesson time `since` on, of lines after `after` where they are of this edition.

        Raises `ReplayOver` where there is none and none is made any more.
        """
        shelf = await self._live(recording)
        known = shelf.journal.opened is not None and shelf.journal.opened.edition == edition
        key = (since, after if known else 0)
        body = shelf.answers.get(key)
        if body is None:
            body = shelf.answers[key] = msgspec.json.encode(shelf.journal.told(shelf.missing, *key))
            if len(shelf.answers) > ANSWERS:
                shelf.answers.popitem(last=False)
        return shelf.tag, body

    async def part(self, recording: Recording, name: str, since: int) -> Path:
        """Where a part lies. Raises `NotThere` for what was not named, or was before `since`."""
        for fresh in (False, True):
            for of in (live.LIVE, live.HLS):
                shelf = self._shelf(recording, of)
                if fresh:
                    await self._read(shelf)
                if shelf.journal.holds(name, since):
                    return shelf.folder / name
        raise NotThere

    async def televised(self, recording: Recording, group: str) -> tuple[str, Journal, Journal]:
        """For HLS of a group's film and the teacher's sound: a tag, what is there, and what was made for televisions.

        Raises `ReplayOver` where there is none and none is made any more, `HlsBusy` where it is made of too many others.
        """
        first = await self._live(recording)
        shelf = self._shelf(recording, live.HLS)
        if _grows(first, recording) and first.journal.opened is not None and self._due(shelf, group):
            running = sum(one.process is not None for (_, of), one in self._shelves.items() if of == live.HLS)
            await self._ask(shelf, f"{live.ASKED}.{group}", over=False, done=shelf.journal.ended, full=running >= self._televised)
        if shelf.refused:
            raise HlsBusy
        await self._read(shelf)
        return f"{first.tag}-{shelf.tag}", first.journal, shelf.journal

    def kept(self, recording: Recording, tag: str, key: str, make: Callable[[], T]) -> T:
        """What follows from the journals as they are (`tag`), made once for all who ask."""
        shelf = self._shelf(recording, live.HLS)
        if shelf.shown_of != tag or len(shelf.shown) >= SHOWN:
            shelf.shown_of, shelf.shown = tag, {}
        if key not in shelf.shown:
            shelf.shown[key] = make()
        return cast(T, shelf.shown[key])

    async def sweep(self) -> bool:
        """Clear away what is not needed any more."""
        folders = await asyncio.to_thread(lambda: [path.parent for path in (self._data / "recordings").glob(f"*/{live.LIVE}")])
        rows = await self._table.many({folder.name for folder in folders}) if folders else {}
        for folder in folders:
            row = rows.get(folder.name)
            if row is None or not captured(row):
                await asyncio.to_thread(self._clear, folder)
        return False

    # --- one recording

    def _shelf(self, recording: Recording, of: str = live.LIVE) -> _Shelf:
        shelf = self._shelves.get((recording.id, of))
        if shelf is None:
            folder = manifest.folder(self._data, recording.id)
            place = folder / live.LIVE if of == live.LIVE else folder / live.LIVE / live.HLS
            words = ("--follow" if of == live.LIVE else "--hls", *self._words, str(folder))
            shelf = self._shelves[recording.id, of] = _Shelf(place, words)
            self._forget()
        self._shelves.move_to_end((recording.id, of))
        return shelf

    def _forget(self) -> None:
        for key in [key for key, one in self._shelves.items() if one.process is None][: max(0, len(self._shelves) - SHELVES)]:
            del self._shelves[key]

    async def _live(self, recording: Recording) -> _Shelf:
        shelf = self._shelf(recording)
        if _grows(shelf, recording) and self._due(shelf, live.ASKED) and await asyncio.to_thread(shelf.folder.parent.is_dir):
            over = recording.state != "live" and self._now() > (recording.ended or 0) + SETTLE_MS
            await self._ask(shelf, live.ASKED, over=over, done=over and shelf.journal.ended)
        await self._read(shelf)
        if shelf.journal.opened is None and not captured(recording):
            raise ReplayOver
        return shelf

    async def _read(self, shelf: _Shelf) -> None:
        async with shelf.reading:
            if self._now() - shelf.read_at >= FRESH_MS:
                try:
                    await asyncio.to_thread(shelf.read)
                except (OSError, Unreadable, msgspec.MsgspecError) as error:
                    log.warning("%s: %s", shelf.folder, error)
                shelf.read_at = self._now()

    def _due(self, shelf: _Shelf, mark: str) -> bool:
        return self._now() - shelf.asked_at.get(mark, -ASK_MS) >= ASK_MS

    async def _ask(self, shelf: _Shelf, mark: str, *, over: bool, done: bool, full: bool = False) -> None:
        """Say that somebody watches, and start a process where none is; `done`: everything is there, `full`: there are too many."""
        shelf.asked_at[mark] = self._now()
        try:
            await asyncio.to_thread(shelf.ask, mark, over)
            wanted = shelf.process is None and not done and not await asyncio.to_thread(shelf.followed)
        except OSError as error:
            log.warning("%s: %s", shelf.folder, error)
            return
        shelf.refused = wanted and full
        if wanted and not full and shelf.process is None:
            shelf.process = asyncio.create_task(self._follow(shelf), name=f"live {shelf.folder}")

    async def _follow(self, shelf: _Shelf) -> None:
        try:
            async with child("media.recording", *shelf.words, nice=NICE) as made:
                while await made.line(SILENCE_SECONDS):
                    pass
                if status := await made.ended():
                    log.warning("%s ended with %d: %s", shelf.folder, status, await made.last_words())
        except (TimeoutError, OSError, ValueError) as error:
            log.warning("%s: %r", shelf.folder, error)
        finally:
            shelf.process = None

    def _clear(self, folder: Path) -> None:
        shelf = _Shelf(folder / live.LIVE, ())
        try:
            asked = (shelf.folder / live.ASKED).stat().st_mtime_ns // 1_000_000
        except FileNotFoundError:
            asked = 0
        if self._now() - asked > KEPT_MS and not shelf.followed():
            shutil.rmtree(shelf.folder, ignore_errors=True)


def _grows(shelf: _Shelf, recording: Recording) -> bool:
    """More of it is to come: also of one that is playable whole before the end of what somebody follows was told."""
    unfinished = shelf.journal.opened is not None and not shelf.journal.ended and recording.removed is None
    return unfinished or captured(recording)


def captured(recording: Recording) -> bool:
    """It is still captured, or not playable whole yet."""
    return recording.removed is None and recording.state in ("live", "ended", "making")
