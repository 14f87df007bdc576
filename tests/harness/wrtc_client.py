"""Chrome's WebRTC engine without Chrome (`wrtc` on PyPI), as WHIP publisher and WHEP viewer."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes.util
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp
import cv2
import numpy as np
import webrtc
import wrtc

from media.synthetic.pictures import Painter
from media.synthetic.voice import RATE, Samples
from tests.harness.product import Link

webrtc.allow_loopback()
STEP = RATE // 50
_REPAIR = ("rtx", "red", "ulpfec")


def has_h264() -> bool:
    """Chrome's engine from PyPI carries no H.264: it takes the system's OpenH264 when that is the release it was built for."""
    if wrtc.openH264Enabled():
        return True
    library = ctypes.util.find_library("openh264")
    with contextlib.suppress(RuntimeError, OSError):
        if library:
            wrtc.loadOpenH264(library)
    return bool(wrtc.openH264Enabled())


@dataclass
class Received:
    """What one m-line brought so far, from the engine's own statistics."""

    kind: str
    codec: str = ""
    packets: int = 0
    frames: int = 0
    energy: float = 0.0
    size: tuple[int, int] = (0, 0)
    freezes: int = 0
    keyframe_requests: int = 0


class Engine:
    """One peer connection of Chrome's engine, made by one POST."""

    def __init__(self, link: Link, url: str) -> None:
        self._link = link
        self._url = url
        self.pc = webrtc.RTCPeerConnection()
        self.resource = ""
        self._tasks: list[asyncio.Task[None]] = []

    def send(self, track: webrtc.MediaStreamTrack, codec: str = "", rids: Sequence[tuple[str, float]] = ()) -> None:
        """An m-line that sends; `rids` are simulcast layers with how much smaller each is."""
        encodings = [webrtc.RTCRtpEncodingParameters(rid=rid, scale_resolution_down_by=scale) for rid, scale in rids]
        line = self.pc.add_transceiver(track, webrtc.RTCRtpTransceiverInit(direction="sendonly", send_encodings=encodings))
        _prefer(line, "video" if codec else "audio", codec)

    def receive(self, kind: str, codec: str = "") -> None:
        """An m-line that receives; only `codec` (and repair) unless it is empty."""
        line = self.pc.add_transceiver(kind, webrtc.RTCRtpTransceiverInit(direction="recvonly"))
        _prefer(line, kind, codec)

    def spawn(self, work: asyncio.Task[None]) -> None:
        self._tasks.append(work)

    async def connect(self, change: Callable[[str], str] = lambda answer: answer) -> None:
        """Offer with every candidate, take the answer (through `change`)."""
        await self.pc.set_local_description(await self.pc.create_offer())
        async with asyncio.timeout(10):
            while self.pc.ice_gathering_state != "complete":
                await asyncio.sleep(0.01)
        headers = {"Authorization": f"Bearer {self._link.token}", "Content-Type": "application/sdp"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(self._url, data=self.pc.local_description.sdp, headers=headers) as response,
        ):
            body = await response.text()
            assert response.status == 201, body
            self.resource = urljoin(str(response.url), response.headers["Location"])
        await self.pc.set_remote_description(webrtc.RTCSessionDescriptionInit(type="answer", sdp=change(body)))

    async def received(self) -> list[Received]:
        """One entry for each m-line that receives, in order."""
        report = await self.pc.get_stats()
        entries = {key: report[key] for key in report}
        lines = {}
        for entry in entries.values():
            if entry.type == "inbound-rtp":
                lines[entry.mid] = entry
        found = []
        for line in self.pc.get_transceivers():
            if line.direction != "recvonly":
                continue
            entry = lines.get(line.mid)
            found.append(_received(entry, entries) if entry else Received(line.receiver.track.kind))
        return found

    async def path(self) -> str:
        """Transport protocol of the candidate pair in use: `udp`, `tcp`, or nothing yet."""
        report = await self.pc.get_stats()
        pairs = [report[key] for key in report if report[key].type == "candidate-pair" and report[key].nominated]
        return str(report[pairs[0].local_candidate_id].protocol) if pairs else ""

    async def until(self, wanted: Callable[[list[Received]], bool], seconds: float = 10) -> float:
        """Wait until it holds for what was received; how long it took, s."""
        began = time.monotonic()
        while not wanted(found := await self.received()):
            assert time.monotonic() - began < seconds, f"after {seconds} s ({self.pc.connection_state}): {found}"
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.resource:
            headers = {"Authorization": f"Bearer {self._link.token}"}
            async with aiohttp.ClientSession() as http, http.delete(self.resource, headers=headers) as response:
                assert response.status == 200
        self.pc.close()


