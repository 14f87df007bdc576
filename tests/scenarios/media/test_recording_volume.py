"""A volume that is really full, or really read-only, under the real worker and the real `python -m media.recording`."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from media.client.manifest import folder, read
from media.recording.records import Gap, Packet, TakeEnded
from tests.harness.captures import Written, lesson
from tests.harness.kept import NEAR, Lesson, check_whole, played
from tests.harness.offers import OPUS, VP8
from tests.harness.sending import RawPublisher, read_mark
from tests.harness.viewing import RawViewer, eventually, step16
from tests.harness.volume import Volume, needs_a_volume, volume
from tests.harness.worker import PROGRAM, ROOT, SLOTS, Controller, Desk, closing, worker
from tests.scenarios.media.test_recording import check_clock, packets
from tests.scenarios.media.test_recording import read as captured

pytestmark = [pytest.mark.scenario, needs_a_volume]
SECOND = 1_000_000_000


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Volume]:
    """Where recordings lie."""
    with volume(tmp_path / "recordings") as mounted:
        yield mounted


def check_media(viewer: RawViewer, begin: int, end: int) -> None:
    """What a viewer got meanwhile: every packet, at once. Monotonic ns."""
    for slot in SLOTS:
        got = [one for one in viewer.on(slot) if begin < read_mark(one.payload).captured < end]
        assert len(got) > 25
        assert set(step16(got)) == {1}
        late = [one.at - read_mark(one.payload).captured / SECOND for one in got]
        assert statistics.quantiles(late, n=20)[-1] < 0.1, slot


async def test_a_volume_that_is_full_holds_no_media_up_and_is_a_named_gap(tmp_path: Path, small: Volume) -> None:
    master, viewer = RawPublisher((OPUS, VP8)), RawViewer()
    async with worker(tmp_path, small.within), Controller(tmp_path) as web:
        with closing(master, viewer):
            desk = Desk(web)
            await web.publish(master)
            await web.watch(viewer)
            await desk.record(PROGRAM)
            with master.playing():
                await desk.until(lambda state: state.take == 1 and len(state.tracks) == 2)
                await eventually(lambda: all(stream.frames > 50 for stream in master.streams))
                small.fill()
                full = time.monotonic_ns()
                await desk.until(lambda state: state.failing == "disk")
                before = [stream.frames for stream in master.streams]
                await eventually(lambda: all(stream.frames > was + 50 for stream, was in zip(master.streams, before, strict=True)))
                mended = time.monotonic_ns()
                small.make_room()
                await desk.until(lambda state: state.failing == "")
                before = [stream.frames for stream in master.streams]
                await eventually(lambda: all(stream.frames > was + 50 for stream, was in zip(master.streams, before, strict=True)))
                await desk.stop()
            check_media(viewer, full, mended)
        assert desk.states()[-1].failing == ""
    _, records = captured(small.root(tmp_path), 1)
    gaps = {one.begin: one for one in records if isinstance(one, Gap)}
    assert {(one.why, one.track) for one in gaps.values()} == {("disk", None)}
    assert full - SECOND < min(gaps) < full + SECOND
    assert abs(max(one.end for one in gaps.values()) - mended) < SECOND
    for source in PROGRAM:
        check_holes(packets(records, source), list(gaps.values()))
    assert isinstance(records[-1], TakeEnded)
    check_clock(records)


def check_holes(got: list[Packet], gaps: list[Gap]) -> None:
    """Whatever was not captured lies in a gap, and nothing that was. The last free bytes of a volume may hold a block in between."""
    pairs = [(a, b) for a, b in itertools.pairwise(got) if read_mark(b.payload).count > read_mark(a.payload).count + 1]
    assert 1 <= len(pairs) <= len(gaps)
    assert all(any(a.arrival <= gap.begin and gap.end <= b.arrival for gap in gaps) for a, b in pairs)
    assert not any(gap.begin < one.arrival < gap.end for one in got for gap in gaps)


async def test_a_machine_that_comes_back_with_a_read_only_volume_goes_on_when_it_can_be_written(tmp_path: Path, small: Volume) -> None:
    async with contextlib.AsyncExitStack() as stack:
        process = await stack.enter_async_context(worker(tmp_path, small.within))
        web = await stack.enter_async_context(Controller(tmp_path))
        taught = Lesson(web)
        await taught.desk.record(PROGRAM)
        async with taught.taught(await taught.come(OPUS, VP8), 2):
            process.kill()
            await process.wait()
            killed = taught.desk.lesson(time.monotonic_ns())
        small.remount("ro")
        await stack.enter_async_context(worker(tmp_path, small.within))
        await web.greeted(2)
        await taught.desk.record(PROGRAM)
        async with taught.taught(await taught.come(OPUS, VP8), 1):
            await taught.desk.until(lambda state: state.failing == "disk" and state.take == 0)
            small.remount("rw")
            mended = taught.desk.lesson(time.monotonic_ns())
            await taught.desk.until(lambda state: state.failing == "" and state.take == 2)
            await asyncio.sleep(1.5)
            await taught.desk.stop()
    manifest = await played(small.root(tmp_path))
    assert manifest.takes == 2
    check_whole(manifest)
    worker_gap, disk = manifest.missing
    assert (worker_gap.why, worker_gap.track, disk.why, disk.track) == ("worker", "", "disk", "")
    assert killed - 2000 <= worker_gap.begin <= killed + NEAR
    assert worker_gap.end == disk.begin, "one begins where the other ends"
    assert abs(disk.end - mended) < 1000


async def make(at: Volume, of: Path) -> tuple[int, dict[str, object]]:
    """Exit status and last line of the process that makes a folder playable, in the volume."""
    words = (*at.within, "env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "media.recording", "--sounds", str(of))
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, errors = await asyncio.wait_for(process.communicate(), 60)
    assert errors == b""
    return process.returncode or 0, json.loads(out.splitlines()[-1])


@pytest.mark.parametrize("fault", ["full", "read-only"])
async def test_what_is_made_playable_is_there_whole_or_not_at_all(tmp_path: Path, small: Volume, fault: str) -> None:
    of = folder(tmp_path, "lesson-1")
    seen = small.root(of)
    seen.mkdir()
    written = Written(seen)
    lesson(written, seconds=20)

    def begin() -> None:
        small.fill() if fault == "full" else small.remount("ro")

    def end() -> None:
        small.make_room() if fault == "full" else small.remount("rw")

    begin()
    status, told = await make(small, of)
    assert (status, told["error"]) == (1, "files")
    assert {path.name for path in seen.iterdir()} == {"take-0001.capture"}
    end()
    assert (await make(small, of))[1] == {"done": True, "files": 2, "missing": 0}
    first = read(seen)
    lesson(written, "H264", seconds=20)
    begin()
    status, told = await make(small, of)
    assert (status, told["error"]) == (1, "files")
    assert read(seen) == first, "what was there is there whole"
    assert {path.name for path in seen.iterdir()} == {"take-0001.capture", "take-0002.capture", "play"}
    end()
    assert (await make(small, of))[1] == {"done": True, "files": 4, "missing": 0}


async def test_wherever_the_room_ends_nothing_half_is_left(tmp_path: Path, small: Volume) -> None:
    """From no room to enough: each time all or nothing, and nothing of a picture or a sound is left out in silence."""
    of = folder(tmp_path, "lesson-1")
    seen = small.root(of)
    seen.mkdir()
    lesson(Written(seen), "H264", seconds=20)
    assert (await make(small, of))[0] == 0
    whole = {path.name: path.stat().st_size for path in (seen / "play").iterdir()}
    shutil.rmtree(seen / "play")
    needed, done = sum(whole.values()), []
    for tenths in range(1, 14):
        small.fill(leave=needed * tenths // 10)
        status, told = await make(small, of)
        small.make_room()
        done.append(status == 0)
        if status:
            assert told["error"] == "files"
            assert {path.name for path in seen.iterdir()} == {"take-0001.capture"}
        else:
            assert {path.name: path.stat().st_size for path in (seen / "play").iterdir()} == whole
            shutil.rmtree(seen / "play")
    assert (done[0], done[-1]) == (False, True)
