"""The machine's wall clock jumps by an hour in mid-lesson, forward or back, under real processes: the lesson's clock goes on."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec
import pytest

from media.client.manifest import folder, read
from media.recording.records import ClockMap, Packet, Record, TrackBegan
from server.domain.recording import Recording
from server.replay.making import missing_ms
from server.settings import read as settings_of
from server.store import Store
from server.store.recordings import RecordingStore
from tests.harness.encoded import EncodedPublisher
from tests.harness.faketime import Jumping, needs_faketime
from tests.harness.kept import NEAR, Lesson, check_whole, films, played
from tests.harness.offers import OPUS, VP8
from tests.harness.played import file
from tests.harness.product import Link, Product
from tests.harness.raw import Answer
from tests.harness.socket import LessonSocket
from tests.harness.viewing import eventually
from tests.harness.worker import PROGRAM, Controller, closing, worker
from tests.scenarios.media.test_recording import read as captured

pytestmark = [pytest.mark.scenario, needs_faketime]
HOUR = 3600
MS = 1_000_000


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_worker_whose_clock_jumps_and_its_successor_are_one_recording(tmp_path: Path, hours: int) -> None:
    clock = Jumping(tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        process = await stack.enter_async_context(worker(tmp_path, environment=clock.environment))
        web = await stack.enter_async_context(Controller(tmp_path))
        lesson = Lesson(web)
        await lesson.desk.record(PROGRAM)
        async with lesson.taught(await lesson.come(OPUS, VP8), 1.5):
            clock.jump(hours * HOUR)
            await asyncio.sleep(1.5)
            process.kill()
            await process.wait()
            killed = lesson.desk.lesson(time.monotonic_ns())
        await stack.enter_async_context(worker(tmp_path, environment=clock.environment))
        await web.greeted(2)
        await lesson.desk.record(PROGRAM)
        async with lesson.taught(await lesson.come(OPUS, VP8), 1.5):
            begun = lesson.visits["camera"][0].begin
            await lesson.desk.stop()
    heads = [captured(tmp_path, take)[0] for take in (1, 2)]
    assert abs(heads[1].wall - heads[0].wall - hours * HOUR * 1000) < 20_000, "its clock did jump"
    manifest = await played(tmp_path)
    (gap,) = manifest.missing
    assert (gap.why, gap.track) == ("worker", "")
    assert killed - 2000 <= gap.begin <= killed + NEAR
    assert abs(gap.end - lesson.visits["camera"][1].begin) < 1000
    assert abs(manifest.begin - begun) < 1000
    assert abs(manifest.end - lesson.visits["camera"][1].end) < 1000
    check_whole(manifest)
    for take in (1, 2):
        check_sync(captured(tmp_path, take)[1])


def check_sync(records: list[Record]) -> None:
    """What one sender captures at once arrives at once: by the reports of its clocks as well."""
    rates = {one.track: one.clock_rate for one in records if isinstance(one, TrackBegan)}
    newest: dict[int, ClockMap] = {}
    late: dict[int, list[float]] = {track: [] for track in rates}
    for one in records:
        if isinstance(one, ClockMap):
            newest[one.track] = one
        elif isinstance(one, Packet):
            at = newest[one.track]
            late[one.track].append((one.arrival - at.at) / MS - (one.timestamp - at.rtp) * 1000 / rates[one.track])
    mic, camera = (statistics.median(found) for found in late.values() if found)
    assert abs(mic - camera) < 80


async def publish(teacher: EncodedPublisher, link: Link) -> None:
    """Through the product's door."""
    headers = {"Authorization": f"Bearer {link.token}", "Content-Type": "application/sdp"}
    async with aiohttp.ClientSession(headers=headers) as http, http.post(link.whip, data=teacher.offer()) as answer:
        assert answer.status == 201, await answer.text()
        await teacher.connect(Answer.read(await answer.text()))
    for mid, name in enumerate(("mic", "camera")):
        teacher.stream(mid, name)


async def row(product: Product, lesson: str) -> Recording:
    store = await Store.open(settings_of(product.environment).database_url)
    try:
        found = await RecordingStore(store.database).of_lesson(lesson)
        assert found is not None
        return found
    finally:
        await store.close()


