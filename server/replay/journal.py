"""The journal of a recording that goes on, as the server knows it, and what is told of it. Pure: bytes go in as the file grows."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import msgspec

from media.client import live
from media.client.live import Dropped, Ended, Opened, Run, Segment
from media.client.manifest import Missing

NEAR = 100
"""Parts of other tracks that may stand before one of the same time."""


class Unreadable(Exception):
    """It is of another version, or was changed."""


class Journal:
    """Everything it named so far."""

    def __init__(self) -> None:
        self.opened: Opened | None = None
        self.runs: dict[int, Run] = {}
        self.segments: list[Segment] = []
        """Those that are there."""
        self.named: list[Segment] = []
        """Those and all before them."""
        self.ended = False
        self.before = 0
        """Segments that end before this are deleted."""
        self.lines = 0
        self._rest = b""
        self._at: list[int] = []
        """Of each segment its line."""
        self._reach: list[int] = []
        """The newest end so far: by it is found where somebody begins, without looking at all of a lesson."""
        self._run_at: dict[int, int] = {}
        self._names: dict[str, Run | Segment] = {}

    def add(self, data: bytes) -> None:
        """What came since. Raises `Unreadable`."""
        whole, _, self._rest = (self._rest + data).rpartition(b"\n")
        for text in whole.splitlines():
            try:
                self._line(live.line(text))
            except msgspec.MsgspecError as error:
                raise Unreadable(str(error)) from error

    def _line(self, line: live.Line) -> None:
        self.lines += 1
        if isinstance(line, Opened):
            if line.version != live.VERSION:
                raise Unreadable(f"version {line.version}")
            self.opened = line
        elif isinstance(line, Run):
            self.runs[line.run], self._run_at[line.run] = line, self.lines
            self._names[line.name] = line
        elif isinstance(line, Segment):
            self.segments.append(line)
            self.named.append(line)
            self._at.append(self.lines)
            self._reach.append(max(line.end, self._reach[-1] if self._reach else 0))
            self._names[line.name] = line
        elif isinstance(line, Dropped):
            self._drop(line.before)
        elif isinstance(line, Ended):
            self.ended = line.over

    def _drop(self, before: int) -> None:
        self.before = max(self.before, before)
        for one in self.segments:
            if one.end <= self.before:
                self._names.pop(one.name, None)
        kept = [n for n, one in enumerate(self.segments) if one.end > self.before]
        self.segments = [self.segments[n] for n in kept]
        self._at = [self._at[n] for n in kept]
        self._reach = [self._reach[n] for n in kept]

    def holds(self, name: str, since: int) -> bool:
        """Whether it is a part that somebody may have who was let in at this lesson time."""
        one = self._names.get(name)
        return isinstance(one, Run) or (one is not None and one.begin >= since)

    def since(self, since: int, after: int = 0) -> list[Segment]:
        """Segments that begin at this lesson time or later, of lines after this one."""
        first = max(bisect_right(self._at, after), bisect_right(self._reach, since))
        return [one for one in self.segments[first:] if one.begin >= since]

    def _span(self, since: int) -> tuple[int, int]:
        """From the first part that somebody may have to the end of the newest. Parts stand nearly in order of time."""
        first = bisect_right(self._reach, since)
        begin = min((one.begin for one in self.segments[first : first + NEAR] if one.begin >= since), default=since)
        return begin, max(begin, self._reach[-1] if self._reach else 0)

    def told(self, missing: tuple[Missing, ...], since: int, after: int) -> dict[str, Any]:
        """JSON-ready; see docs/recordings.md. `after`: the `head` of an earlier answer."""
        if self.opened is None:
            empty: dict[str, Any] = {"edition": "", "origin": 0, "begin": since, "until": since, "ended": False, "head": 0}
            return {"version": live.VERSION, **empty, "runs": [], "segments": [], "missing": []}
        segments = self.since(since, after)
        used = {one.run for one in segments}
        runs = [run for number, run in self.runs.items() if number in used or (after and self._run_at[number] > after)]
        begin, until = self._span(since)
        return {
            "version": live.VERSION,
            "edition": self.opened.edition,
            "origin": self.opened.origin,
            "begin": begin,
            "until": until,
            "ended": self.ended,
            "head": self.lines,
            "runs": [_run(run) for run in runs],
            "segments": [_segment(one) for one in segments],
            "missing": [_missing(one, since) for one in missing if one.end > since],
        }


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.run,
        "group": run.group,
        "kind": run.kind,
        "codec": run.codec,
        "type": run.media_type,
        "url": f"live/{run.name}",
        "octets": run.octets,
        "begin": run.begin,
        "width": run.width,
        "height": run.height,
    }


def _segment(one: Segment) -> dict[str, Any]:
    return {"run": one.run, "url": f"live/{one.name}", "begin": one.begin, "end": one.end, "octets": one.octets, "key": one.key}


def _missing(one: Missing, since: int) -> dict[str, Any]:
    return {"begin": max(since, one.begin), "end": one.end, "track": one.track, "why": one.why}
