"""The loop over the real fan-out: an aiortc publisher's sound reaches an aiortc subscriber."""

from __future__ import annotations

import asyncio
import random
from itertools import pairwise

import aioice.ice
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from media.fanout.reference import ReferenceFanout
from media.transport import sdp
from media.transport.loop import LoopConfig, MediaLoop
from media.wire.negotiated import PublishedMedia, SubscribedSlot
from media.wire.rows import ARRIVAL, Arrival, LayerSpec, Row
from tests.media.transport.support import FakeHandler

PUBLISHER, SUBSCRIBER, LAYER = 1, 2, 5


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


async def join(loop: MediaLoop, number: int, client: RTCPeerConnection) -> PublishedMedia | SubscribedSlot:
    """Offer, answer and session; returns the one m-line agreed on."""
    await client.setLocalDescription(await client.createOffer())
    local, offer = loop.reserve(), client.localDescription.sdp
    if number == PUBLISHER:
        published = sdp.answer_publisher(offer, ("mic",), local, sdp.Policy())
        text, peer, agreed = published.sdp, published.peer, published.media[0]
    else:
        subscribed = sdp.answer_subscriber(offer, ("program.audio",), local, sdp.Policy(), random.Random(1))
        text, peer, agreed = subscribed.sdp, subscribed.peer, subscribed.slots[0]
    loop.open_session(number, local, peer)
    await client.setRemoteDescription(RTCSessionDescription(text, "answer"))
    return agreed


class OneRow(FakeHandler):
    """What the relay would decide: one layer, one row whose numbers begin at 1000 (M5)."""

    def __init__(self, fanout: ReferenceFanout) -> None:
        super().__init__()
        self.fanout = fanout
        self.media: PublishedMedia
        self.slot: SubscribedSlot
        fanout.binder = self.bind

    def bind(self, session: int, ssrc: int, payload_type: int, mid: str | None, rid: str | None, repaired: str | None) -> None:
        self.fanout.add_layer(LayerSpec(LAYER, session, ssrc, self.media.payload_types, self.media.extensions, 256))

    def on_arrivals(self, arrivals: bytearray, now: int) -> None:
        if not self.arrivals:
            first = Arrival._make(next(ARRIVAL.iter_unpack(arrivals)))
            numbers = {self.media.payload_types[0].number: self.slot.payload_types[0].number}
            self.fanout.set_row(Row(1, SUBSCRIBER, self.slot.ssrc, True, LAYER, numbers, seq_offset=1000 - first.seq, live=True))
        super().on_arrivals(arrivals, now)


async def test_sound_goes_through() -> None:
    fanout = ReferenceFanout()
    handler = OneRow(fanout)
    loop = await MediaLoop.open(fanout, handler, LoopConfig(prefix="w0"))
    source, sink = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    source.addTrack(AudioStreamTrack())
    sink.addTransceiver("audio", "recvonly")
    tracks: asyncio.Queue[MediaStreamTrack] = asyncio.Queue()
    sink.on("track", tracks.put_nowait)
    slot = await join(loop, SUBSCRIBER, sink)
    media = await join(loop, PUBLISHER, source)
    assert isinstance(media, PublishedMedia)
    assert isinstance(slot, SubscribedSlot)
    handler.media, handler.slot = media, slot
    async with asyncio.timeout(10):
        track = await tracks.get()
        frames = [await track.recv() for _ in range(10)]
    assert [b.pts - a.pts for a, b in pairwise(frames)] == [960] * 9
    assert handler.arrivals > 0
    assert loop.stats()["errors"] == 0
    await source.close()
    await sink.close()
    await loop.close()
