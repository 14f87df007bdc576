"""What a recording that goes on left in `live/`, looked at with libavformat and its decoders."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import av

from media.client import live
from media.client.live import Dropped, Ended, Line, Opened, Run, Segment
from media.recording.live.follower import Follower
from media.recording.live.shelf import Limit, Shelf


def follow(folder: Path, limit: Limit | None = None) -> None:
    """Everything that is there, to its end."""
    with Shelf(folder, limit or Limit()) as shelf:
        follower = Follower(folder, shelf)
        while follower.step():
            pass
        follower.finish()
        shelf.end()


@dataclass(frozen=True)
class Followed:
    """One folder."""

    folder: Path
    name: ClassVar[str] = live.LIVE

    @property
    def lines(self) -> list[Line]:
        """Of the journal; each is whole."""
        data = (self.folder / self.name / live.JOURNAL).read_bytes()
        assert data.endswith(b"\n")
        return [live.line(text) for text in data.splitlines()]

    @property
    def opened(self) -> Opened:
        first = self.lines[0]
        assert isinstance(first, Opened)
        return first

    @property
    def runs(self) -> list[Run]:
        return [line for line in self.lines if isinstance(line, Run)]

    def segments(self, run: int | None = None) -> list[Segment]:
        """Those that are there."""
        before = max((line.before for line in self.lines if isinstance(line, Dropped)), default=0)
        named = [line for line in self.lines if isinstance(line, Segment)]
        return [one for one in named if one.end > before and run in (None, one.run)]

    @property
    def over(self) -> bool:
        return next((line.over for line in reversed(self.lines) if isinstance(line, Ended)), False)

    def part(self, one: Run | Segment) -> bytes:
        """Its bytes, as many as was said."""
        data = (self.folder / self.name / one.name).read_bytes()
        assert len(data) == one.octets, one
        return data

    def all(self, run: Run) -> bytes:
        """The run as one stream."""
        return self.part(run) + b"".join(self.part(one) for one in self.segments(run.run))

    def packets(self, run: Run) -> list[tuple[float, bytes, bool]]:
        """Seconds from the origin, data, keyframe."""
        with av.open(io.BytesIO(self.all(run))) as file:
            return [(float(p.pts * p.time_base), bytes(p), p.is_keyframe) for p in file.demux() if p.pts is not None and p.size]

    def frames(self, run: Run) -> int:
        """How many decode."""
        with av.open(io.BytesIO(self.all(run))) as file:
            return sum(1 for _ in file.decode())

    def same(self) -> list[str]:
        """Everything, but for the name of the edition."""
        edition = self.opened.edition.encode()
        text = (self.folder / self.name / live.JOURNAL).read_bytes().replace(edition, b"E")
        parts = [f"{hash(self.part(one))}" for one in (*self.runs, *self.segments())]
        return [*text.decode().splitlines(), *parts, str(live.missing(self.folder))]
