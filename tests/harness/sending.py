"""A raw publisher: streams whose every packet says whose it is and when it was captured, or real encoded pictures."""

from __future__ import annotations

import asyncio
import contextlib
import random
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from media.wire import rtcp
from tests.harness.clips import Clip, Tone
from tests.harness.offers import Line, build, write_offer
from tests.harness.raw import GCM_128, RawPeer

Codec = Literal["opus", "VP8", "H264"]
TRAILER = struct.Struct("!8sqI")
MID_ID, LEVEL_ID, TRANSPORT_ID, RID_ID, REPAIRED_ID = 1, 2, 3, 4, 5
HISTORY = 512


class Mark(NamedTuple):
    """What the end of a synthetic payload says."""

    source: str
    captured: int
    """Monotonic ns."""
    count: int
    """Frames of the source so far."""


def read_mark(payload: bytes) -> Mark:
    """Whose packet this is."""
    name, captured, count = TRAILER.unpack(payload[-TRAILER.size :])
    return Mark(name.rstrip(b"\0").decode(), captured, count)


def is_keyframe(payload: bytes) -> bool:
    """Whether a synthetic VP8 packet is the first of a keyframe."""
    return payload[0] & 0x10 != 0 and not payload[4] & 1


def _vp8(keyframe: bool, picture: int, packets: int) -> list[bytes]:
    def one(first: bool) -> bytes:
        head = bytes((0x90 if first else 0x80, 0x80, 0x80 | picture >> 8 & 0x7F, picture & 0xFF))
        return head + (b"\x10" if keyframe else b"\x11") + b"\x02\0" + (b"\x9d\x01\x2a" if keyframe and first else bytes(3)) + bytes(20)

    return [one(index == 0) for index in range(packets)]


def _h264(keyframe: bool, packets: int) -> list[bytes]:
    if keyframe:
        return [b"\x67\x42\xe0\x1f" + bytes(8), b"\x68\xce" + bytes(4), *(b"\x65\x88" + bytes(20) for _ in range(packets))]
    return [b"\x41\x9a" + bytes(20) for _ in range(packets)]


