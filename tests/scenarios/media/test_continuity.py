"""What a subscriber sees runs on, whatever its sources do: one SSRC, no gap, time that never goes back (M7, M8)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
from collections.abc import Iterator, Sequence

import pytest

from media.client.messages import SlotChanged
from tests.harness.clips import Clip
from tests.harness.node import NodeUnderTest, plan
from tests.harness.offers import H264, OPUS, VP8, Line, Rtp
from tests.harness.sending import RawPublisher, Stream, is_keyframe, read_mark
from tests.harness.viewing import RawViewer, eventually, step16, step32

SLOTS = {"program.audio": plan("m/mic"), "program.camera": plan("m/camera")}
KEYS = {"mic": "m/mic", "camera": "m/camera"}


def runs_on(packets: Sequence[Rtp], ssrc: int) -> None:
    """Nothing in the numbers shows that anything happened at the source."""
    assert {packet.ssrc for packet in packets} == {ssrc}
    assert set(step16(packets)) == {1}
    assert min(step32(packets)) >= 0


async def test_a_subscriber_before_its_publisher(node: NodeUnderTest) -> None:
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    publisher = RawPublisher((OPUS, VP8))
    await node.publish(publisher, KEYS, owner="m")
    publisher.stream(0, "mic")
    publisher.stream(1, "camera")
    with publisher.playing():
        await eventually(lambda: all(len(viewer.on(slot)) > 10 for slot in SLOTS))
    assert is_keyframe(viewer.on("program.camera")[0].payload)
    assert read_mark(viewer.on("program.camera")[0].payload).count == 1


@pytest.mark.parametrize("declared", [False, True], ids=["by-mid", "by-ssrc"])
async def test_a_sequence_that_wraps(node: NodeUnderTest, declared: bool) -> None:
    publisher = RawPublisher((OPUS, Line("video", VP8.formats, ssrcs=(77,) if declared else ())))
    await node.publish(publisher, KEYS, owner="m")
    publisher.stream(0, "mic", sequence=65_520)
    publisher.stream(1, "camera", sequence=65_510, ssrc=77, clip=Clip("VP8"))
    viewer, decoder = RawViewer(), await node.decode({"program.camera": SLOTS["program.camera"]})
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await eventually(lambda: all(stream.sequence > 65_550 for stream in publisher.streams))
        await decoder.more(10)
    for slot in SLOTS:
        runs_on(viewer.on(slot), viewer.slots[slot][0])


async def test_a_new_ssrc_on_the_same_line(node: NodeUnderTest) -> None:
    """A publisher's encoder that began anew: other SSRC, sequence and timestamps."""
    publisher = RawPublisher((OPUS, VP8))
    await node.publish(publisher, KEYS, owner="m")
    viewer, decoder = RawViewer(), await node.decode({"program.camera": SLOTS["program.camera"]})
    await node.watch(viewer, SLOTS)
    for _ in range(3):
        with publisher.playing(publisher.stream(0, "mic"), publisher.stream(1, "camera", clip=Clip("VP8"))):
            await decoder.more(10)
    for slot in SLOTS:
        runs_on(viewer.on(slot), viewer.slots[slot][0])


async def test_replace_track(node: NodeUnderTest) -> None:
    """Same SSRC, running sequence, another picture of another size after a pause."""
    publisher = RawPublisher((OPUS, VP8))
    await node.publish(publisher, KEYS, owner="m")
    camera = publisher.stream(1, "camera", clip=Clip("VP8"))
    decoder = await node.decode({"program.camera": SLOTS["program.camera"]})
    with publisher.playing(camera):
        await decoder.more(10)
    camera.clip = Clip("VP8", 480, 270)
    camera.want_keyframe = True
    await asyncio.sleep(0.3)
    with publisher.playing(camera):
        await decoder.more(10)
    assert decoder.sizes == [(480, 270)]
    assert decoder.stamps[0] == sorted(set(decoder.stamps[0]))


