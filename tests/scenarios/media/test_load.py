"""Crowds and garbage: nothing is asked twice, nothing is left behind, nothing is lost (M14, M28)."""

from __future__ import annotations

import asyncio
import gc
import random
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.harness.node import NodeUnderTest, plan
from tests.harness.offers import OPUS, VP8, build
from tests.harness.sending import RawPublisher, is_keyframe, read_mark
from tests.harness.viewing import RawViewer, eventually, step16
from tests.media.transport.support import request

pytestmark = pytest.mark.scenario

SLOTS = {"program.audio": plan("m/mic"), "program.camera": plan("m/camera")}
KEYS = {"mic": "m/mic", "camera": "m/camera"}
TABLES = ("sessions", "relay.subscribers", "relay.slots", "relay.wanted", "fanout.sessions", "fanout.rows", "fanout.paths")


async def published(node: NodeUnderTest) -> RawPublisher:
    publisher = RawPublisher((OPUS, VP8))
    await node.publish(publisher, KEYS, owner="m")
    publisher.stream(0, "mic")
    publisher.stream(1, "camera", packets_per_frame=8)
    return publisher


async def test_fifty_joins_within_a_second_cost_two_keyframe_requests(node: NodeUnderTest) -> None:
    publisher = await published(node)
    with publisher.playing():
        await eventually(lambda: publisher.streams[1].frames > 20)
        viewers = [RawViewer() for _ in range(50)]
        async with asyncio.timeout(3):
            await asyncio.gather(*(node.watch(viewer, SLOTS, owner=f"v{number}") for number, viewer in enumerate(viewers)))
        await eventually(lambda: all(len(viewer.on(slot)) > 10 for viewer in viewers for slot in SLOTS))
    assert sum(publisher.keyframe_requests.values()) <= 2
    for viewer in viewers:
        assert is_keyframe(viewer.on("program.camera")[0].payload)
        # 2 where one that was catching up went over to a newer keyframe: one number is skipped so that the decoder knows (M7).
        steps = step16(viewer.on("program.camera"))
        assert set(steps) <= {1, 2}
        assert steps.count(2) <= 1


async def test_a_viewer_that_asks_for_keyframes_all_the_time(node: NodeUnderTest) -> None:
    publisher = await published(node)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await eventually(lambda: len(viewer.on("program.camera")) > 10)
        for _ in range(100):
            viewer.ask_keyframe("program.camera")
            viewer.nack("program.camera", [packet.sequence for packet in viewer.on("program.camera")[-100:]])
            await asyncio.sleep(0.015)
    assert 1 <= sum(publisher.keyframe_requests.values()) <= 3
    media, repeated = len(viewer.on("program.camera")), len(viewer.resent("program.camera"))
    assert 0 < repeated <= 0.15 * media + 64
    repeats = Counter(packet.payload[:2] for packet in viewer.resent("program.camera"))
    assert max(repeats.values()) <= 3


async def tables(node: NodeUnderTest) -> dict[str, float]:
    counted = await node.stats()
    return {name: counted.get(name, 0) for name in TABLES}


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_thousand_joins_and_leaves_leave_nothing_behind(node: NodeUnderTest) -> None:
    publisher = await published(node)
    with publisher.playing():
        await eventually(lambda: publisher.streams[1].frames > 5)
        empty, files = await tables(node), descriptors()
        await come_and_go(node, 50)
        objects = count_objects()
        for _ in range(19):
            await come_and_go(node, 50)
        assert await tables(node) == empty
        # One for each publisher's reports and feedback, the cycle, and what is being repaired just now.
        assert (await node.stats())["relay.timers"] <= 6
        assert descriptors() <= files
        node.events.clear()
        # A session that stayed would be dozens of objects; what is left by other tests' loops and caches moves a little.
        assert count_objects() - objects < 950 * 4
        await node.end(publisher.session)
    assert set((await tables(node)).values()) <= {0, 1}
    assert (await tables(node))["sessions"] == 0
    assert (await node.stats())["relay.layers"] == 0


async def come_and_go(node: NodeUnderTest, count: int) -> None:
    """Some over TCP; half of them leave with a command, the others' sockets vanish first."""
    viewers = [RawViewer() for _ in range(count)]
    await asyncio.gather(*(node.watch(viewer, SLOTS, owner=f"v{number}", tcp=number % 5 == 0) for number, viewer in enumerate(viewers)))
    await eventually(lambda: all(viewer.on("program.audio") for viewer in viewers))
    for number, viewer in enumerate(viewers):
        if number % 2:
            viewer.close()
        await node.end(viewer.session)
        viewer.close()
    node.forget(viewers)


