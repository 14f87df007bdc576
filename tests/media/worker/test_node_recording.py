"""Recording at the node's door: real packets in, a take out, and what snapshots, counters and refusals say."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.client.messages import Moment, Record, RecordingChanged, RecordingClosed, SourceSpec, StopRecording
from media.errors import BadRecording, TableFull
from media.recording.records import Packet, TakeEnded, TrackBegan, TrackEnded
from media.recording.records import Record as Written
from media.recording.take import TakeReader
from tests.harness.node import LABELS, NodeUnderTest, running
from tests.harness.offers import EXTENSIONS, OPUS, VP8, Line
from tests.harness.sending import RawPublisher, read_mark
from tests.harness.viewing import eventually

PROGRAM = {"mic": "m/mic", "camera": "m/camera"}
KEYS = {"mic": "m/mic", "camera": "m/camera"}


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[NodeUnderTest]:
    async with running(data_dir=tmp_path) as opened:
        yield opened


async def record(node: NodeUnderTest, tracks: dict[str, str], name: str = "r") -> None:
    clock = Moment(at=time.monotonic_ns(), lesson=0)
    await node.node.execute(Record(id=node.next_id(), recording=name, tracks=tracks, labels=LABELS, clock=clock))


async def stop(node: NodeUnderTest) -> None:
    await node.node.execute(StopRecording(id=node.next_id(), recording="r"))
    await node.until(RecordingClosed, recording="r")


def read(folder: Path) -> list[Written]:
    with (folder / "recordings" / "r" / "take-0001.capture").open("rb") as file:
        return list(TakeReader(file).records())


async def test_a_publisher_with_two_sizes_is_captured_in_the_larger(node: NodeUnderTest, tmp_path: Path) -> None:
    publisher = RawPublisher((OPUS, Line("video", VP8.formats, EXTENSIONS, rids=("q", "f"))))
    await node.publish(publisher, KEYS, owner="m")
    publisher.stream(0, "mic")
    publisher.stream(1, "q", rid="q")
    publisher.stream(1, "f", rid="f", fill=400)
    await record(node, PROGRAM)
    with publisher.playing():
        await eventually(lambda: all(stream.sent > 60 for stream in publisher.streams))
        assert [(state.recording, state.take, state.tracks) for state in node.node.recordings()] == [("r", 1, ("mic", "camera"))]
        await stop(node)
    records = read(tmp_path)
    assert node.node.recordings() == ()
    cameras = [one.track for one in records if isinstance(one, TrackBegan) and one.source == "camera"]
    last = [read_mark(one.payload).source for one in records if isinstance(one, Packet) and one.track == cameras[-1]]
    assert set(last) == {"f"}
    assert len(last) > 30
    assert isinstance(records[-1], TakeEnded)
    counted = await node.stats()
    assert counted["recording.packets"] == sum(isinstance(one, Packet) for one in records)
    assert (counted["recording.takes"], counted["recording.recordings"], counted["fanout.sinks"]) == (1, 0, 0)


async def test_a_muted_source_is_captured_no_more(node: NodeUnderTest, tmp_path: Path) -> None:
    publisher = RawPublisher((OPUS, VP8))
    await node.publish(publisher, KEYS, owner="m")
    mic, camera = publisher.stream(0, "mic"), publisher.stream(1, "camera")
    await record(node, PROGRAM)
    with publisher.playing():
        await eventually(lambda: mic.sent > 20 and camera.sent > 20)
        await node.label(SourceSpec(key="m/mic", labels=LABELS, muted=True))
        muted = mic.frames
        assert node.node.recordings()[0].tracks == ("camera",)
        await eventually(lambda: any(event.state.tracks == ("camera",) for event in node.of(RecordingChanged)))
        await eventually(lambda: mic.frames > muted + 30)
        await stop(node)
    records = read(tmp_path)
    heard = [mark.count for one in records if isinstance(one, Packet) and (mark := read_mark(one.payload)).source == "mic"]
    assert heard
    assert max(heard) <= muted + 1
    (track,) = {one.track for one in records if isinstance(one, TrackBegan) and one.source == "mic"}
    assert any(isinstance(one, TrackEnded) and one.track == track for one in records)


async def test_what_is_refused_leaves_nothing(node: NodeUnderTest, tmp_path: Path) -> None:
    with pytest.raises(BadRecording):
        await record(node, PROGRAM, name="../r")
    with pytest.raises(TableFull):
        await record(node, {f"stage.{n}.video": f"k{n}" for n in range(1, 18)})
    assert node.node.recordings() == ()
    assert not (tmp_path / "recordings").exists()