@dataclass
class Stream:
    """One SSRC. `step` sends one frame; `play` keeps doing so."""

    peer: RawPublisher
    mid: int
    name: str
    """At most 8 ASCII characters, in every synthetic payload."""
    codec: Codec
    payload_type: int
    rate: float = 25.0
    """Frames/s."""
    ssrc: int = field(default_factory=lambda: random.randrange(1, 1 << 32))
    sequence: int = field(default_factory=lambda: random.randrange(1, 1 << 15))
    rtx_ssrc: int | None = None
    rid: str = ""
    packets_per_frame: int = 2
    tagged: int | None = None
    """Packets that still carry MID and RID; None: all."""
    two_byte: bool = False
    fill: int = 0
    """Octets added to every synthetic payload."""
    keyframe_every: int = 1 << 30
    wall_skew: float = 0.0
    """How far the publisher's wall clock is off, s."""
    clip: Clip | Tone | None = None
    """Real pictures or sounds in place of the synthetic ones."""
    since: int = 0
    """When the first frame was captured, monotonic ns …"""
    until: int = 0
    """… and the newest."""
    frames: int = 0
    sent: int = 0
    octets: int = 0
    want_keyframe: bool = True
    probe: bool = False
    """Send a padding-only packet after each frame."""
    muted: bool = False

    def __post_init__(self) -> None:
        self._clock = 48000 if self.codec == "opus" else 90000
        self._origin = random.randrange(1 << 32)
        self._history: dict[int, tuple[int, bytes, bytes]] = {}
        """Sequence → (timestamp, payload, the packet as it left)."""
        self._rtx_sequence = 0

    def timestamp(self, captured: int) -> int:
        """RTP timestamp of a capture time (monotonic ns)."""
        return self._origin + captured * self._clock // 1_000_000_000

    def step(self, captured: int | None = None) -> None:
        """Send one frame captured then (monotonic ns), or now."""
        captured = captured or time.monotonic_ns()
        self.since, self.until = self.since or captured, captured
        payloads = self._payloads(captured)
        for index, payload in enumerate(payloads):
            marker = self.codec != "opus" and index == len(payloads) - 1
            self._send(payload, self.timestamp(captured), marker)
        if self.probe:
            self._send(b"", self.timestamp(captured), False, padding=100)

    def _payloads(self, captured: int) -> list[bytes]:
        keyframe = self.want_keyframe or self.frames % self.keyframe_every == 0
        self.want_keyframe = False
        self.frames += 1
        if self.clip:
            return self.clip.next(keyframe)
        trailer = bytes(self.fill) + TRAILER.pack(self.name.encode(), captured, self.frames)
        if self.codec == "opus":
            return [b"\xfc" + bytes(30) + trailer]
        plain = _vp8(keyframe, self.frames, self.packets_per_frame) if self.codec == "VP8" else _h264(keyframe, self.packets_per_frame)
        return [payload + trailer for payload in plain]

    def _send(self, payload: bytes, timestamp: int, marker: bool, padding: int = 0) -> None:
        packet = build(
            self.payload_type, self.sequence, timestamp, self.ssrc, payload,
            marker=marker, extensions=self._extensions(), two_byte=self.two_byte, padding=padding,
        )  # fmt: skip
        self.sequence += 1
        self.sent += 1
        self.octets += len(payload)
        self.peer.send_rtp(packet)
        self._history[self.sequence - 1 & 0xFFFF] = (timestamp, payload, self.peer.last_sent)
        if len(self._history) > HISTORY:
            del self._history[next(iter(self._history))]

    def resend(self, sequences: Sequence[int]) -> None:
        """Answer a NACK: as RTX (RFC 4588) if there is an SSRC for it, else with the same bytes once more."""
        for sequence in sequences:
            found = self._history.get(sequence)
            if found is None:
                continue
            if self.rtx_ssrc is None:
                self.peer.send_raw(found[2])
            else:
                self._repeat(self.rtx_ssrc, sequence, *found[:2])

    def _repeat(self, ssrc: int, sequence: int, timestamp: int, payload: bytes) -> None:
        self._rtx_sequence += 1
        named = [(MID_ID, str(self.mid).encode()), *([(REPAIRED_ID, self.rid.encode())] if self.rid else [])]
        original = sequence.to_bytes(2, "big")
        self.peer.send_rtp(build(self.payload_type + 1, self._rtx_sequence, timestamp, ssrc, original + payload, extensions=named))

    def _extensions(self) -> list[tuple[int, bytes]]:
        self.peer.transport_sequence += 1
        found = [(TRANSPORT_ID, (self.peer.transport_sequence & 0xFFFF).to_bytes(2, "big"))]
        if self.codec == "opus":
            found.append((LEVEL_ID, b"\x94"))
        if self.tagged is None or self.tagged > 0:
            found.append((MID_ID, str(self.mid).encode()))
            if self.rid:
                found.append((RID_ID, self.rid.encode()))
        if self.tagged:
            self.tagged -= 1
        return found

    def report(self) -> None:
        """Send a sender report."""
        ntp = rtcp.ntp_from_ns(time.time_ns() + int(self.wall_skew * 1e9))
        now = self.timestamp(time.monotonic_ns()) & 0xFFFFFFFF
        self.peer.send_rtcp(rtcp.SenderReport(self.ssrc, ntp, now, self.sent, self.octets).build())

    async def play(self) -> None:
        """Send frames at the rate and a report every half second, for ever."""
        due = time.monotonic()
        reported = 0.0
        while True:
            if not self.muted:
                self.step(int(due * 1e9) if self.clip else None)  # real encoders keep time, whenever they get to send
                if due - reported > 0.5:
                    self.report()
                    reported = due
            due += 1 / self.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))


class RawPublisher(RawPeer):
    """Publishes the lines it is given; a keyframe request is answered with the next frame."""

    def __init__(self, lines: Sequence[Line], profiles: Sequence[str] = (GCM_128,)) -> None:
        super().__init__(profiles)
        self.lines = lines
        self.streams: list[Stream] = []
        self.transport_sequence = 0
        self.keyframe_requests: Counter[int] = Counter()
        self.nacked = 0
        self.deaf = False
        """Answers no keyframe request, as FFmpeg."""

    def offer(self) -> str:
        return write_offer(self.local, self.lines, "sendonly")

    def stream(self, mid: int, name: str, **options: object) -> Stream:
        """A new SSRC on an m-line, with that line's first codec."""
        form = self.lines[mid].formats[0]
        codec = form.name.partition("/")[0]
        made = Stream(self, mid, name, codec, form.number, **options)  # type: ignore[arg-type]
        if self.lines[mid].kind == "audio" and "rate" not in options:
            made.rate = 50.0
        self.streams.append(made)
        return made

    @contextlib.contextmanager
    def playing(self, *streams: Stream) -> Iterator[None]:
        """All streams (or these) flow inside the block."""
        tasks = [asyncio.create_task(stream.play()) for stream in streams or self.streams]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()

    def on_rtcp(self, compound: bytes) -> None:
        for packet in rtcp.parse_compound(compound):
            if isinstance(packet, rtcp.Pli):
                self.keyframe_requests[packet.media_ssrc] += 1
                for stream in self._sending(packet.media_ssrc):
                    stream.want_keyframe |= not self.deaf
            elif isinstance(packet, rtcp.Nack):
                self.nacked += len(packet.sequences)
                for stream in self._sending(packet.media_ssrc):
                    stream.resend(packet.sequences)

    def _sending(self, ssrc: int) -> list[Stream]:
        return [stream for stream in self.streams if stream.ssrc == ssrc]
