"""What is left of a lesson after kills, drops, pauses and changes: files that play, and a manifest that says what a test knows is missing."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from media.client.manifest import Manifest, Missing, PlayFile, folder, read
from media.client.messages import Close
from tests.harness.encoded import EncodedPublisher
from tests.harness.offers import H264, OPUS, VP8, Line
from tests.harness.played import file
from tests.harness.viewing import eventually
from tests.harness.worker import KEYS, PROGRAM, Controller, Desk, closing, worker

pytestmark = pytest.mark.scenario
KILLS, DROPS = 20, 10
LOST = 2000
"""Milliseconds before a kill that may be lost (issue: `≤ 2 s whatever dies`)."""
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
        assert abs(span.begin - reached) <= NEAR, (span, manifest)
        reached = span.end
    assert abs(manifest.end - reached) <= NEAR


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


async def test_twenty_kills_of_the_worker_are_one_recording_that_lost_two_seconds_at_most_each(tmp_path: Path) -> None:
    chance = random.Random(6)
    web = Controller(tmp_path)
    await web.client.start()
    lesson = Lesson(web)
    ended: list[int] = []
    for number in range(1, KILLS + 2):
        async with worker(tmp_path) as process:
            await web.greeted(number)
            await lesson.desk.record(PROGRAM)
            async with lesson.taught(await lesson.come(OPUS, VP8), chance.uniform(0.05, 2.8)):
                if number > KILLS:
                    await lesson.desk.stop()
                else:
                    process.kill()
                ended.append(lesson.desk.lesson(time.monotonic_ns()))
    await web.client.stop()

    manifest = await played(tmp_path)
    assert manifest.takes == KILLS + 1
    begun = [min(mic.begin, camera.begin) for mic, camera in zip(*lesson.visits.values(), strict=True)]
    lost = check_kills(manifest.missing, [Span(end, begin) for end, begin in zip(ended[:-1], begun[1:], strict=True)])
    assert len(lost) == KILLS
    assert max(lost) <= LOST
    assert statistics.median(lost) <= LOST / 2
    check_whole(manifest)
    assert begun[0] - NEAR <= manifest.begin <= begun[0] + LATE
    assert ended[-1] - LATE <= manifest.end <= ended[-1] + NEAR


async def test_ten_drops_of_the_teacher_are_one_recording(tmp_path: Path) -> None:
    """Half of them too short to be named; the teacher hangs up, or is gone without a word."""
    chance = random.Random(10)
    pauses = [chance.uniform(*(((0.3, 1.2), (2.6, 3.0))[number % 2])) for number in range(DROPS)]
    chance.shuffle(pauses)
    async with worker(tmp_path), Controller(tmp_path) as web:
        lesson = Lesson(web)
        await lesson.desk.record(PROGRAM)
        for pause in (*pauses, 0.0):
            teacher = await lesson.teach(chance.uniform(0.5, 1.0), OPUS, VP8)
            if chance.random() < 0.5:
                await web.client.command(Close(id=web.client.next_id(), session=teacher.session))
            await asyncio.sleep(pause)
        await lesson.desk.stop()
    manifest = await played(tmp_path)
    silent = lesson.silent()
    assert {len(spans) for spans in silent.values()} == {DROPS}
    assert [span.length >= NAMED for span in silent["mic"]] == [pause > NAMED / 1000 for pause in pauses]
    check_drops(manifest.missing, silent)
    assert (manifest.takes, len(films(manifest))) == (1, 1)
    check_whole(manifest)


async def test_another_codec_in_mid_lesson(tmp_path: Path) -> None:
    async with worker(tmp_path), Controller(tmp_path) as web:
        lesson = Lesson(web)
        await lesson.desk.record(PROGRAM)
        for lines in ((OPUS, VP8), (OPUS, H264), (OPUS, VP8)):
            await lesson.teach(1.5, *lines)
        await lesson.desk.stop()
    manifest = await played(tmp_path)
    kinds = [one.media_type for one in films(manifest)]
    assert [kind.partition(";")[0] for kind in kinds] == ["video/webm", "video/mp4", "video/webm"]
    for film, visit in zip(films(manifest), lesson.visits["camera"], strict=True):
        assert abs(film.begin - visit.begin) <= NEAR
        assert abs(film.end - visit.end) <= LATE
    assert (manifest.takes, manifest.missing) == (1, ())


async def test_only_sound(tmp_path: Path) -> None:
    async with worker(tmp_path), Controller(tmp_path) as web:
        lesson = Lesson(web)
        await lesson.desk.record(PROGRAM)
        await lesson.teach(1.5, OPUS)
        await lesson.desk.stop()
    manifest = await played(tmp_path)
    (film,), (visit,) = films(manifest), lesson.visits["mic"]
    assert (film.video, film.audio) == (False, True)
    assert abs(film.begin - visit.begin) <= NEAR
    assert abs(film.end - visit.end) <= NEAR
    assert manifest.missing == ()


async def test_a_lesson_of_which_nothing_arrived(tmp_path: Path) -> None:
    async with worker(tmp_path), Controller(tmp_path) as web:
        lesson = Lesson(web)
        await lesson.desk.record(PROGRAM)
        with closing(await lesson.come(OPUS, VP8)):
            await lesson.desk.until(lambda state: state.take == 1)
            await lesson.desk.stop()
    manifest = await played(tmp_path)
    assert (manifest.takes, manifest.begin, manifest.end, manifest.files, manifest.missing) == (1, 0, 0, (), ())


async def test_a_pause_is_named(tmp_path: Path) -> None:
    async with worker(tmp_path), Controller(tmp_path) as web:
        lesson = Lesson(web)
        desk = lesson.desk
        await desk.record(PROGRAM)
        teacher = await lesson.come(OPUS, VP8)
        with closing(teacher), teacher.playing():
            await eventually(lambda: all(stream.frames > 25 for stream in teacher.streams))
            await desk.record({})
            paused = desk.lesson(time.monotonic_ns())
            await asyncio.sleep(2.5)
            resumed = desk.lesson(time.monotonic_ns())
            await desk.record(PROGRAM)
            sent = [stream.frames for stream in teacher.streams]
            await eventually(lambda: all(stream.frames > before + 25 for stream, before in zip(teacher.streams, sent, strict=True)))
            await desk.stop()
    manifest = await played(tmp_path)
    (gap,) = manifest.missing
    assert (gap.track, gap.why) == ("", "pause")
    assert paused - LATE <= gap.begin <= paused + NEAR
    assert resumed - NEAR <= gap.end <= resumed + LATE
    assert (manifest.takes, len(films(manifest))) == (1, 1)
