"""Real engines make offers and take our answers."""

from __future__ import annotations

import asyncio

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription

from media.transport.sdp import PublisherAnswer, SubscriberAnswer
from tests.media.transport.sdp.golden import CLASSROOM, publish, watch


def answer(direction: str, text: str) -> PublisherAnswer | SubscriberAnswer:
    return watch(text) if direction == "recvonly" else publish(text, CLASSROOM)


@pytest.mark.parametrize("direction", ["recvonly", "sendonly"])
async def test_aiortc_takes_our_answer(direction: str) -> None:
    peer = RTCPeerConnection()
    peer.addTransceiver("audio", direction=direction)
    peer.addTransceiver("video", direction=direction)
    await peer.setLocalDescription(await peer.createOffer())
    await peer.setRemoteDescription(RTCSessionDescription(answer(direction, peer.localDescription.sdp).sdp, "answer"))
    assert peer.signalingState == "stable"
    assert {transceiver.currentDirection for transceiver in peer.getTransceivers()} == {direction}
    await peer.close()


@pytest.mark.parametrize("direction", ["recvonly", "sendonly"])
async def test_chromes_engine_takes_our_answer(direction: str) -> None:
    webrtc = pytest.importorskip("webrtc")
    peer = webrtc.RTCPeerConnection()
    for kind in (webrtc.MediaType.audio, webrtc.MediaType.video):
        peer.addTransceiver(kind)
    offer = await peer.createOffer()
    await peer.setLocalDescription(offer)
    init = webrtc.RTCSessionDescriptionInit(webrtc.RTCSdpType.answer, answer(direction, offer.sdp).sdp)
    await asyncio.wait_for(peer.setRemoteDescription(webrtc.RTCSessionDescription(init)), 5)
    assert "stable" in str(peer.signalingState)
    peer.close()