class Moment(NamedTuple):
    """When something happened, by the lesson's clock; and between which two moments of the monotonic one. All ms."""

    at: int
    sent: int
    known: int


async def blank(socket: LessonSocket) -> Moment:
    """Something happens."""
    heard, sent = len(socket.heard), time.monotonic_ns() // MS
    assert (await socket.command("board.blank"))["type"] == "ack"
    event = await socket.until(lambda message: message["type"] == "event" and message["kind"] == "board.blanked", after=heard)
    return Moment(int(event["at"]), sent, time.monotonic_ns() // MS)


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_lesson_whose_web_process_comes_back_with_another_time(tmp_path: Path, hours: int) -> None:
    clock = Jumping(tmp_path)
    teacher = EncodedPublisher((OPUS, VP8))
    async with Product(tmp_path / "data", settings=clock.environment) as product:
        lesson, (master,) = await product.invite([("master", "Wang")])
        with closing(teacher):
            await publish(teacher, master)
            with teacher.playing():
                before = await first_half(product, lesson, master, teacher)
                clock.jump(hours * HOUR)
                pid = product.child("server web")
                product.kill_web()
                await eventually(lambda: other(product, pid), 15)
                await product.wait_healthy()
                after, over = await second_half(product, lesson, master, teacher)
        recording = await made(product, lesson)
    stepped = max(0, hours) * HOUR * 1000
    elapsed = after.at - before.at - stepped
    assert after.sent - before.known - 50 <= elapsed <= after.known - before.sent + 50, "nothing goes back, and nothing stands still"
    manifest = read(folder(tmp_path / "data", recording.id))
    for one in manifest.files:
        file(folder(tmp_path / "data", recording.id), one)
    assert manifest.takes == 1
    ended, rest = manifest.end - after.at, 1000
    assert over[0] - after.known - rest <= ended <= over[1] - after.sent + rest, "pictures and events are on one clock afterwards"
    missing = [one for one in manifest.missing if one.why != "queue"]  # what the disk of a busy machine does besides
    told = [(one.why, one.track) for one in missing]
    if hours < 0:
        assert (told, len(films(manifest))) == ([], 1)
    else:
        assert ("clock", "") in told
        assert set(told) <= {("clock", ""), ("clock", "camera")}, "the next file begins with a keyframe"
        assert len(films(manifest)) == 2
        assert missing_ms(msgspec.structs.replace(manifest, missing=tuple(missing))) < 2000
        step = missing[told.index(("clock", ""))]
        assert abs(step.end - step.begin - stepped) < 20_000
        assert before.at < step.begin < step.end < manifest.end


def other(product: Product, pid: int) -> bool:
    """A web process runs, and not that one."""
    try:
        return product.child("server web") != pid
    except (AssertionError, FileNotFoundError):
        return False


async def first_half(product: Product, lesson: str, master: Link, teacher: EncodedPublisher) -> Moment:
    """Two seconds of class, and what happened as they began."""
    async with LessonSocket(product, lesson, master) as socket:
        for kind in ("lesson.open", "lesson.live", "record.start"):
            assert (await socket.command(kind))["type"] == "ack"
        moment = await blank(socket)
        await plays(teacher, 60)
        return moment


async def second_half(product: Product, lesson: str, master: Link, teacher: EncodedPublisher) -> tuple[Moment, tuple[int, int]]:
    """The same, and between which two moments the class was over, ms of the monotonic clock."""
    async with LessonSocket(product, lesson, master) as socket:
        moment = await blank(socket)
        await plays(teacher, 60)
        end = time.monotonic_ns() // MS
        assert (await socket.command("lesson.end"))["type"] == "ack"
        return moment, (end, time.monotonic_ns() // MS)


async def plays(teacher: EncodedPublisher, frames: int) -> None:
    goals = [stream.frames + frames for stream in teacher.streams]
    await eventually(lambda: all(stream.frames > goal for stream, goal in zip(teacher.streams, goals, strict=True)), 10)


async def made(product: Product, lesson: str) -> Recording:
    """Once it can be played."""
    for _ in range(600):
        found = await row(product, lesson)
        if found.state == "ready":
            return found
        assert found.state in ("live", "ended", "making"), found
        await asyncio.sleep(0.1)
    raise AssertionError(found)
