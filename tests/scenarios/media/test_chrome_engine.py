"""Chrome's own engine (libwebrtc, from PyPI) publishes and watches, next to raw clients and aiortc."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any

import cv2
import numpy as np
import pytest

from media.client.messages import Publish, SourceSpec, Watch
from media.synthetic.pictures import teacher
from tests.harness.clips import Clip
from tests.harness.node import LABELS, NodeUnderTest, plan
from tests.harness.offers import OPUS, VP8
from tests.harness.raw import GCM_128
from tests.harness.sending import RawPublisher
from tests.harness.viewing import RawViewer, eventually, step16

webrtc = pytest.importorskip("webrtc")
pytestmark = pytest.mark.scenario
WIDTH, HEIGHT = 320, 180
SLOTS = {"program.audio": plan("m/mic"), "program.camera": plan("m/camera")}


async def paint(generator: Any, width: int = WIDTH, height: int = HEIGHT) -> None:
    """Write a moving picture, as I420."""
    writer, painter = generator.writable.get_writer(), teacher(width, height)
    for index in itertools.count():
        init = webrtc.VideoFrameBufferInit(format="I420", coded_width=width, coded_height=height, timestamp=index * 40_000)
        await writer.write(webrtc.VideoFrame(cv2.cvtColor(painter(index / 25), cv2.COLOR_BGR2YUV_I420).tobytes(), init))
        await asyncio.sleep(0.04)


async def hum(generator: Any) -> None:
    writer = generator.writable.get_writer()
    tone = (8000 * np.sin(np.arange(480) * 2 * np.pi * 400 / 48_000)).astype(np.int16).tobytes()
    for index in itertools.count():
        init = webrtc.AudioDataInit(
            format="s16", sample_rate=48_000, number_of_frames=480, number_of_channels=1, timestamp=index * 10_000, data=tone
        )
        await writer.write(webrtc.AudioData(init))
        await asyncio.sleep(0.01)


async def answered(peer: Any, answer: str) -> None:
    init = webrtc.RTCSessionDescriptionInit(webrtc.RTCSdpType.answer, answer)
    await asyncio.wait_for(peer.setRemoteDescription(webrtc.RTCSessionDescription(init)), 5)


@contextlib.asynccontextmanager
async def publishing(node: NodeUnderTest) -> AsyncIterator[str]:
    """Chrome's engine as the master: a tone and a moving picture."""
    peer = webrtc.RTCPeerConnection()
    voice = webrtc.MediaStreamTrackGenerator(webrtc.MediaStreamTrackGeneratorInit(kind="audio"))
    camera = webrtc.VideoTrackGenerator()
    peer.addTrack(voice)
    peer.addTrack(camera.track)
    tasks = [asyncio.create_task(hum(voice)), asyncio.create_task(paint(camera))]
    try:
        offer = await peer.createOffer()
        await peer.setLocalDescription(offer)
        sources = {name: SourceSpec(key=f"m/{name}", labels=LABELS) for name in ("mic", "camera")}
        command = Publish(id=node.next_id(), offer=offer.sdp, names=tuple(sources), sources=sources, owner="m")
        reply = await node.node.execute(command)
        await answered(peer, reply.answer)
        yield reply.session
    finally:
        for task in tasks:
            task.cancel()
        peer.close()


@contextlib.asynccontextmanager
async def watching(node: NodeUnderTest) -> AsyncIterator[Any]:
    """Chrome's engine as a viewer."""
    peer = webrtc.RTCPeerConnection()
    for kind in (webrtc.MediaType.audio, webrtc.MediaType.video):
        peer.addTransceiver(kind, webrtc.RTCRtpTransceiverInit(direction="recvonly"))
    offer = await peer.createOffer()
    await peer.setLocalDescription(offer)
    reply = await node.node.execute(Watch(id=node.next_id(), offer=offer.sdp, names=tuple(SLOTS), slots=SLOTS, owner="v", labels=LABELS))
    await answered(peer, reply.answer)
    try:
        yield peer
    finally:
        peer.close()


async def inbound(peer: Any) -> dict[str, Any]:
    """Its statistics of what it receives, by kind."""
    report = await peer.getStats()
    return {stat.kind: stat for stat in report.values() if isinstance(stat, webrtc.RTCInboundRtpStreamStats)}


