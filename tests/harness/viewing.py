"""Viewers of a node under test: a raw one that keeps every decrypted packet, and aiortc's, which decodes."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from media.wire import rtcp
from tests.harness.offers import OPUS, VIDEO, Line, Rtp, read, write_offer
from tests.harness.raw import GCM_128, Answer, RawPeer
from tests.harness.sending import read_mark

OWN_SSRC = 0x0FEE_D000


class RawViewer(RawPeer):
    """Keeps every packet it gets, by SSRC."""

    def __init__(self, lines: Sequence[Line] = (OPUS, VIDEO), profiles: Sequence[str] = (GCM_128,)) -> None:
        super().__init__(profiles)
        self.lines = lines
        self.packets: dict[int, list[Rtp]] = defaultdict(list)
        self.timed_reports: dict[int, list[tuple[float, rtcp.SenderReport]]] = defaultdict(list)
        """Sender reports by SSRC, with the moment each came."""
        self.slots: dict[str, tuple[int, ...]] = {}
        """Slot name → its SSRC, and its RTX SSRC if it has one."""
        self.acknowledges = True

    def offer(self) -> str:
        return write_offer(self.local, self.lines, "recvonly")

    def take_answer(self, answer: Answer, names: Sequence[str]) -> None:
        self.slots = dict(zip(names, answer.ssrcs, strict=True))

    def on_rtp(self, packet: bytes) -> None:
        found = read(packet, time.monotonic())
        self.packets[found.ssrc].append(found)

    def on_rtcp(self, compound: bytes) -> None:
        for packet in rtcp.parse_compound(compound):
            if isinstance(packet, rtcp.SenderReport):
                self.timed_reports[packet.ssrc].append((time.monotonic(), packet))

    def on(self, slot: str) -> list[Rtp]:
        """What came on the slot's media SSRC."""
        return self.packets[self.slots[slot][0]]

    def resent(self, slot: str) -> list[Rtp]:
        """What came on the slot's RTX SSRC."""
        return self.packets[self.slots[slot][1]]

    def total(self) -> int:
        return sum(len(packets) for packets in self.packets.values())

    def sources(self, slot: str) -> set[str]:
        """Whose packets came on the slot, RTX included."""
        media = {read_mark(packet.payload).source for packet in self.on(slot)}
        return media | {
            read_mark(packet.payload).source for ssrc in self.slots[slot][1:] for packet in self.packets[ssrc] if packet.payload[2:]
        }

    def acknowledge(self) -> None:
        """A receiver report on every slot that brought something."""
        blocks = [rtcp.ReportBlock(ssrc, 0, 0, packets[-1].sequence, 0) for ssrc, packets in self.packets.items() if packets]
        self.send_rtcp(rtcp.ReceiverReport(OWN_SSRC, tuple(blocks[:31])).build())

    def nack(self, slot: str, sequences: Sequence[int]) -> None:
        """Ask again for these 16-bit sequences."""
        for at in range(0, len(sequences), 100):
            self.send_rtcp(rtcp.Nack(OWN_SSRC, self.slots[slot][0], tuple(sequences[at : at + 100])).build())

    def ask_keyframe(self, slot: str) -> None:
        self.send_rtcp(rtcp.Pli(OWN_SSRC, self.slots[slot][0]).build())


def step16(packets: Sequence[Rtp]) -> list[int]:
    """Differences of neighbouring sequence numbers, −2^15 … 2^15 − 1."""
    return [(b.sequence - a.sequence + 0x8000 & 0xFFFF) - 0x8000 for a, b in itertools.pairwise(packets)]


def step32(packets: Sequence[Rtp]) -> list[int]:
    """Differences of neighbouring timestamps."""
    half = 1 << 31
    return [(b.timestamp - a.timestamp + half & 0xFFFFFFFF) - half for a, b in itertools.pairwise(packets)]


class Decoder:
    """aiortc as a viewer: counts decoded frames by m-line."""

    def __init__(self, kinds: Sequence[str] = ("audio", "video")) -> None:
        # With its default policy aiortc leaves a second m-line of one kind on a transport that it stops.
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_COMPAT))
        for kind in kinds:
            self.pc.addTransceiver(kind, direction="recvonly")
        self.frames = [0] * len(kinds)
        self.sizes: list[tuple[int, int]] = [(0, 0)] * len(kinds)
        self.loudest = [0] * len(kinds)
        self.stamps: list[list[int]] = [[] for _ in kinds]
        self.session = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def offer(self) -> str:
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return str(self.pc.localDescription.sdp)

    async def take(self, answer: str) -> None:
        """The answer; frames are counted from now on."""
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        tracks = [transceiver.receiver.track for transceiver in self.pc.getTransceivers()]
        self._tasks = [asyncio.create_task(self._eat(index, track)) for index, track in enumerate(tracks)]

    async def _eat(self, index: int, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                self.frames[index] += 1
                self.stamps[index].append(frame.pts)
                if track.kind == "video":
                    self.sizes[index] = (frame.width, frame.height)
                else:
                    self.loudest[index] = max(self.loudest[index], int(np.abs(frame.to_ndarray().astype(int)).max()))

    async def more(self, count: int, seconds: float = 5.0) -> None:
        """Wait until every m-line brought this many more frames."""
        wanted = [frames + count for frames in self.frames]
        await eventually(lambda: all(got >= want for got, want in zip(self.frames, wanted, strict=True)), seconds, lambda: self.frames)

    async def close(self) -> None:
        await self.pc.close()
        for task in self._tasks:
            task.cancel()


async def eventually(condition: Callable[[], object], seconds: float = 5.0, about: Callable[[], object] = lambda: "") -> float:
    """Wait until the condition holds; how long it took, s."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s: {about()}"
        await asyncio.sleep(0.005)
    return time.monotonic() - began
