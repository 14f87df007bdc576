"""Capture by the real worker process: what is recorded, what never is, and what is left when it is killed or the disk refuses."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import time
from pathlib import Path

import pytest

from media.client.messages import Stats
from media.recording.records import ClockMap, Gap, Packet, TakeEnded, TrackBegan, TrackEnded
from media.recording.records import Record as Written
from media.recording.take import Head, TakeReader
from tests.harness.offers import OPUS, VP8
from tests.harness.sending import RawPublisher, is_keyframe, read_mark
from tests.harness.viewing import eventually
from tests.harness.worker import KEYS, LESSON, PROGRAM, Controller, Desk, closing, worker

pytestmark = pytest.mark.scenario
SECOND = 1_000_000_000


def read(folder: Path, take: int) -> tuple[Head, list[Written]]:
    with (folder / "recordings" / "lesson-1" / f"take-{take:04}.capture").open("rb") as file:
        reader = TakeReader(file)
        return reader.head, list(reader.records())


def packets(records: list[Written], source: str) -> list[Packet]:
    tracks = {one.track for one in records if isinstance(one, TrackBegan) and one.source == source}
    return [one for one in records if isinstance(one, Packet) and one.track in tracks]


def counts(records: list[Written], source: str) -> list[int]:
    """The frames captured, by the publisher's own count."""
    return list(dict.fromkeys(read_mark(one.payload).count for one in packets(records, source)))


def runs(numbers: list[int]) -> int:
    """How many runs without a hole."""
    return 1 + sum(b != a + 1 for a, b in itertools.pairwise(numbers))


def check_clock(records: list[Written]) -> None:
    """By the maps each packet is captured when its publisher says it was: sound and picture are in step."""
    rates = {one.track: one.clock_rate for one in records if isinstance(one, TrackBegan)}
    newest: dict[int, ClockMap] = {}
    for one in records:
        if isinstance(one, ClockMap):
            newest[one.track] = one
        elif isinstance(one, Packet):
            at = newest[one.track]
            captured = at.at + (one.timestamp - at.rtp) * SECOND // rates[one.track]
            assert abs(captured - read_mark(one.payload).captured) < 80_000_000


async def test_camera_and_microphone_paused_resumed_killed_and_gone_on_with(tmp_path: Path) -> None:
    master, room = RawPublisher((OPUS, VP8)), RawPublisher((VP8,))
    async with contextlib.AsyncExitStack() as stack:
        process = await stack.enter_async_context(worker(tmp_path))
        web = await stack.enter_async_context(Controller(tmp_path))
        stack.enter_context(closing(master, room))
        desk = Desk(web)
        await web.publish(master)
        await web.publish(room, {"camera": "c/camera"}, owner="c", labels=("wall",))
        with master.playing(), room.playing():
            await desk.record({**PROGRAM, "stage.1.video": "c/camera"})
            await desk.until(lambda state: state.take == 1 and sorted(state.tracks) == ["camera", "mic"])
            await eventually(lambda: all(stream.frames > 50 for stream in master.streams))
            await desk.record({})
            await desk.until(lambda state: state.tracks == ())
            paused = [stream.frames for stream in master.streams]
            await eventually(lambda: all(stream.frames > before + 20 for stream, before in zip(master.streams, paused, strict=True)))
            resumed = [stream.frames for stream in master.streams]
            await desk.record(PROGRAM)
            await desk.until(lambda state: len(state.tracks) == 2)
            await eventually(lambda: all(stream.frames > before + 60 for stream, before in zip(master.streams, resumed, strict=True)))
            process.kill()
            await process.wait()
            killed = time.monotonic_ns()
        head, records = read(tmp_path, 1)
        _check_first(head, records, killed, dict(zip(KEYS, paused, strict=True)), dict(zip(KEYS, resumed, strict=True)))

        await stack.enter_async_context(worker(tmp_path))
        await web.greeted(2)
        again = RawPublisher((OPUS, VP8))
        stack.enter_context(closing(again))
        await desk.record(PROGRAM)
        await web.publish(again)
        with again.playing():
            await desk.until(lambda state: state.take == 2 and len(state.tracks) == 2)
            await eventually(lambda: all(stream.frames > 50 for stream in again.streams))
            await desk.stop()
    second, rest = read(tmp_path, 2)
    assert (second.take, second.epoch != head.epoch) == (2, True)
    assert isinstance(rest[-1], TakeEnded)
    assert all(runs(counts(rest, source)) == 1 and len(counts(rest, source)) > 30 for source in PROGRAM)
    check_clock(rest)


