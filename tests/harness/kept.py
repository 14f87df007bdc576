"""A teacher who comes and goes as often as a test says, what is made of the recording, and whether its manifest says what the test knows."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

from media.client.manifest import Manifest, Missing, PlayFile, folder, read
from tests.harness.encoded import EncodedPublisher
from tests.harness.offers import Line
from tests.harness.played import file
from tests.harness.viewing import eventually
from tests.harness.worker import KEYS, Controller, Desk, closing

NEAR = 100
"""Milliseconds between what two processes call the same moment."""
LATE = 1000
"""Milliseconds that a busy machine may need until the first packet is captured."""
NAMED = 2000
"""A source that is silent for so many milliseconds is missing."""


class Span(NamedTuple):
    """Milliseconds on the lesson clock."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.begin


async def played(data: Path) -> Manifest:
    """What `python -m media.recording --sounds` makes of the recording: one, and every file of it decodes whole."""
    of = folder(data, "lesson-1")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "media.recording", "--sounds", str(of), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, errors) == (0, b"")
    manifest = read(of)
    assert json.loads(out.splitlines()[-1]) == {"done": True, "files": len(manifest.files), "missing": len(manifest.missing)}
    assert [path.name for path in (data / "recordings").iterdir()] == ["lesson-1"] == [manifest.recording]
    for one in manifest.files:
        file(of, one)
    assert [(one.begin, one.end) for one in films(manifest, "sound")] == [(one.begin, one.end) for one in films(manifest)]
    return manifest


def films(manifest: Manifest, group: str = "teacher") -> list[PlayFile]:
    return [one for one in manifest.files if one.group == group]


def check_whole(manifest: Manifest) -> None:
    """Each moment of the recording is in one file, or missing by name."""
    told = [Span(one.begin, one.end) for one in (*films(manifest), *(gap for gap in manifest.missing if not gap.track))]
    reached = manifest.begin
    for span in sorted(span for span in told if span.end > manifest.begin and span.begin < manifest.end):
        assert abs(span.begin - reached) <= LATE / 2, (span, manifest)
        reached = span.end
    assert abs(manifest.end - reached) <= LATE / 2


def check_film(film: PlayFile, visit: Span) -> None:
    """The file is all that was sent."""
    assert -NEAR <= film.begin - visit.begin <= LATE / 2
    assert abs(film.end - visit.end) <= LATE / 2


def check_kills(found: Sequence[Missing], dead: Sequence[Span]) -> list[int]:
    """The gaps are the spans in which no worker lived, and what was lost before each. How much that was, ms."""
    left, lost = list(dead), []
    for gap in found:
        assert (gap.track, gap.why) == ("", "worker")
        inside = [span for span in left if gap.begin <= span.begin + NEAR and span.end - NEAR <= gap.end]
        assert inside, (gap, left)
        left = left[len(inside) :]
        lost.append(inside[0].begin - gap.begin)
        # Of a worker that lived for a moment nothing may be left: its gaps are one.
        lost += [after.begin - before.end for before, after in itertools.pairwise(inside)]
        assert gap.end - inside[-1].end <= LATE
    assert left == []
    return lost


def check_drops(found: Sequence[Missing], silent: dict[str, list[Span]]) -> None:
    """The gaps of each track are its long silences."""
    assert {(one.track, one.why) for one in found} <= {(track, "publisher") for track in silent}
    for track, spans in silent.items():
        gaps = [one for one in found if one.track == track]
        long = [span for span in spans if span.length >= NAMED]
        assert len(gaps) == len(long), (gaps, long)
        for gap, span in zip(gaps, long, strict=True):
            assert -NEAR <= gap.begin - span.begin <= LATE
            assert -NEAR <= gap.end - span.end <= LATE


class Lesson:
    """A teacher who comes as often as asked, and what is recorded of it."""

    def __init__(self, web: Controller) -> None:
        self.web = web
        self.desk = Desk(web)
        self.visits: dict[str, list[Span]] = {name: [] for name in KEYS}
        """From the first to the last frame that was sent of each source."""

    async def come(self, *lines: Line) -> EncodedPublisher:
        """Publish these lines, microphone first."""
        teacher = EncodedPublisher(lines)
        await self.web.publish(teacher, dict(list(KEYS.items())[: len(lines)]))
        return teacher

    @contextlib.asynccontextmanager
    async def taught(self, teacher: EncodedPublisher, seconds: float) -> AsyncIterator[None]:
        """The block after so long, while the teacher still sends."""
        with closing(teacher), teacher.playing():
            await eventually(lambda: all(stream.frames for stream in teacher.streams))
            await asyncio.sleep(seconds)
            yield
        for stream in teacher.streams:
            self.visits[stream.name].append(Span(self.desk.lesson(stream.since), self.desk.lesson(stream.until)))

    async def teach(self, seconds: float, *lines: Line) -> EncodedPublisher:
        """Come, send for so long, be gone without a word."""
        teacher = await self.come(*lines)
        async with self.taught(teacher, seconds):
            return teacher

    def silent(self) -> dict[str, list[Span]]:
        """Between the visits."""
        return {name: [Span(a.end, b.begin) for a, b in itertools.pairwise(spans)] for name, spans in self.visits.items()}