async def decodes(peer: Any, seconds: float = 8.0) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while True:
            found = await inbound(peer)
            if (
                {"audio", "video"} <= found.keys()
                and (found["video"].frames_decoded or 0) > 20
                and (found["audio"].total_audio_energy or 0) > 0
            ):
                return found
            await asyncio.sleep(0.1)


async def test_chromes_engine_to_chromes_engine_and_others(node: NodeUnderTest) -> None:
    viewer = RawViewer()
    async with publishing(node), watching(node) as chrome:
        await node.watch(viewer, SLOTS, owner="raw")
        decoder = await node.decode(SLOTS, owner="aiortc")
        found = await decodes(chrome)
        await decoder.more(10)
        assert decoder.loudest[0] > 500
        assert max(decoder.sizes)[0] > 0
        assert {session.state for session in node.node.sessions()} == {"connected"}
    assert (found["video"].frame_width or 0) > 0
    assert found["video"].packets_lost == found["audio"].packets_lost == 0
    for slot in SLOTS:
        assert set(step16(viewer.on(slot))) == {1}
    assert viewer.profile == GCM_128


async def test_chromes_engine_watches_a_raw_publisher_through_switches(node: NodeUnderTest) -> None:
    cameras = []
    for number in range(2):
        publisher = RawPublisher((OPUS, VP8))
        await node.publish(publisher, {"mic": f"c{number}/mic", "camera": f"c{number}/camera"}, owner=f"c{number}")
        publisher.stream(1, "camera", clip=Clip("VP8", 320 + 160 * number, 180 + 90 * number), rate=25)
        cameras.append(publisher)
    async with watching(node) as chrome:
        session = node.node.sessions()[-1].session
        with cameras[0].playing(), cameras[1].playing():
            for switch in range(6):
                number = switch % 2
                await node.configure(session, {"program.camera": plan(f"c{number}/camera")})
                width = 320 + 160 * number
                await wait_for_width(chrome, width)
        found = await inbound(chrome)
    assert found["video"].packets_lost == 0
    assert (found["video"].total_freezes_duration or 0) < 1


async def wait_for_width(chrome: Any, width: int) -> None:
    """The picture on the screen is the wished one, within 1.5 s of the switch."""
    async with asyncio.timeout(1.5):
        while True:
            found = await inbound(chrome)
            if "video" in found and found["video"].frame_width == width:
                return
            await asyncio.sleep(0.02)


async def test_chromes_simulcast_feeds_the_wall_small_and_the_stage_large(node: NodeUnderTest) -> None:
    """A classroom as M32 has it: `q` always, `f` only while on stage."""
    peer, camera = webrtc.RTCPeerConnection(), webrtc.VideoTrackGenerator()
    layers = [
        webrtc.RTCRtpEncodingParameters(rid="q", scale_resolution_down_by=4, max_bitrate=100_000),
        webrtc.RTCRtpEncodingParameters(rid="f", active=False),
    ]
    transceiver = peer.addTransceiver(camera.track, webrtc.RTCRtpTransceiverInit(direction="sendonly", send_encodings=layers))
    offer = await peer.createOffer()
    await peer.setLocalDescription(offer)
    sources = {"camera": SourceSpec(key="c/camera", labels=LABELS)}
    reply = await node.node.execute(Publish(id="p", offer=offer.sdp, names=("camera",), sources=sources, owner="c"))
    await answered(peer, reply.answer)
    slots = {"wall.1.video": plan("c/camera", quality="low"), "stage.1.video": plan("c/camera")}
    painting = asyncio.create_task(paint(camera, 640, 360))
    try:
        viewer = await node.decode(slots)
        await viewer.more(10, 8)
        assert viewer.sizes == [(160, 90), (160, 90)]
        await activate(transceiver.sender, True)
        await eventually(lambda: viewer.sizes == [(160, 90), (640, 360)], 8, lambda: viewer.sizes)
        await activate(transceiver.sender, False)
        await eventually(lambda: viewer.sizes == [(160, 90), (160, 90)], 5, lambda: viewer.sizes)
        await viewer.more(10)
    finally:
        painting.cancel()
        peer.close()


async def activate(sender: Any, on: bool) -> None:
    """Begin or end to send the large layer."""
    parameters = sender.getParameters()
    next(layer for layer in parameters.encodings if layer.rid == "f").active = on
    await sender.setParameters(parameters)
