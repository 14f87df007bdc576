"""One subscribing session: its slots, its labels, its round trip time."""

from __future__ import annotations

from media.relay.context import SECOND, Context
from media.relay.slot import Slot
from media.wire.ntp import middle
from media.wire.reports import ReportBlock, Sdes, SenderReport
from media.wire.rtcp import Packet


class Subscriber:
    """State of one subscribing session."""

    def __init__(self, session: int, owner: str) -> None:
        self.session = session
        self.owner = owner
        self.labels: frozenset[str] = frozenset()
        self.slots: dict[str, Slot] = {}
        """By name."""
        self.by_ssrc: dict[int, Slot] = {}
        self.started = False
        """It was connected once: before, nothing is sent to it."""
        self.connected = False
        """False: its video is paused (M22)."""
        self.rtt: int | None = None
        self.reported_at = 0

    def add(self, slot: Slot) -> None:
        """A slot of its offer."""
        self.slots[slot.spec.slot] = slot
        self.by_ssrc[slot.spec.ssrc] = slot

    def receives(self, slot: Slot) -> bool:
        """Whether anything is sent on this slot now."""
        return self.started and (self.connected or slot.audio)

    def reported(self, block: ReportBlock, ntp: int) -> None:
        """A report block on one of its slots, arriving at this NTP time (RFC 3550 6.4.1)."""
        slot = self.by_ssrc.get(block.ssrc)
        if slot is None:
            return
        slot.acknowledge()
        slot.loss = block.fraction_lost / 256
        if block.lsr:
            ticks = (middle(ntp) - block.lsr - block.dlsr) & 0xFFFFFFFF
            if ticks < 1 << 22:
                # Longer than a minute is nonsense, or a clock that ran backwards.
                self.rtt = ticks * SECOND >> 16

    def sender_reports(self, slots: list[Slot], context: Context, now: int) -> bytes:
        """Sender reports of playing slots, on the clock of what they show, with their names; empty if none plays."""
        packets: list[Packet] = []
        names: list[tuple[int, str]] = []
        for slot in slots:
            timestamp = None if slot.layer is None else slot.layer.clock.timestamp(now)
            if timestamp is None:
                continue
            sent = slot.counters()
            packets.append(
                SenderReport(slot.spec.ssrc, context.ntp(now), timestamp + slot.row.ts_offset & 0xFFFFFFFF, sent.packets, sent.octets)
            )
            names.append((slot.spec.ssrc, slot.spec.cname))
        if names:
            packets.append(Sdes(tuple(names)))
        return b"".join(packet.build() for packet in packets)