def _prefer(line: webrtc.RTCRtpTransceiver, kind: str, codec: str) -> None:
    if not codec:
        return
    side = webrtc.RTCRtpReceiver if line.direction == "recvonly" else webrtc.RTCRtpSender
    found = side.get_capabilities(kind).codecs
    line.set_codec_preferences([c for c in found if c.mime_type.split("/")[1] in (codec, *_REPAIR)])


def _received(entry: webrtc.RTCInboundRtpStreamStats, entries: dict[str, webrtc.RTCStats]) -> Received:
    codec = entries.get(entry.codec_id or "")
    return Received(
        kind=entry.kind,
        codec=codec.mime_type.split("/")[1] if codec else "",
        packets=entry.packets_received or 0,
        frames=entry.frames_decoded or 0,
        energy=entry.total_audio_energy or 0.0,
        size=(entry.frame_width or 0, entry.frame_height or 0),
        freezes=entry.freeze_count or 0,
        keyframe_requests=entry.pli_count or 0,
    )


def plays(found: Sequence[Received]) -> bool:
    """Every m-line decodes, and sound is not silent."""
    return bool(found) and all(r.frames > 5 if r.kind == "video" else r.energy > 1e-4 for r in found)


@contextlib.asynccontextmanager
async def engine_watching(
    link: Link,
    kinds: Sequence[str] = ("audio", "video"),
    *,
    codec: str = "",
    query: str = "",
    change: Callable[[str], str] = lambda answer: answer,
) -> AsyncIterator[Engine]:
    """Watch the link's lesson with Chrome's engine."""
    peer = Engine(link, link.whep + query)
    try:
        for kind in kinds:
            peer.receive(kind, codec if kind == "video" else "")
        await peer.connect(change)
        yield peer
    finally:
        await peer.close()


@contextlib.asynccontextmanager
async def engine_publishing(
    link: Link, voice: Samples, paint: Painter, *, codec: str = "VP8", rids: Sequence[tuple[str, float]] = ()
) -> AsyncIterator[Engine]:
    """Publish a microphone and a camera with Chrome's engine."""
    peer = Engine(link, link.whip)
    sound, picture = webrtc.MediaStreamTrackGenerator("audio"), webrtc.VideoTrackGenerator()
    try:
        peer.send(sound)
        peer.send(picture.track, codec, rids)
        await peer.connect()
        peer.spawn(asyncio.create_task(_speak(sound, voice)))
        peer.spawn(asyncio.create_task(_show(picture, paint)))
        yield peer
    finally:
        await peer.close()


async def _speak(track: webrtc.MediaStreamTrackGenerator, voice: Samples) -> None:
    writer, start, whole = track.writable.get_writer(), time.monotonic(), len(voice) // STEP
    async for i in _paced(50, start):
        at = i % whole * STEP
        samples = np.ascontiguousarray(voice[at : at + STEP]).tobytes()
        await writer.write(webrtc.AudioData(webrtc.AudioDataInit("s16", RATE, STEP, 1, i * 20_000, samples)))


async def _show(track: webrtc.VideoTrackGenerator, paint: Painter) -> None:
    writer, start = track.writable.get_writer(), time.monotonic()
    async for i in _paced(15, start):
        picture = paint(i / 15)
        height, width = picture.shape[:2]
        planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420).tobytes()
        moment = round((time.monotonic()) * 1e6)
        await writer.write(webrtc.VideoFrame(planes, webrtc.VideoFrameBufferInit("I420", width, height, moment)))


async def _paced(rate: float, start: float) -> AsyncIterator[int]:
    i = 0
    while True:
        await asyncio.sleep(max(0.0, start + i / rate - time.monotonic()))
        yield i
        i += 1
