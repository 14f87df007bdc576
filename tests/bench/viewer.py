"""Cheap viewers: real ICE, DTLS and RTCP, but the kernel reads, counts and drops most of their RTP."""

from __future__ import annotations

import asyncio
import secrets
import struct
from array import array
from dataclasses import dataclass

from media.client.messages import Close, SlotPlan, Watch
from media.transport.dtls import Identity
from media.wire.reports import ReceiverReport, ReportBlock
from media.wire.twcc import TransportFeedback
from tests.bench import bpf
from tests.bench.meter import Meter
from tests.bench.offers import read_answer, watch_offer
from tests.bench.peer import Peer
from tests.bench.publisher import KEYS, LABEL
from tests.bench.worker import Worker

JOINING = 16
"""Joins under way at a time."""
CONSENT_SECONDS = 4.0
TICK_SECONDS = 0.02
SLOTS = {"program.audio": SlotPlan(sources=(KEYS["mic"],)), "program.camera": SlotPlan(sources=(KEYS["camera"],))}


class Viewer:
    """One subscriber."""

    def __init__(self, identity: Identity, number: int) -> None:
        self.sock = bpf.open_sampling()
        self.meter = Meter(())
        self.session = ""
        self.ssrc = secrets.randbits(32)
        self._peer = Peer(identity, self.sock, self._on_packet)
        self._number = number
        self._feedback = bytearray()
        self._transport_seq = 0

    async def join(self, worker: Worker) -> None:
        """Offer, ICE, DTLS; raises `NoConnection`, `Refused` or `WorkerGone`."""
        client = worker.client
        command = Watch(
            id=client.next_id(),
            offer=watch_offer(self._peer.local),
            names=tuple(SLOTS),
            slots=SLOTS,
            labels=(LABEL,),
            owner=f"viewer-{self._number}",
        )
        reply = await client.command(command)
        remote = read_answer(reply.answer)
        self.session = reply.session
        self.meter = Meter(remote.ssrcs)
        self._feedback = bytearray(_transport_feedback(self.ssrc))
        await self._peer.connect(remote)

    async def leave(self, worker: Worker) -> None:
        """End the session and release the socket."""
        if self.session:
            await worker.client.command(Close(id=worker.client.next_id(), session=self.session))
        self._peer.close()

    @property
    def profile(self) -> str:
        """SRTP profile, empty until connected."""
        return self._peer.profile

    @property
    def connected(self) -> bool:
        """ICE and DTLS are done."""
        return bool(self._peer.profile)

    @property
    def arrived(self) -> int:
        """RTP packets that reached the socket so far, read or filtered."""
        return self.meter.read + bpf.drops(self.sock)

    def consent(self) -> None:
        """See `Peer.consent`."""
        self._peer.consent()

    def report(self, with_transport: bool) -> None:
        """Send a receiver report on both streams, with or without a transport-wide feedback message."""
        blocks = tuple(ReportBlock(ssrc, 0, 0, stream.highest, 20) for ssrc, stream in self.meter.streams.items() if stream.highest >= 0)
        compound = ReceiverReport(self.ssrc, blocks).build()
        if with_transport:
            self._transport_seq += 29
            struct.pack_into("!H", self._feedback, 12, self._transport_seq & 0xFFFF)
            compound += self._feedback
        self._peer.send_compound(compound)

    def _on_packet(self, packet: bytes, at: int) -> None:
        if not 192 <= packet[1] <= 223:
            self.meter.take(packet, at, self._peer.receive_keys)


def _transport_feedback(ssrc: int) -> bytes:
    """A tenth of a second of packets, all arrived; the base sequence number is patched in place."""
    return TransportFeedback(ssrc, 0, 0, 0, 0, tuple([4, 1, 1, 1, 1, 1, 1, 1, 80] * 4)[:29]).build()


class Turns:
    """Whose turn it is, round robin, so that what all viewers do at one rate is spread over time."""

    def __init__(self) -> None:
        self._next = 0
        self._due = 0.0

    def take(self, viewers: list[Viewer], share: float) -> list[Viewer]:
        """The next `share` of the viewers (fractions are carried over), those of them that are connected."""
        self._due += share * len(viewers)
        count = min(int(self._due), len(viewers))
        self._due -= int(self._due)
        turn = [viewers[(self._next + step) % len(viewers)] for step in range(count)]
        self._next += count
        return [viewer for viewer in turn if viewer.connected]


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums over all viewers at one moment."""

    arrived: int
    read: int
    missing: int
    broken: int


class Audience:
    """All viewers, their consent and their reports, driven by one timer."""

    def __init__(self, worker: Worker, identity: Identity) -> None:
        self.viewers: list[Viewer] = []
        self.reports_per_second = 1.0
        """Of each viewer."""
        self.with_transport = False
        self._worker = worker
        self._identity = identity
        self._consent = Turns()
        self._report = Turns()
        self._task = asyncio.create_task(self._run())

    async def grow(self, size: int) -> None:
        """Join viewers until there are `size`."""
        gate = asyncio.Semaphore(JOINING)

        async def join(viewer: Viewer) -> None:
            async with gate:
                await viewer.join(self._worker)

        new = [Viewer(self._identity, number) for number in range(len(self.viewers), size)]
        self.viewers += new
        await asyncio.gather(*(join(viewer) for viewer in new))

    async def close(self) -> None:
        """Leave with all of them."""
        self._task.cancel()
        for viewer in self.viewers:
            await viewer.leave(self._worker)
        self.viewers.clear()

    def counts(self) -> Counts:
        """What came so far."""
        return Counts(
            arrived=sum(viewer.arrived for viewer in self.viewers),
            read=sum(viewer.meter.read for viewer in self.viewers),
            missing=sum(stream.missing for viewer in self.viewers for stream in viewer.meter.streams.values()),
            broken=sum(viewer.meter.broken for viewer in self.viewers),
        )

    def take_latencies(self) -> array[int]:
        """Latencies noted since the last call, ns."""
        taken = array("q")
        for viewer in self.viewers:
            taken.extend(viewer.meter.latencies)
            del viewer.meter.latencies[:]
        return taken

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            for viewer in self._consent.take(self.viewers, TICK_SECONDS / CONSENT_SECONDS):
                viewer.consent()
            for viewer in self._report.take(self.viewers, TICK_SECONDS * self.reports_per_second):
                viewer.report(self.with_transport)
