"""Ways to and from the worker that are bad: TCP, outages, a changed port, clients that hang (M13, M22, M23)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from tests.harness.clips import Clip
from tests.harness.link import Link
from tests.harness.node import NodeUnderTest, plan, running
from tests.harness.offers import OPUS, VP8, Rtp
from tests.harness.raw import read_credentials
from tests.harness.sending import RawPublisher, Stream, read_mark
from tests.harness.viewing import RawViewer, eventually, step16

SLOTS = {"program.audio": plan("m/mic"), "program.camera": plan("m/camera")}
KEYS = {"mic": "m/mic", "camera": "m/camera"}


@pytest.fixture
async def link(node: NodeUnderTest) -> AsyncIterator[Link]:
    port = next(c.port for c in node.node._media.candidates() if c.transport == "udp")
    async with Link(port) as made:
        yield made


async def published(node: NodeUnderTest, **how: object) -> tuple[RawPublisher, Stream, Stream]:
    publisher = RawPublisher((OPUS, VP8))
    await node.publish(publisher, KEYS, owner="m", **how)
    return publisher, publisher.stream(0, "mic"), publisher.stream(1, "camera")


async def more(viewer: RawViewer, count: int = 10, seconds: float = 5.0) -> None:
    before = {slot: len(viewer.on(slot)) for slot in SLOTS}
    await eventually(lambda: all(len(viewer.on(slot)) >= before[slot] + count for slot in SLOTS), seconds, viewer.total)


@pytest.mark.parametrize(("up", "down"), [(True, False), (False, True), (True, True)])
async def test_a_client_that_has_only_tcp(node: NodeUnderTest, up: bool, down: bool) -> None:
    publisher, *_ = await published(node, tcp=up)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS, tcp=down)
    with publisher.playing():
        await more(viewer, 30)
    assert all(set(step16(viewer.on(slot))) == {1} for slot in SLOTS)
    states = {s.session: s.transport for s in node.node.sessions()}
    assert states == {publisher.session: "tcp" if up else "udp", viewer.session: "tcp" if down else "udp"}


async def test_a_tcp_connection_that_breaks_is_replaced_by_udp(node: NodeUnderTest) -> None:
    publisher, *_ = await published(node)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS, tcp=True)
    with publisher.playing():
        await more(viewer)
        viewer.close()
        await eventually(lambda: next(s for s in node.node.sessions() if s.session == viewer.session).state == "disconnected")
        port = next(c.port for c in node.node._media.candidates() if c.transport == "udp")
        await viewer.move(("127.0.0.1", port))
        await more(viewer)
    assert next(s for s in node.node.sessions() if s.session == viewer.session).transport == "udp"


async def test_clients_on_ipv6() -> None:
    async with running(host="localhost") as node:
        port = next(c.port for c in node.node._media.candidates() if c.transport == "udp" and c.ip == "::1")
        publisher, *_ = await published(node, via=("::1", port))
        viewer, mixed = RawViewer(), RawViewer()
        await node.watch(viewer, SLOTS, via=("::1", port))
        await node.watch(mixed, SLOTS, owner="b")
        with publisher.playing():
            await more(viewer)
            await more(mixed)


@pytest.mark.parametrize("rtx", [None, 4711], ids=["same-ssrc", "rtx"])
@pytest.mark.parametrize("rid", ["", "f"], ids=["plain", "simulcast"])
async def test_what_a_publishers_link_loses_is_asked_for_again(node: NodeUnderTest, link: Link, rtx: int | None, rid: str) -> None:
    """Every frame reaches the viewer although one packet in twenty of the publisher's is lost."""
    publisher = RawPublisher((OPUS, dataclasses.replace(VP8, rids=(rid,) if rid else ())))
    await node.publish(publisher, KEYS, owner="m", via=("127.0.0.1", link.port))
    camera = publisher.stream(1, "camera", rate=50, rid=rid, rtx_ssrc=rtx)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await eventually(lambda: len(viewer.on("program.camera")) > 4)
        link.up_loss = 0.05
        await asyncio.sleep(1.0)
        link.up_loss = 0.0
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.1)
    got = Counter(counts(viewer.on("program.camera")))
    assert publisher.nacked > 0
    assert set(got.values()) == {camera.packets_per_frame}
    assert set(got) == set(range(min(got), camera.frames + 1))
    sequences = sorted(viewer.on("program.camera"), key=lambda packet: packet.sequence)
    assert set(step16(sequences)) == {1}