def _check_first(head: Head, records: list[Written], killed: int, paused: dict[str, int], resumed: dict[str, int]) -> None:
    assert (head.recording, head.take) == ("lesson-1", 1)
    assert not any(isinstance(one, Gap | TakeEnded) for one in records)
    assert {read_mark(one.payload).source for one in records if isinstance(one, Packet)} == {"mic", "camera"}
    assert {one.source for one in records if isinstance(one, TrackBegan)} == {"mic", "camera"}
    for source in PROGRAM:
        captured = packets(records, source)
        assert killed - captured[-1].arrival < 2 * SECOND
        seen = counts(records, source)
        assert runs(seen) == 2
        assert not set(seen) & set(range(paused[source] + 2, resumed[source]))
        ended = [one for one in records if isinstance(one, TrackEnded)]
        assert len(ended) == 2
    for track in {one.track for one in packets(records, "camera")}:
        first = next(one for one in records if isinstance(one, Packet) and one.track == track)
        assert is_keyframe(first.payload)
    check_clock(records)
    moment = next(one for one in records if isinstance(one, ClockMap))
    assert LESSON - 1000 < moment.lesson < LESSON + 10_000


async def test_a_worker_that_is_told_to_end_closes_its_takes(tmp_path: Path) -> None:
    master = RawPublisher((OPUS, VP8))
    async with worker(tmp_path) as process, Controller(tmp_path) as web:
        with closing(master):
            desk = Desk(web)
            await desk.record(PROGRAM)
            await web.publish(master)
            with master.playing():
                await eventually(lambda: all(stream.frames > 40 for stream in master.streams))
                process.send_signal(signal.SIGTERM)
                assert await asyncio.wait_for(process.wait(), 8) == 0
                ended = time.monotonic_ns()
    _, records = read(tmp_path, 1)
    assert isinstance(records[-1], TakeEnded)
    assert {one.track for one in records if isinstance(one, TrackBegan)} == {one.track for one in records if isinstance(one, TrackEnded)}
    assert all(runs(counts(records, source)) == 1 and ended - packets(records, source)[-1].arrival < SECOND for source in PROGRAM)


async def test_a_publisher_that_loses_packets_and_comes_back_is_one_recording_without_a_hole(tmp_path: Path) -> None:
    master, again = RawPublisher((OPUS, VP8)), RawPublisher((OPUS, VP8))
    async with worker(tmp_path), Controller(tmp_path) as web:
        with closing(master, again):
            desk = Desk(web)
            await desk.record(PROGRAM)
            await web.publish(master)
            sent, dropped = master.send_raw, itertools.count(1)
            camera = master.streams[1]

            def lossy(datagram: bytes) -> None:
                """Every seventh media packet of the camera is lost once; what is asked for again comes."""
                ours = len(datagram) > 12 and datagram[8:12] == camera.ssrc.to_bytes(4, "big") and not 192 <= datagram[1] <= 223
                if ours and datagram not in resent and next(dropped) % 7 == 0:
                    resent.add(datagram)
                    return
                sent(datagram)

            resent: set[bytes] = set()
            with master.playing():
                await eventually(lambda: camera.frames > 5)
                master.send_raw = lossy  # type: ignore[method-assign]
                await eventually(lambda: camera.frames > 80)
                master.send_raw = sent  # type: ignore[method-assign]
                assert len(resent) > 10
                await eventually(lambda: master.nacked >= len(resent))
                await asyncio.sleep(0.3)
            await web.publish(again)
            with again.playing():
                await eventually(lambda: all(stream.frames > 20 for stream in again.streams))
                await desk.stop()
    _, records = read(tmp_path, 1)
    assert not any(isinstance(one, Gap) for one in records)
    begun = [one.source for one in records if isinstance(one, TrackBegan)]
    assert {source: begun.count(source) for source in PROGRAM} == {"camera": 2, "mic": 2}
    first = next(one.track for one in records if isinstance(one, TrackBegan) and one.source == "camera")
    numbers = sorted(one.seq for one in records if isinstance(one, Packet) and one.track == first)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert [one.track for one in records if isinstance(one, Packet)].count(first) > 140


async def test_a_disk_that_refuses_is_told_and_named(tmp_path: Path) -> None:
    master = RawPublisher((OPUS, VP8))
    (tmp_path / "recordings").write_text("a file where a folder should be")
    async with worker(tmp_path), Controller(tmp_path) as web:
        with closing(master):
            desk = Desk(web)
            await web.publish(master)
            await desk.record(PROGRAM)
            with master.playing():
                await desk.until(lambda state: state.failing == "disk" and len(state.tracks) == 2)
                await eventually(lambda: all(stream.frames > 40 for stream in master.streams))
                (tmp_path / "recordings").unlink()
                mended = time.monotonic_ns()
                await desk.until(lambda state: state.failing == "" and state.take == 1)
                await eventually(lambda: all(stream.frames > 100 for stream in master.streams))
                counters = (await web.client.command(_stats(web))).counters
                await desk.stop()
    _, records = read(tmp_path, 1)
    gap = next(one for one in records if isinstance(one, Gap))
    assert (gap.why, gap.track) == ("disk", None)
    assert desk.began < gap.begin < mended
    assert abs(gap.end - mended) < SECOND
    for source in PROGRAM:
        captured = packets(records, source)
        assert captured[0].arrival >= gap.end
        assert runs(counts(records, source)) == 1
    assert (counters["recording.gaps"], counters["recording.recordings"], counters["recording.failing"]) == (1, 1, 0)
    assert counters["recording.octets"] > 5_000
    check_clock(records)


def _stats(web: Controller) -> Stats:
    return Stats(id=web.client.next_id())
