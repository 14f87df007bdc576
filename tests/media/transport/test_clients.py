"""A whole aiortc client against the loop: offer, answer, ICE, DTLS, and SRTP that both sides can read."""

from __future__ import annotations

import asyncio

import aioice.ice
import pylibsrtp
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from aiortc.rtp import RtcpPacket, RtcpSrPacket

from media.transport import sdp
from tests.media.transport.peers import rig

PROFILES = {
    "SRTP_AEAD_AES_128_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "SRTP_AEAD_AES_256_GCM": pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    "SRTP_AES128_CM_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


async def test_an_aiortc_publisher_is_answered_connected_and_understood() -> None:
    async with rig() as r:
        client = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        client.addTrack(AudioStreamTrack())
        await client.setLocalDescription(await client.createOffer())
        local = r.loop.reserve()
        answer = sdp.answer_publisher(client.localDescription.sdp, ("mic",), local, sdp.Policy())
        r.loop.open_session(1, local, answer.peer)
        await client.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
        await r.until(1, "connected")
        profile, _, theirs = r.fanout.keys[1]
        async with asyncio.timeout(5):
            while len(r.fanout.media) < 5 or not r.handler.rtcp:
                await asyncio.sleep(0.005)
        incoming = pylibsrtp.Session(
            pylibsrtp.Policy(key=theirs, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=PROFILES[profile])
        )
        rtp = [incoming.unprotect(data) for _, data in r.fanout.media if not 192 <= data[1] <= 223]
        assert {packet[1] & 0x7F for packet in rtp} == {answer.media[0].payload_types[0].number}
        reports = RtcpPacket.parse(incoming.unprotect_rtcp(r.handler.rtcp[0][1]))
        assert isinstance(reports[0], RtcpSrPacket)
        await client.close()
        assert (await r.until(1, "closed")).reason == "closed"
