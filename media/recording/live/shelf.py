"""`live/` in a recording's folder: parts, and the journal that names them, never before they are there.

What is written follows from the captured bytes alone. So a process that begins anew makes the same again, and writes on where the journal
ends; where it does not come out the same (the capture was changed, another version of ours), everything is made anew under another edition.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import msgspec

from media.client import live
from media.client.live import Dropped, Ended, Line, Opened, Run, Segment
from media.client.manifest import Missing
from media.recording.group import Unplayable
from media.recording.live.packing import Packing
from media.recording.play import Busy

MOST_RUNS = 2000
"""Of a group: a publisher whose parameters change with every picture fills no disk with init parts."""
SWEEP_MS = 20_000
"""So often, of lesson time, it is looked for what is beyond the limit."""


class Differs(Exception):
    """It does not come out as it is in the journal."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How much is kept; 0: everything."""

    octets: int = 0
    ms: int = 0


class Shelf:
    """Of one process; to be used in a `with`. Everything raises `OSError`."""

    def __init__(self, folder: Path, limit: Limit = Limit(), name: str = live.LIVE) -> None:
        """`name`: of the folder in it. Raises `Busy` while another process writes."""
        self.folder = folder / name
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._limit = limit
        self._lock = os.open(self.folder / live.LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._lock)
            raise Busy from error
        self.octets = 0
        """Written by this process."""
        self._journal = -1
        self._known: deque[Line] = deque()
        self._over = False
        self._before = 0
        self._missing: tuple[Missing, ...] | None = None
        self._restart()
        self._load()

    def _restart(self) -> None:
        self._opened: Opened | None = None
        self._kept: deque[Segment] = deque()
        self._octets = 0
        self._swept = 0
        self._runs: Counter[str] = Counter()
        self._endings: list[str] = []
        self._segments: Counter[int] = Counter()

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._journal >= 0:
            os.close(self._journal)
        os.close(self._lock)

    # --- what follows from the capture

    def open(self, recording: str, origin: int, edition: str = "") -> None:
        """The first line; `origin` in ms; `edition`: of its own choice unless given. Raises `Differs`."""
        known = self._known[0] if self._known else None
        edition = edition or (known.edition if isinstance(known, Opened) else secrets.token_hex(4))
        self._opened = Opened(recording=recording, edition=edition, origin=origin)
        self._tell(self._opened)

    def check_room(self, group: str) -> None:
        """See `Parts`."""
        if self._runs[group] + 2 > MOST_RUNS:
            raise Unplayable("a run for every picture")

    def run(self, group: str, codec: str, begin: int, made: Packing) -> int:
        """See `Parts`. Raises `Differs`."""
        self._runs[group] += 1
        self._endings.append(made.ending)
        number = len(self._endings)
        run = Run(
            run=number,
            group=group,
            kind="audio" if codec in ("OPUS", "AAC") else "video",
            codec=codec,
            media_type=made.media_type,
            name=f"{self._edition}.{number}.{made.ending}",
            octets=len(made.head),
            begin=round(begin / 1000),
            width=made.width,
            height=made.height,
        )
        self._put(run, made.head)
        return number

    def segment(self, run: int, data: bytes, begin: int, end: int, key: bool) -> None:
        """See `Parts`. Raises `Differs`."""
        self._segments[run] += 1
        name = f"{self._edition}.{run}-{self._segments[run]:06}.{self._endings[run - 1]}"
        one = Segment(run=run, name=name, begin=round(begin / 1000), end=round(end / 1000), octets=len(data), key=key)
        self._put(one, data)
        self._keep(one)
        if one.end - self._swept >= SWEEP_MS:
            self._swept = one.end
            self._sweep(one.end)

    def _keep(self, one: Segment) -> None:
        self._kept.append(one)
        self._octets += one.octets

    def missing(self, found: tuple[Missing, ...]) -> None:
        """The gaps that are known now."""
        if found == self._missing:
            return
        new = self.folder / f"{live.MISSING}.new"
        new.write_bytes(msgspec.json.encode(found))
        new.rename(self.folder / live.MISSING)
        self._missing = found

    def end(self) -> None:
        """Everything is there."""
        if not self._over and self._journal >= 0:
            self._append(Ended())
            self._over = True

    def resume(self) -> list[Run | Segment]:
        """Write on where an earlier process ended, though it would not come out the same; what it named."""
        self._opened = next((line for line in self._known if isinstance(line, Opened)), None)
        named = [line for line in self._known if isinstance(line, Run | Segment)]
        for one in named:
            if isinstance(one, Run):
                self._runs[one.group] += 1
                self._endings.append(one.name.rpartition(".")[2])
            else:
                self._segments[one.run] += 1
                self._keep(one)
        self._known.clear()
        return named

    @property
    def opened(self) -> Opened | None:
        """Its first line."""
        return self._opened

    # --- the disk

    @property
    def _edition(self) -> str:
        assert self._opened is not None
        return self._opened.edition

    def _load(self) -> None:
        """What an earlier process left; a last line that was cut is cut off."""
        path = self.folder / live.JOURNAL
        try:
            data = path.read_bytes()
            lines = [live.line(text) for text in data[: data.rfind(b"\n") + 1].splitlines()]
        except FileNotFoundError:
            return
        except msgspec.MsgspecError:
            self.clear()
            return
        for line in lines:
            if isinstance(line, Dropped):
                self._before = max(self._before, line.before)
            elif isinstance(line, Ended):
                self._over = line.over
            else:
                self._known.append(line)
        if not self._known:
            self.clear()
            return
        self._journal = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        os.ftruncate(self._journal, data.rfind(b"\n") + 1)

    def clear(self) -> None:
        """Nothing is there any more: the next edition begins."""
        if self._journal >= 0:
            os.close(self._journal)
            self._journal = -1
        (self.folder / live.JOURNAL).unlink(missing_ok=True)
        for path in self.folder.iterdir():
            if path.suffix in (".m4s", ".webm"):
                path.unlink()
        self._known.clear()
        self._over, self._before = False, 0
        self._restart()

    def _put(self, one: Run | Segment, data: bytes) -> None:
        gone = isinstance(one, Segment) and one.end <= self._before
        if self._tell(one, data, there=gone):
            self.octets += len(data)

    def _tell(self, line: Line, data: bytes = b"", there: bool = False) -> bool:
        """Name it, with its part; False: it is named already. `there`: its part need not be there."""
        if self._known:
            if self._known.popleft() != line:
                raise Differs
            if not there and isinstance(line, Run | Segment) and not self._has(line.name, len(data)):
                (self.folder / line.name).write_bytes(data)  # the disk lost it: a power cut
            return False
        if self._over:
            self._over = False
            self._append(Ended(over=False))
        if data:
            (self.folder / _name(line)).write_bytes(data)
        self._append(line)
        return True

    def _has(self, name: str, octets: int) -> bool:
        try:
            return (self.folder / name).stat().st_size == octets
        except FileNotFoundError:
            return False

    def _append(self, line: Line) -> None:
        if self._journal < 0:
            self._journal = os.open(self.folder / live.JOURNAL, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        data = msgspec.json.encode(line) + b"\n"
        if os.write(self._journal, data) != len(data):
            raise OSError("the journal's line is cut")

    def _sweep(self, now: int) -> None:
        before = self._before
        while self._kept and self._beyond(self._kept[0], now):
            one = self._kept.popleft()
            self._octets -= one.octets
            before = max(before, one.end)
            with contextlib.suppress(FileNotFoundError):
                (self.folder / one.name).unlink()
        if before > self._before and not self._known:
            self._before = before
            self._append(Dropped(before=before))

    def _beyond(self, one: Segment, now: int) -> bool:
        limit = self._limit
        return bool((limit.octets and self._octets > limit.octets) or (limit.ms and now - one.end > limit.ms))


def _name(line: Line) -> str:
    assert isinstance(line, Run | Segment)
    return line.name
