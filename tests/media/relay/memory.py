"""An executor in memory: what `fanout` does, without sockets or ciphers, and with every packet sent written down."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from media.wire.negotiated import ExtensionIds
from media.wire.rows import ARRIVAL, ArrivalFlag, Binder, LayerSpec, Picture, RingSpan, Row, RowCounters
from media.wire.rtcp import Packet, parse_compound
from media.wire.seq import Extender


@dataclass(frozen=True)
class Rtp:
    """A received packet, in words."""

    ssrc: int
    payload_type: int
    seq: int
    timestamp: int
    marker: bool = False
    keyframe: bool = False
    padding: bool = False
    mid: str | None = None
    rid: str | None = None
    repaired: str | None = None
    level: int = 255
    transport_seq: int = -1
    size: int = 1000
    picture_id: int = -1
    tl0: int = -1
    rtx_of: int | None = None
    """RTX: the original sequence; `payload_type` is the RTX type."""
    original_type: int = -1
    content: object = None


@dataclass(frozen=True)
class Sent:
    """A packet that left, with extended numbers."""

    session: int
    row: int
    ssrc: int
    seq: int
    timestamp: int
    payload_type: int
    layer: int
    marker: bool
    keyframe: bool
    picture_id: int
    tl0: int
    mid: bool
    resent: bool
    content: object
    at: int


@dataclass
class Stored:
    seq: int
    timestamp: int
    packet: Rtp


@dataclass
class Ring:
    spec: LayerSpec
    sequences: Extender = field(default_factory=lambda: Extender(16))
    timestamps: Extender = field(default_factory=lambda: Extender(32))
    held: dict[int, Stored] = field(default_factory=dict)
    head: int = -1
    closed: int = 0
    pending: list[Stored] = field(default_factory=list)


@dataclass
class RowState:
    row: Row
    packets: int = 0
    octets: int = 0
    seq: int = -1
    timestamp: int = -1
    picture_id: int = -1
    tl0: int = -1
    history: dict[int, Sent] = field(default_factory=dict)


class MemoryExecutor:
    """`Executor` and the receiving and flushing half of a fan-out."""

    def __init__(self) -> None:
        self.binder: Binder | None = None
        self.rings: dict[int, Ring] = {}
        self.streams: dict[tuple[int, int], int] = {}
        self.rtx: dict[tuple[int, int], int] = {}
        self.rows: dict[int, RowState] = {}
        self.sent: list[Sent] = []
        self.rtcp: list[tuple[int, bytes]] = []
        self.forgotten: list[int] = []
        self.calls: list[tuple[str, object]] = []
        self.now = 0
        self.sealed: dict[tuple[int, int, int], object] = {}
        self.sinks: dict[int, tuple[int, int]] = {}
        """Sink → its layer and first sequence."""
        self.sunk: list[tuple[int, Stored]] = []
        self.on_sent: Callable[[Sent], None] | None = None
        self.on_rtcp: Callable[[int, bytes], None] | None = None

    # --- Executor

    def set_extensions(self, session: int, ids: ExtensionIds) -> None:
        self.calls.append(("set_extensions", (session, ids)))

    def add_layer(self, spec: LayerSpec) -> None:
        self.calls.append(("add_layer", spec))
        self.rings[spec.layer] = Ring(spec)
        self.streams[spec.session, spec.ssrc] = spec.layer

    def bind_rtx(self, session: int, ssrc: int, layer: int) -> None:
        self.rtx[session, ssrc] = layer

    def remove_layer(self, layer: int) -> None:
        self.calls.append(("remove_layer", layer))
        self.rings.pop(layer, None)
        self.sinks = {sink: place for sink, place in self.sinks.items() if place[0] != layer}
        self.streams = {key: value for key, value in self.streams.items() if value != layer}
        self.rtx = {key: value for key, value in self.rtx.items() if value != layer}

    def span(self, layer: int) -> RingSpan:
        ring = self.rings.get(layer)
        if ring is None or not ring.held:
            return RingSpan(0, -1)
        return RingSpan(max(min(ring.held), ring.head - ring.spec.ring + 1), ring.head)

    def set_row(self, row: Row) -> None:
        self.calls.append(("set_row", row))
        if row.row in self.rows:
            self.rows[row.row].row = row
        else:
            self.rows[row.row] = RowState(row)

    def remove_row(self, row: int) -> None:
        self.rows.pop(row, None)

    def forget(self, row: int) -> None:
        self.forgotten.append(row)
        self.rows[row].history.clear()

    def send_range(self, row: int, first: int, last: int) -> int:
        self.calls.append(("send_range", (row, first, last)))
        state = self.rows[row]
        ring = self.rings.get(state.row.layer)
        if ring is None:
            return 0
        return sum(self._send(state, stored) for seq in range(first, last + 1) if (stored := ring.held.get(seq)) is not None)

    def resend(self, row: int, sequences: Sequence[int]) -> int:
        self.calls.append(("resend", (row, tuple(sequences))))
        state = self.rows[row]
        found = [sent for seq in sequences if (sent := state.history.get(seq)) is not None and sent.layer in self.rings]
        for sent in found:
            self._leave(Sent(**{**sent.__dict__, "resent": True, "at": self.now}))
        return len(found)

    def picture(self, layer: int, seq: int) -> Picture:
        stored = self.rings[layer].held.get(seq) if layer in self.rings else None
        return Picture(stored.packet.picture_id, stored.packet.tl0) if stored else Picture(-1, -1)

    def ends_frame(self, layer: int, seq: int) -> bool:
        stored = self.rings[layer].held.get(seq) if layer in self.rings else None
        return stored is not None and stored.packet.marker

    def inject(self, row: int, seq: int, timestamp: int, payload_type: int, payload: bytes) -> bool:
        state = self.rows[row]
        if seq <= state.seq:
            return False
        packet = Rtp(0, payload_type, 0, 0, content=payload, size=len(payload))
        self._emit(state, seq, timestamp, payload_type, packet)
        return True

    def counters(self, row: int) -> RowCounters:
        state = self.rows[row]
        return RowCounters(state.packets, state.octets, state.seq, state.timestamp, state.picture_id, state.tl0, 0)

    def add_sink(self, sink: int, layer: int, first_seq: int) -> None:
        self.sinks[sink] = (layer, first_seq)
        ring = self.rings[layer]
        waiting = {stored.seq for stored in ring.pending}
        self.sunk += [(sink, ring.held[seq]) for seq in sorted(ring.held) if seq >= first_seq and seq not in waiting]

    def remove_sink(self, sink: int) -> None:
        self.sinks.pop(sink, None)

    def send_rtcp(self, session: int, compound: bytes) -> None:
        self.rtcp.append((session, compound))
        if self.on_rtcp is not None:
            self.on_rtcp(session, compound)

    # --- receiving and forwarding

    def receive(self, session: int, packets: Iterable[Rtp], now: int) -> bytes:
        """Take packets in; returns their records."""
        self.now = now
        records = [record for packet in packets if (record := self._take(session, packet, now)) is not None]
        return b"".join(ARRIVAL.pack(*record) for record in records)

    def _layer(self, session: int, packet: Rtp) -> int | None:
        table = self.streams if packet.rtx_of is None else self.rtx
        if (session, packet.ssrc) not in table and self.binder is not None:
            self.binder(session, packet.ssrc, packet.payload_type, packet.mid, packet.rid, packet.repaired)
        return table.get((session, packet.ssrc))

    def _take(self, session: int, packet: Rtp, now: int) -> tuple[int, ...] | None:
        layer = self._layer(session, packet)
        if layer is None:
            return None
        ring = self.rings[layer]
        rtx = packet.rtx_of is not None
        payload_type = packet.original_type if rtx else packet.payload_type
        raw = ring.sequences.extend(packet.rtx_of if packet.rtx_of is not None else packet.seq)
        timestamp = ring.timestamps.extend(packet.timestamp)
        flags = ArrivalFlag.RECOVERED if rtx else ArrivalFlag(0)
        if packet.padding:
            flags |= ArrivalFlag.PADDING
            ring.closed += 1
            return self._record(layer, flags, raw, -1, timestamp, now, packet, payload_type)
        seq = raw - ring.closed
        if seq in ring.held or seq <= ring.head - ring.spec.ring:
            return self._record(layer, flags | ArrivalFlag.DUPLICATE, raw, seq, timestamp, now, packet, payload_type)
        stored = ring.held[seq] = Stored(seq, timestamp, packet)
        ring.head = max(ring.head, seq)
        ring.pending.append(stored)
        while len(ring.held) > ring.spec.ring:
            del ring.held[next(iter(ring.held))]
        flags |= (ArrivalFlag.MARKER if packet.marker else 0) | (ArrivalFlag.KEYFRAME if packet.keyframe else 0)
        return self._record(layer, flags, raw, seq, timestamp, now, packet, payload_type)

    def _record(
        self, layer: int, flags: int, raw: int, seq: int, timestamp: int, now: int, packet: Rtp, payload_type: int
    ) -> tuple[int, ...]:
        return (layer, int(flags), raw, seq, timestamp, now, packet.transport_seq, packet.size, packet.level, payload_type)

    def flush(self, hold_video: bool = False) -> bool:
        """Forward what came since the last flush; whether something still waits."""
        held = {number for number, ring in self.rings.items() if hold_video and ring.spec.payload_types[0].codec.name != "opus"}
        waiting = {number: ring.pending for number, ring in self.rings.items() if ring.pending and number not in held}
        for number in waiting:
            self.rings[number].pending = []
        for state in list(self.rows.values()):
            if state.row.live:
                for stored in waiting.get(state.row.layer, ()):
                    self._send(state, stored)
        for sink, (layer, first) in self.sinks.items():
            self.sunk += [(sink, stored) for stored in waiting.get(layer, ()) if stored.seq >= first]
        return any(ring.pending for ring in self.rings.values())

    def _send(self, state: RowState, stored: Stored) -> int:
        row = state.row
        kind = stored.packet.original_type if stored.packet.rtx_of is not None else stored.packet.payload_type
        if stored.seq < row.first_seq or kind not in row.payload_types:
            return 0
        self._emit(state, stored.seq + row.seq_offset, stored.timestamp + row.ts_offset, row.payload_types[kind], stored.packet)
        return 1

    def _emit(self, state: RowState, seq: int, timestamp: int, payload_type: int, packet: Rtp) -> None:
        row = state.row
        picture = (packet.picture_id + row.picture_id_offset) & 0x7FFF if packet.picture_id >= 0 else -1
        tl0 = (packet.tl0 + row.tl0_offset) & 0xFF if packet.tl0 >= 0 else -1
        sent = Sent(
            row.session, row.row, row.ssrc, seq, timestamp, payload_type, row.layer, packet.marker, packet.keyframe,
            picture, tl0, row.mid_id != 0, False, packet.content, self.now,
        )  # fmt: skip
        bytes_on_wire = (timestamp, payload_type, packet.content, picture)
        assert self.sealed.setdefault((row.session, row.ssrc, seq), bytes_on_wire) == bytes_on_wire, "M5: one sequence, two packets"
        state.packets += 1
        state.octets += packet.size
        if seq > state.seq:
            state.seq, state.timestamp = seq, timestamp
            state.picture_id, state.tl0 = (picture, tl0) if picture >= 0 else (state.picture_id, state.tl0)
        state.history[seq & 0xFFFF] = sent
        self._leave(sent)

    def _leave(self, sent: Sent) -> None:
        self.sent.append(sent)
        if self.on_sent is not None:
            self.on_sent(sent)

    # --- what tests ask

    def to(self, session: int) -> list[Sent]:
        return [sent for sent in self.sent if sent.session == session]

    def feedback(self, session: int, kind: type) -> list[Packet]:
        return [p for to, compound in self.rtcp if to == session for p in parse_compound(compound) if isinstance(p, kind)]
