"""The bench's publisher: a raw client that protects its RTP with the product's own SRTP and keeps time itself."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Literal

from cryptography.exceptions import InvalidTag

from media.client.messages import Publish, SourceSpec
from media.errors import MalformedPacket
from media.transport.dtls import Identity
from media.wire import extensions, rtcp, rtp
from tests.bench import bpf, offers
from tests.bench.frames import FRAMES_PER_SECOND, PACKETS_PER_FRAME, Filler, Frames
from tests.bench.meter import STAMP, STAMP_AT, STAMP_MAGIC
from tests.bench.peer import Peer
from tests.bench.worker import Worker

PACKET = 1150
"""Octets of a video packet before SRTP, header included."""
AUDIO_PER_SECOND = 50
AUDIO_PAYLOAD = 80
"""Octets of 20 ms of Opus at 32 kbit/s."""
REPORT_SECONDS = 1.0
CONSENT_SECONDS = 4.0
LABEL = "bench"
KEYS = {"mic": "bench/mic", "camera": "bench/camera"}

Pace = Literal["burst", "even"]


class Stream:
    """Sequence and totals of one SSRC we send on."""

    def __init__(self, ssrc: int, payload_type: int, rng: random.Random) -> None:
        self.ssrc = ssrc
        self.payload_type = payload_type
        self.sequence = rng.randrange(1 << 15)
        self.timestamp = rng.randrange(1 << 31)
        self.packets = 0
        self.octets = 0


class Publisher:
    """One session that sends a camera and a microphone for as long as it is open."""

    def __init__(self, identity: Identity, frames: Frames | None = None) -> None:
        rng = random.Random(7)
        self.pace: Pace = "burst"
        self.keyframe_requests = 0
        self.nacked = 0
        self.lateness: list[float] = []
        """How late each timer ran, seconds."""
        self._stamps = frames is None
        self._frames = frames or Filler(PACKET - rtp.HEADER_SIZE - len(self._extension("1", 0)))
        self._peer = Peer(identity, bpf.open_sampling(), self._on_packet)
        self._audio = Stream(offers.AUDIO_SSRC, offers.AUDIO, rng)
        self._video = Stream(offers.VIDEO_SSRC, offers.VIDEO, rng)
        self._transport_seq = 0
        self._want_keyframe = True
        self._running = asyncio.Event()
        self._queue: list[bytearray] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def sent(self) -> int:
        """RTP packets sent so far."""
        return self._audio.packets + self._video.packets

    async def join(self, worker: Worker) -> None:
        """Publish; raises `NoConnection`, `Refused` or `WorkerGone`. Nothing is sent before `resume`."""
        client = worker.client
        sources = {name: SourceSpec(key=key, labels=(LABEL,)) for name, key in KEYS.items()}
        offer = offers.publish_offer(self._peer.local)
        reply = await client.command(Publish(id=client.next_id(), offer=offer, names=tuple(KEYS), sources=sources, owner="teacher"))
        await self._peer.connect(offers.read_answer(reply.answer))
        self._tasks = [asyncio.create_task(work()) for work in (self._run_video, self._run_audio, self._run_reports, self._run_consent)]

    def resume(self) -> None:
        """Send."""
        self._running.set()

    def pause(self) -> None:
        """Stop at the next packet boundary."""
        self._running.clear()

    async def fill(self, frames: int) -> None:
        """Send frames at ten times the rate, so that the worker's rings are full before memory is measured."""
        for _ in range(frames):
            self._next_frame()
            self._send_frame()
            self._send_audio()
            await asyncio.sleep(1 / FRAMES_PER_SECOND / 10)

    def close(self) -> None:
        """Stop and release the socket; the worker closes the session when it is stopped, or after silence."""
        for task in self._tasks:
            task.cancel()
        self._peer.close()

    async def _run_video(self) -> None:
        timer = Timer(self)
        while True:
            await self._running.wait()
            if self.pace == "burst":
                self._next_frame()
                self._send_frame()
                await timer.wait(1 / FRAMES_PER_SECOND)
            else:
                if not self._queue:
                    self._next_frame()
                self._send_next()
                await timer.wait(1 / FRAMES_PER_SECOND / PACKETS_PER_FRAME)

    async def _run_audio(self) -> None:
        timer = Timer(self)
        while True:
            await self._running.wait()
            self._send_audio()
            await timer.wait(1 / AUDIO_PER_SECOND)

    async def _run_reports(self) -> None:
        while True:
            await asyncio.sleep(REPORT_SECONDS)
            for stream in (self._audio, self._video):
                report = rtcp.SenderReport(stream.ssrc, rtcp.ntp_from_ns(time.time_ns()), stream.timestamp, stream.packets, stream.octets)
                self._peer.send_compound(report.build())

    async def _run_consent(self) -> None:
        while True:
            await asyncio.sleep(CONSENT_SECONDS)
            self._peer.consent()

    def _next_frame(self) -> None:
        self._video.timestamp += 90000 // FRAMES_PER_SECOND
        self._queue = self._frames.next(self._want_keyframe)
        self._want_keyframe = False

    def _send_next(self) -> None:
        self._peer.send(self._next_packet())

    def _send_frame(self) -> None:
        """The whole frame back to back: nothing but system calls between its packets."""
        packets = [self._next_packet() for _ in range(len(self._queue))]
        for packet in packets:
            self._peer.send(packet)

    def _send_audio(self) -> None:
        self._audio.timestamp += 48000 // AUDIO_PER_SECOND
        self._peer.send(self._protect(self._audio, bytearray(AUDIO_PAYLOAD), marker=False))

    def _next_packet(self) -> bytearray:
        payload = self._queue.pop(0)
        return self._protect(self._video, payload, marker=not self._queue)

    def _protect(self, stream: Stream, payload: bytearray, marker: bool) -> bytearray:
        """The next packet of a stream, stamped and sealed."""
        self._transport_seq += 1
        block = self._extension("0" if stream is self._audio else "1", self._transport_seq)
        start = rtp.HEADER_SIZE + len(block)
        packet = bytearray(start + len(payload) + self._peer.send_keys.tag)
        rtp.write_header(
            packet,
            0,
            payload_type=stream.payload_type,
            sequence=stream.sequence,
            timestamp=stream.timestamp,
            ssrc=stream.ssrc,
            marker=marker,
            extension=block,
        )
        if self._stamps:
            STAMP.pack_into(payload, STAMP_AT, STAMP_MAGIC, time.time_ns())
        keys = self._peer.send_keys
        keys.cipher.encrypt_into(
            keys.nonce_of(stream.ssrc, stream.sequence), payload, memoryview(packet)[:start], memoryview(packet)[start:]
        )
        stream.sequence += 1
        stream.packets += 1
        stream.octets += len(payload)
        return packet

    def _extension(self, mid: str, sequence: int) -> bytes:
        items = [
            (offers.MID_ID, mid.encode()),
            (offers.SEND_TIME_ID, extensions.build_abs_send_time(time.time())),
            (offers.TRANSPORT_ID, (sequence & 0xFFFF).to_bytes(2, "big")),
        ]
        return extensions.build(items)

    def _on_packet(self, packet: bytes, at: int) -> None:
        """RTCP from the worker: a browser answers PLI with a keyframe, and so do we. NACKs are counted."""
        if not 192 <= packet[1] <= 223:
            return
        try:
            received = rtcp.parse_compound(self._peer.receive_rtcp.unprotect(packet))
        except (InvalidTag, MalformedPacket):
            return
        for one in received:
            if isinstance(one, rtcp.Pli | rtcp.Fir):
                self.keyframe_requests += 1
                self._want_keyframe = True
            elif isinstance(one, rtcp.Nack):
                self.nacked += 1


class Timer:
    """Waits to absolute times, so that what a wait lasted too long is made good by the next; starts anew after a pause."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._due = 0.0

    async def wait(self, seconds: float) -> None:
        """Sleep until `seconds` after the last due time; notes how late it was."""
        now = time.monotonic()
        self._due = max(self._due + seconds, now - 0.05)
        if self._due > now:
            await asyncio.sleep(self._due - now)
        self._publisher.lateness.append(time.monotonic() - self._due)