async def test_a_stream_that_jumps_as_after_a_restart(node: NodeUnderTest) -> None:
    """Same SSRC, but the sequence begins anew somewhere else (RFC 3550 A.1)."""
    publisher = RawPublisher((OPUS, VP8))
    await node.publish(publisher, KEYS, owner="m")
    camera = publisher.stream(1, "camera", sequence=1000)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    with publisher.playing(camera):
        await eventually(lambda: len(viewer.on("program.camera")) > 20)
        camera.sequence += 20_000
        camera.want_keyframe = True
        count = len(viewer.on("program.camera"))
        await eventually(lambda: len(viewer.on("program.camera")) > count + 20)
    runs_on(viewer.on("program.camera"), viewer.slots["program.camera"][0])


async def test_a_publisher_that_is_replaced_by_its_successor(node: NodeUnderTest) -> None:
    """A reload: the same key from another session, which takes the place at once."""
    decoder = await node.decode({"program.camera": SLOTS["program.camera"]})
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    for _ in range(3):
        publisher = RawPublisher((OPUS, VP8))
        await node.publish(publisher, KEYS, owner="m")
        with publisher.playing(publisher.stream(0, "mic"), publisher.stream(1, "camera", clip=Clip("VP8"))):
            await decoder.more(10)
    for slot in SLOTS:
        runs_on(viewer.on(slot), viewer.slots[slot][0])
    assert (await node.stats())["relay.publishers"] == 1


# --- simulcast (M32)


@contextlib.contextmanager
def silent(stream: Stream) -> Iterator[None]:
    stream.muted = True
    yield
    stream.muted = False
    stream.want_keyframe = True


async def test_the_wall_takes_the_small_layer_and_the_stage_the_large_one_while_it_lives(node: NodeUnderTest) -> None:
    publisher = RawPublisher((Line("video", VP8.formats, rids=("q", "f")),))
    await node.publish(publisher, {"camera": "c/camera"}, owner="c")
    publisher.stream(0, "q", rid="q", packets_per_frame=1)
    full = publisher.stream(0, "f", rid="f", packets_per_frame=4)
    slots = {"wall.1.video": plan("c/camera", quality="low"), "stage.1.video": plan("c/camera", quality="high")}
    viewer = RawViewer((VP8, VP8))
    await node.watch(viewer, slots)
    with publisher.playing():
        with silent(full):
            await eventually(lambda: all(len(viewer.on(slot)) > 10 for slot in slots))
            assert viewer.sources("stage.1.video") == {"q"}
        await eventually(lambda: "f" in viewer.sources("stage.1.video"))
        await eventually(lambda: read_mark(viewer.on("stage.1.video")[-1].payload).source == "f")
        with silent(full):
            await eventually(lambda: read_mark(viewer.on("stage.1.video")[-1].payload).source == "q", 3)
    assert viewer.sources("wall.1.video") == {"q"}
    runs_on(viewer.on("wall.1.video"), viewer.slots["wall.1.video"][0])
    packets = viewer.on("stage.1.video")
    assert {packet.ssrc for packet in packets} == {viewer.slots["stage.1.video"][0]}
    begins_only_at_keyframes(packets)
    assert set(step16(packets)) <= {1, 2}  # 2: a frame of the large layer was cut


def begins_only_at_keyframes(packets: Sequence[Rtp]) -> None:
    """Each packet of another source than the one before is the first of a keyframe."""
    marks = [read_mark(packet.payload).source for packet in packets]
    begins = [b for a, b, old, new in zip(packets, packets[1:], marks, marks[1:], strict=False) if new != old]
    assert begins
    for packet in begins:
        kind = packet.payload[0] & 0x1F
        assert kind == 7 if packet.payload_type == 102 else is_keyframe(packet.payload)


# --- stage switches

SWITCHES = 200
SETTLED = 0.06
"""What played for less, s, is not measured: its own sender report cannot be told from its neighbours'."""