def count_objects() -> int:
    gc.collect()
    return len(gc.get_objects())


GARBAGE = 50_000


async def test_garbage_while_media_flows(node: NodeUnderTest) -> None:
    publisher = await published(node)
    viewers = [RawViewer() for _ in range(3)]
    for number, viewer in enumerate(viewers):
        await node.watch(viewer, SLOTS, owner=f"v{number}")
    rng = random.Random(3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger, publisher.playing():
        assert publisher.wire
        stranger.connect(publisher.wire.sock.getpeername())
        await eventually(lambda: all(len(viewer.on(slot)) > 10 for viewer in viewers for slot in SLOTS))
        kinds = kinds_of_garbage(rng, publisher)
        for index in range(GARBAGE):
            datagram = kinds[index % len(kinds)]()
            if index % 10 == 0:
                nonsense(rng, (publisher, viewers[0]))
            # A stranger, the publisher's own trusted path, and a viewer's.
            (stranger.send, publisher.send_raw, viewers[0].send_raw)[index % 3](datagram)
            if index % 5_000 == 0:  # consent, however slow this machine is today
                for viewer in viewers:
                    viewer.check()
            if index % 50 == 0:
                await asyncio.sleep(0.002)
        await asyncio.sleep(0.3)
    await asyncio.sleep(0.1)
    counted = await node.stats()
    assert counted["transport.errors"] == 0
    for viewer in viewers:
        for slot, stream in zip(SLOTS, publisher.streams, strict=True):
            packets = viewer.on(slot)
            lost = sum(step - 1 for step in step16(packets))
            assert lost == 0
            marks = [read_mark(packet.payload) for packet in packets]
            assert {mark.source for mark in marks} == {stream.name}
            assert marks[-1].count == stream.frames
            assert len({mark.count for mark in marks}) >= 0.999 * (stream.frames - marks[0].count + 1)
    for name in ("fanout.srtp_unauthentic", "fanout.srtp_replayed", "fanout.malformed", "fanout.unknown_first_byte", "fanout.untrusted"):
        assert counted[name] > 100, name
    assert len(node.node.sessions()) == 4
    assert all(session.state == "connected" for session in node.node.sessions())


def nonsense(rng: random.Random, peers: Sequence[RawPublisher | RawViewer]) -> None:
    """Rightly sealed, but no RTCP and no RTP: compounds whose lengths lie, extensions and padding past the end."""
    for peer in peers:
        peer.send_rtcp(bytes((0x80 | rng.randrange(32), rng.randrange(200, 208))) + rng.randbytes(2 + 4 * rng.randrange(1, 12)))
        peer.send_rtp(
            build(96, rng.randrange(1 << 16), 0, rng.randrange(1, 1 << 32), b"\0", extensions=[(1, b"0" * 16)])[:-4] + b"\x1f\xff\xff\xff"
        )
        broken = bytearray(build(96, rng.randrange(1 << 16), 0, rng.randrange(1, 1 << 32), b"", padding=8))
        broken[-1] = 255
        peer.send_rtp(bytes(broken))


def kinds_of_garbage(rng: random.Random, publisher: RawPublisher) -> list[Callable[[], bytes]]:
    """Makers of datagrams nobody should send."""
    remote = publisher._remote
    assert remote

    def flipped() -> bytes:
        packet = bytearray(publisher.last_sent)
        packet[rng.randrange(len(packet))] ^= 1 << rng.randrange(8)
        return bytes(packet)

    return [
        lambda: rng.randbytes(rng.randrange(0, 200)),
        lambda: request(remote.ufrag, "a wrong password", nominate=True),
        lambda: request("nobody", "no password", nominate=True)[: rng.randrange(1, 40)],
        lambda: bytes((rng.randrange(20, 64), 0xFE, 0xFD)) + rng.randbytes(rng.randrange(0, 100)),
        lambda: publisher.last_sent[: rng.randrange(1, 40)],
        lambda: publisher.last_sent,
        lambda: bytes((0x80 | rng.randrange(64), rng.randrange(256))) + rng.randbytes(rng.randrange(0, 120)),
        flipped,
    ]
