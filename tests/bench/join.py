"""From offer to first decoded frame: an aiortc client joins a publisher of real VP8."""

from __future__ import annotations

import asyncio
import time

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from media.client.messages import Close, Watch
from tests.bench.publisher import LABEL
from tests.bench.viewer import SLOTS
from tests.bench.worker import Worker

FRAME_SECONDS = 10.0


async def join_once(worker: Worker, number: int) -> float:
    """Seconds from the client's offer, candidates gathered, to the first picture out of the decoder; TimeoutError if none comes."""
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    session = ""
    try:
        for kind in ("audio", "video"):
            pc.addTransceiver(kind, direction="recvonly")
        await pc.setLocalDescription(await pc.createOffer())
        began = time.monotonic()
        session, answer = await _watch(worker, pc.localDescription.sdp, number)
        await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await asyncio.wait_for(_video(pc).recv(), FRAME_SECONDS)
        return time.monotonic() - began
    finally:
        await pc.close()
        if session:
            await worker.client.command(Close(id=worker.client.next_id(), session=session))


async def _watch(worker: Worker, offer: str, number: int) -> tuple[str, str]:
    client = worker.client
    command = Watch(id=client.next_id(), offer=offer, names=tuple(SLOTS), slots=SLOTS, labels=(LABEL,), owner=f"decoder-{number}")
    reply = await client.command(command)
    return reply.session, reply.answer


def _video(pc: RTCPeerConnection) -> MediaStreamTrack:
    return next(receiver.track for receiver in pc.getReceivers() if receiver.track.kind == "video")
