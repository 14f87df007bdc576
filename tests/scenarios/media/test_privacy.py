"""Egress privacy (M27): everything that leaves towards a viewer is decrypted, and nothing in it is what the viewer may not have."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from media.client.messages import SourceSpec
from tests.harness.node import NodeUnderTest, plan
from tests.harness.offers import OPUS, VIDEO, VP8
from tests.harness.raw import UdpWire
from tests.harness.sending import RawPublisher, read_mark
from tests.harness.viewing import RawViewer, eventually

Revoke = Callable[[NodeUnderTest, RawViewer], Coroutine[Any, Any, None]]


class Classroom:
    """A publisher of picture and sound, always flowing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.peer = RawPublisher((OPUS, VP8))

    async def join(self, node: NodeUnderTest, *labels: str) -> None:
        keys = {"mic": f"{self.name}/mic", "camera": f"{self.name}/camera"}
        await node.publish(self.peer, keys, owner=self.name, labels=labels)
        self.peer.stream(0, f"{self.name}/m")
        self.peer.stream(1, f"{self.name}/c", rate=50)


@pytest.fixture
async def rooms(node: NodeUnderTest) -> AsyncIterator[dict[str, Classroom]]:
    made = {name: Classroom(name) for name in ("stage", "off")}
    await made["stage"].join(node, "lesson", "wall")
    await made["off"].join(node, "wall")
    with made["stage"].peer.playing(), made["off"].peer.playing():
        yield made


def slots(name: str) -> dict[str, Any]:
    return {"stage.1.audio": plan(f"{name}/mic"), "stage.1.video": plan(f"{name}/camera")}


async def flowing(viewer: RawViewer, count: int = 10) -> None:
    before = {slot: len(viewer.on(slot)) for slot in viewer.slots}
    await eventually(lambda: all(len(viewer.on(slot)) >= before[slot] + count for slot in viewer.slots))


async def test_a_source_off_stage_reaches_nobody_but_the_wall(node: NodeUnderTest, rooms: dict[str, Classroom]) -> None:
    outside, wall = RawViewer((OPUS, VIDEO)), RawViewer((OPUS, VIDEO))
    await node.watch(outside, slots("off"), owner="a", labels=("lesson",))
    await node.watch(wall, slots("off"), owner="b", labels=("wall",))
    await flowing(wall)
    for slot in outside.slots:
        outside.ask_keyframe(slot)
        outside.nack(slot, list(range(0, 32768, 331)))
    await flowing(wall)
    assert outside.total() == 0
    state = next(s for s in node.node.sessions() if s.session == outside.session)
    assert {slot.why for slot in state.slots.values()} == {"refused"}
    assert (await node.stats())["relay.refused"] >= 2


async def test_nobody_gets_the_own_picture_or_sound(node: NodeUnderTest, rooms: dict[str, Classroom]) -> None:
    own, other = RawViewer(), RawViewer()
    await node.watch(own, slots("stage"), owner="stage", labels=("lesson", "wall"))
    await node.watch(other, slots("stage"), owner="a")
    await flowing(other)
    assert own.total() == 0


async def test_lessons_on_one_worker_are_apart(node: NodeUnderTest, rooms: dict[str, Classroom]) -> None:
    stranger, member = RawViewer(), RawViewer()
    await node.watch(stranger, slots("stage"), owner="x", labels=("another lesson",))
    await node.watch(member, slots("stage"), owner="a")
    await flowing(member)
    assert stranger.total() == 0
    await node.configure(stranger.session, slots("off"), ("another lesson",))
    await node.configure(stranger.session, slots("off"), ())
    await flowing(member)
    assert stranger.total() == 0


async def off_stage(node: NodeUnderTest, viewer: RawViewer) -> None:
    await node.label(SourceSpec(key="stage/mic", labels=("wall",)), SourceSpec(key="stage/camera", labels=("wall",)))


async def mute(node: NodeUnderTest, viewer: RawViewer) -> None:
    both = ("lesson", "wall")
    await node.label(SourceSpec(key="stage/mic", labels=both, muted=True), SourceSpec(key="stage/camera", labels=both, muted=True))


async def take_label(node: NodeUnderTest, viewer: RawViewer) -> None:
    await node.configure(viewer.session, slots("stage"), ())


async def take_wish(node: NodeUnderTest, viewer: RawViewer) -> None:
    await node.configure(viewer.session, {})


@pytest.mark.parametrize("revoke", [off_stage, mute, take_label, take_wish])
async def test_a_revocation_cuts_at_the_next_packet(node: NodeUnderTest, rooms: dict[str, Classroom], revoke: Revoke) -> None:
    """Again and again, in any phase of the stream, while the viewer asks for everything it ever got once more."""
    rng = random.Random(5)
    viewer = RawViewer()
    await node.watch(viewer, slots("stage"), owner="a")
    for _ in range(6):
        await flowing(viewer, 5)
        await asyncio.sleep(rng.random() * 0.04)
        for slot in viewer.slots:
            viewer.nack(slot, [packet.sequence for packet in viewer.on(slot)[-40:]])
        await revoke(node, viewer)
        assert isinstance(viewer.wire, UdpWire)
        viewer.wire.drain()
        received = viewer.total()
        await ask_for_everything(viewer)
        assert viewer.total() == received
        await node.label(*(SourceSpec(key=f"stage/{kind}", labels=("lesson", "wall")) for kind in ("mic", "camera")))
        await node.configure(viewer.session, slots("stage"))
    assert viewer.broken == 0


async def ask_for_everything(viewer: RawViewer) -> None:
    for slot in viewer.slots:
        viewer.ask_keyframe(slot)
        viewer.nack(slot, [packet.sequence for packet in viewer.on(slot)[-100:]])
    await asyncio.sleep(0.1)


async def test_a_nack_is_answered_until_the_next_source_has_the_slot(node: NodeUnderTest, rooms: dict[str, Classroom]) -> None:
    """The positive twin: the same NACK is answered before, and brings nothing of the old source afterwards."""
    viewer = RawViewer((OPUS, VP8))
    await node.watch(viewer, slots("stage"), owner="a", labels=("lesson", "wall"))
    await flowing(viewer, 20)
    asked = viewer.on("stage.1.video")[-10:]
    viewer.nack("stage.1.video", [packet.sequence for packet in asked])
    await eventually(lambda: len(viewer.resent("stage.1.video")) == 10)
    for packet, again in zip(asked, viewer.resent("stage.1.video"), strict=True):
        assert int.from_bytes(again.payload[:2], "big") == packet.sequence
        assert again.payload[2:] == packet.payload
        assert again.payload_type == 97
    await node.label(SourceSpec(key="stage/camera", labels=("wall",)))
    await node.label(SourceSpec(key="off/camera", labels=("lesson",)), SourceSpec(key="off/mic", labels=("lesson",)))
    await node.configure(viewer.session, slots("off"), ("lesson",))
    assert isinstance(viewer.wire, UdpWire)
    viewer.wire.drain()
    before = {ssrc: len(packets) for ssrc, packets in viewer.packets.items()}
    await flowing(viewer)
    viewer.nack("stage.1.video", [packet.sequence for packet in viewer.on("stage.1.video")[:100]])
    await flowing(viewer)
    later = [packet for ssrc, packets in viewer.packets.items() for packet in packets[before.get(ssrc, 0) :]]
    assert {read_mark(packet.payload).source for packet in later} == {"off/c", "off/m"}
    assert viewer.broken == 0