@pytest.mark.scenario
async def test_two_hundred_stage_switches(node: NodeUnderTest) -> None:
    """Sources with other clocks, frame rates, SSRCs and codecs: picture and sound run on and stay together."""
    classrooms = []
    for number, (line, rate, skew) in enumerate([(VP8, 25, 0.0), (H264, 15, 3600.5), (VP8, 12.5, -86400.0)]):
        publisher = RawPublisher((OPUS, line))
        await node.publish(publisher, {"mic": f"c{number}/mic", "camera": f"c{number}/camera"}, owner=f"c{number}")
        publisher.stream(0, f"mic{number}", wall_skew=skew)
        publisher.stream(1, f"cam{number}", wall_skew=skew, rate=rate, keyframe_every=10)
        classrooms.append(publisher)
    viewer = RawViewer()
    await node.watch(viewer, stage(0))
    with contextlib.ExitStack() as stack:
        for publisher in classrooms:
            stack.enter_context(publisher.playing())
        await eventually(lambda: all(len(viewer.on(slot)) > 10 for slot in stage(0)))
        for switch in range(1, SWITCHES + 1):
            await node.configure(viewer.session, stage(switch % 3))
            await asyncio.sleep(0.03 if switch % 20 else 0.4)
        last = f"cam{SWITCHES % 3}"
        await eventually(lambda: read_mark(viewer.on("stage.1.video")[-1].payload).source == last)
        await asyncio.sleep(0.5)
    for slot in stage(0):
        packets = viewer.on(slot)
        assert {packet.ssrc for packet in packets} == {viewer.slots[slot][0]}
        assert set(step16(packets)) <= {1, 2}
        assert min(step32(packets)) >= 0
        assert viewer.sources(slot) == {f"{'mic' if slot.endswith('audio') else 'cam'}{number}" for number in range(3)}
    assert max(step16(viewer.on("stage.1.audio"))) == 1
    begins_only_at_keyframes(viewer.on("stage.1.video"))
    assert longest_silence(viewer.on("stage.1.video")) < 1.0
    assert max(skews(viewer)) < 0.080
    playing = [e for e in node.of(SlotChanged) if e.slot == "stage.1.video" and e.state.why == "playing"]
    assert len(playing) > 20


def stage(number: int) -> dict[str, object]:
    return {"stage.1.audio": plan(f"c{number}/mic"), "stage.1.video": plan(f"c{number}/camera")}


def longest_silence(packets: Sequence[Rtp]) -> float:
    return max(b.at - a.at for a, b in itertools.pairwise(packets))


def skews(viewer: RawViewer) -> list[float]:
    """For each tenth of a second: how far sound and picture are apart as the sender reports place them, s."""
    late = {}
    for slot, rate in (("stage.1.audio", 48_000), ("stage.1.video", 90_000)):
        late[slot] = _lateness(viewer, slot, rate)
    common = late["stage.1.audio"].keys() & late["stage.1.video"].keys()
    assert len(common) > 20
    return [abs(late["stage.1.audio"][at] - late["stage.1.video"][at]) for at in common]


def _lateness(viewer: RawViewer, slot: str, rate: int) -> dict[int, float]:
    """Tenth of a second → median of (wall clock the reports give a packet − its true capture time), s."""
    found: dict[int, list[float]] = {}
    reports = viewer.timed_reports[viewer.slots[slot][0]]
    for _, group in itertools.groupby(viewer.on(slot), lambda packet: read_mark(packet.payload).source):
        run = list(group)
        for packet in run if run[-1].at - run[0].at > SETTLED else ():
            # The report that leaves right after the switch also counts for the cached frames just before it.
            report = [report for at, report in reports if at <= max(packet.at, run[0].at + SETTLED / 2)][-1]
            ticks = (packet.timestamp - report.rtp + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
            wall = report.ntp / (1 << 32) + ticks / rate
            found.setdefault(int(packet.at * 10), []).append(wall - read_mark(packet.payload).captured / 1e9)
    return {at: statistics.median(values) for at, values in found.items()}