@pytest.mark.scenario
async def test_an_outage_of_a_viewer(node: NodeUnderTest, link: Link) -> None:
    publisher, *_ = await published(node)
    viewer, other = RawViewer(), RawViewer()
    await node.watch(viewer, SLOTS, via=("127.0.0.1", link.port))
    await node.watch(other, SLOTS, owner="b")
    with publisher.playing():
        await more(viewer)
        link.blocked = True
        received = viewer.total()
        await asyncio.sleep(1.2)
        assert viewer.total() == received
        link.blocked = False
        await more(viewer)
        camera = publisher.streams[1]
        requests = publisher.keyframe_requests[camera.ssrc]
        viewer.ask_keyframe("program.camera")
        await eventually(lambda: publisher.keyframe_requests[camera.ssrc] == requests + 1)
    assert all(set(step16(other.on(slot))) == {1} for slot in SLOTS)
    assert viewer.broken == 0


@pytest.mark.scenario
async def test_an_outage_of_a_publisher(node: NodeUnderTest, link: Link) -> None:
    """The source falls silent and is said to be; what was lost is asked for again and the picture goes on."""
    publisher, _, camera = await published(node, via=("127.0.0.1", link.port))
    camera.clip = Clip("VP8")
    decoder = await node.decode({"program.camera": SLOTS["program.camera"]})
    with publisher.playing():
        await decoder.more(10)
        link.blocked = True
        await eventually(lambda: source_state(node, "m/camera") is False, 3)
        link.blocked = False
        await eventually(lambda: source_state(node, "m/camera") is True, 3)
        await decoder.more(10)
    assert publisher.nacked > 10


def source_state(node: NodeUnderTest, key: str) -> bool | None:
    return next((source.live for s in node.node.sessions() for source in s.sources if source.key == key), None)


async def test_the_source_port_changes_in_mid_stream(node: NodeUnderTest, link: Link) -> None:
    """As after a NAT lost its table: media follows the next valid check with nomination, nothing before it."""
    via = ("127.0.0.1", link.port)
    publisher, *_ = await published(node, via=via)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS, via=via)
    with publisher.playing():
        await more(viewer)
        for _ in range(3):
            link.rebind()
            await asyncio.sleep(0.05)
            stopped = viewer.total()
            await asyncio.sleep(0.1)
            assert viewer.total() == stopped
            publisher.check()
            viewer.check()
            await more(viewer)
    counted = await node.stats()
    assert counted["fanout.untrusted"] > 0
    assert counted["transport.paths"] <= 2 * 8


async def test_an_ice_restart_in_mid_stream(node: NodeUnderTest) -> None:
    publisher, *_ = await published(node)
    viewer = RawViewer()
    await node.watch(viewer, SLOTS)
    with publisher.playing():
        await more(viewer)
        reply = await node.patch(viewer.session, "*", "a=ice-ufrag:newufrag\r\na=ice-pwd:newpasswordnewpassword12\r\n")
        viewer.check()  # the old credentials answer until the new ones are nominated
        await viewer.restart(read_credentials(reply.answer), "newufrag")
        await more(viewer)
    assert all(set(step16(viewer.on(slot))) == {1} for slot in SLOTS)


def counts(packets: Sequence[Rtp]) -> list[int]:
    return [read_mark(packet.payload).count for packet in packets]


@pytest.mark.scenario
async def test_clients_that_hang_cost_the_others_nothing(node: NodeUnderTest) -> None:
    publisher, mic, camera = await published(node)
    camera.fill, camera.packets_per_frame, camera.keyframe_every = 1000, 12, 25
    over_udp, over_tcp, well = RawViewer(), RawViewer(), [RawViewer() for _ in range(3)]
    await node.watch(over_udp, SLOTS, owner="u")
    await node.watch(over_tcp, SLOTS, owner="t", tcp=True)
    for number, viewer in enumerate(well):
        await node.watch(viewer, SLOTS, owner=f"w{number}", tcp=number == 2)
    with publisher.playing():
        for viewer in (over_udp, over_tcp, *well):
            await more(viewer, 5)
        over_udp.hang()
        over_tcp.hang()
        await asyncio.sleep(2.0)
        counted = await node.stats()
        assert counted["transport.tcp_dropped"] > 0
        assert counted["relay.overflows"] > 0
        for viewer in well:
            await more(viewer, 5)
    await asyncio.sleep(0.1)
    for viewer in well:
        for slot, stream in (("program.audio", mic), ("program.camera", camera)):
            found = counts(viewer.on(slot))
            assert found == sorted(found)
            assert set(found) == set(range(found[0], stream.frames + 1))
            assert set(step16(viewer.on(slot))) == {1}
        assert lateness(viewer) < 0.1


def lateness(viewer: RawViewer) -> float:
    """99th percentile of capture to arrival, s."""
    late = sorted(p.at - read_mark(p.payload).captured / 1e9 for slot in SLOTS for p in viewer.on(slot)[50:])
    return late[int(len(late) * 0.99)]
