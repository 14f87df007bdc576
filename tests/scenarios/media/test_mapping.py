"""Payload types, header extensions and numbers are the subscriber's own, whatever the publisher uses (M7, M9, M10, M11)."""

from __future__ import annotations

import asyncio

import pytest

from tests.harness.node import NodeUnderTest, plan
from tests.harness.offers import EXTENSIONS, LEVEL, MID, OPUS, TRANSPORT, VIDEO, VP8, Format, Line
from tests.harness.raw import CM_80, GCM_128, GCM_256
from tests.harness.sending import RawPublisher, read_mark
from tests.harness.viewing import RawViewer, eventually, step16, step32

SLOTS = {"program.audio": plan("m/mic"), "program.camera": plan("m/camera")}
KEYS = {"mic": "m/mic", "camera": "m/camera"}


async def published(node: NodeUnderTest, *lines: Line, **how: object) -> RawPublisher:
    publisher = RawPublisher(lines or (OPUS, VP8), **how)  # type: ignore[arg-type]
    await node.publish(publisher, KEYS, owner="m")
    publisher.stream(0, "mic")
    publisher.stream(1, "camera")
    return publisher


async def test_two_subscribers_with_other_payload_types_and_extensions(node: NodeUnderTest) -> None:
    publisher = await published(node)
    plain = RawViewer((Line("audio", (Format(63, "opus/48000/2"),), {}), Line("video", (Format(35, "VP8/90000"),), {})))
    rich = RawViewer(
        (
            Line("audio", (Format(109, "opus/48000/2"),), {7: LEVEL, 9: MID}),
            Line("video", (Format(120, "VP8/90000", rtx=124), Format(126, "H264/90000", "packetization-mode=1")), {9: MID, 3: TRANSPORT}),
        )
    )
    await node.watch(plain, SLOTS, owner="a")
    await node.watch(rich, SLOTS, owner="b")
    with publisher.playing():
        await eventually(lambda: all(len(v.on(slot)) > 20 for v in (plain, rich) for slot in SLOTS))
    assert {(p.payload_type, len(p.extensions)) for p in plain.on("program.audio")} == {(63, 0)}
    assert {(p.payload_type, len(p.extensions)) for p in plain.on("program.camera")} == {(35, 0)}
    assert {(p.payload_type, p.extensions.get(7), p.extensions.get(9)) for p in rich.on("program.audio")} == {(109, b"\x94", b"0")}
    assert {(p.payload_type, p.extensions.get(9), len(p.extensions)) for p in rich.on("program.camera")} == {(120, b"1", 1)}
    assert len({ssrc for v in (plain, rich) for ssrc in v.packets} | {s.ssrc for s in publisher.streams}) == 6


async def test_mid_goes_out_until_the_first_receiver_report(node: NodeUnderTest) -> None:
    publisher = await published(node)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await eventually(lambda: all(len(viewer.on(slot)) > 5 for slot in SLOTS))
        viewer.acknowledge()
        await asyncio.sleep(0.1)
        before = {slot: len(viewer.on(slot)) for slot in SLOTS}
        await eventually(lambda: all(len(viewer.on(slot)) > before[slot] + 5 for slot in SLOTS))
    for slot, count in before.items():
        packets = viewer.on(slot)
        assert 1 in packets[0].extensions
        assert not any(1 in packet.extensions for packet in packets[count:])


@pytest.mark.parametrize("two_byte", [False, True], ids=["one-byte", "two-byte"])
@pytest.mark.parametrize("rids", [(), ("q", "f")], ids=["plain", "simulcast"])
async def test_mid_and_rid_only_on_the_first_packets(node: NodeUnderTest, two_byte: bool, rids: tuple[str, ...]) -> None:
    """Chrome stops sending them after the first receiver report: the SSRC is bound for the session."""
    publisher = RawPublisher((OPUS, Line("video", VP8.formats, EXTENSIONS, rids=rids)))
    await node.publish(publisher, KEYS, owner="m")
    publisher.stream(0, "mic", tagged=3, two_byte=two_byte)
    for rid in rids or ("",):
        publisher.stream(1, rid or "camera", rid=rid, tagged=3, two_byte=two_byte)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await eventually(lambda: all(stream.sent > 40 for stream in publisher.streams))
        await eventually(lambda: all(len(viewer.on(slot)) > 30 for slot in SLOTS))
    assert viewer.sources("program.audio") == {"mic"}
    assert viewer.sources("program.camera") <= {"q", "f"} if rids else {"camera"}
    assert (await node.stats())["fanout.ssrc_unknown"] == 0


async def test_padding_only_probes_leave_no_gap(node: NodeUnderTest) -> None:
    publisher = await published(node)
    publisher.streams[1].probe = True
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await eventually(lambda: len(viewer.on("program.camera")) > 60)
    packets = viewer.on("program.camera")
    assert set(step16(packets)) == {1}
    assert min(step32(packets)) == 0
    assert all(packet.payload for packet in packets)
    counted = await node.stats()
    assert counted["fanout.padding_packets"] > 20
    assert counted.get("relay.nack_sent", 0) == 0


@pytest.mark.parametrize(("theirs", "ours"), [(CM_80, GCM_128), (GCM_256, CM_80)])
async def test_a_publisher_and_a_viewer_on_other_srtp_profiles(node: NodeUnderTest, theirs: str, ours: str) -> None:
    publisher = await published(node, profiles=(theirs,))
    viewer = RawViewer(profiles=(ours,))
    await node.watch(viewer, SLOTS)
    assert (publisher.profile, viewer.profile) == (theirs, ours)
    with publisher.playing():
        await eventually(lambda: all(len(viewer.on(slot)) > 20 for slot in SLOTS))
    assert viewer.broken == 0
    counts = [read_mark(packet.payload).count for packet in viewer.on("program.audio")]
    assert counts == list(range(counts[0], counts[0] + len(counts)))


async def test_a_viewer_without_a_codec_of_the_source_gets_nothing_and_is_told(node: NodeUnderTest) -> None:
    publisher = await published(node)
    viewer = RawViewer((OPUS, Line("video", VIDEO.formats[1:])))
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await eventually(lambda: len(viewer.on("program.audio")) > 10)
        state = next(s for s in node.node.sessions() if s.session == viewer.session)
    assert state.slots["program.camera"].why == "unplayable"
    assert viewer.on("program.camera") == []
