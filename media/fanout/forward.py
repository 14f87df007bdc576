"""Executing rows: batches of a layer to all its live rows, ranges from the ring, answers to NACKs, packets of relay's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from media.fanout.bulk import Bulk, Member
from media.fanout.counters import Counters
from media.fanout.plan import BATCH, MAX_PAYLOAD, Arena, Plan
from media.fanout.repair import rtx_packet
from media.fanout.rewrite import seal
from media.fanout.ring import Stored
from media.fanout.send import Sender
from media.fanout.session import RowState
from media.fanout.stream import INDEX_LIMIT, Segment

MAX_RESEND = 512
"""Sequences answered of one NACK."""


class Forwarder:
    """The one place that seals media."""

    def __init__(self, sender: Sender, counters: Counters) -> None:
        self._sender = sender
        self._counters = counters
        self.packets = self.octets = 0
        """Packets forwarded and their payload octets, RTX apart."""
        self._arena = Arena()
        self._bulk = Bulk(sender)

    def forward(self, packets: Sequence[Stored], number: int, rows: Iterable[RowState]) -> None:
        """Send new packets of a layer — the first is its `number`-th — to all live rows, subscriber by subscriber."""
        for first in range(0, len(packets), BATCH):
            self._forward(packets[first : first + BATCH], number + first, rows)

    def _forward(self, packets: Sequence[Stored], number: int, rows: Iterable[RowState]) -> None:
        groups: dict[tuple[int, int, int, bool], tuple[Plan, list[Member]]] = {}
        for state in rows:
            segment, session = state.segment, state.session
            keys, to = session.keys, session.destination
            if segment is None or keys is None or to is None:
                continue
            shape = (segment.head_size, keys.tag, to.path.port, to.gso)
            group = groups.get(shape)
            if group is None:
                group = groups[shape] = (self._arena.plan(packets, segment.head_size, keys.tag), [])
            plan = group[0]
            if plan.min_seq >= segment.min_seq and number >= state.mark and plan.kinds <= segment.kinds:
                group[1].append((state, segment, keys, to))
            else:
                self._send_some(state, _unserved(state, packets, number))
        for plan, members in groups.values():
            if not self._send_bulk(plan, members):
                for state, segment, _, _ in members:
                    self._send(state, segment, plan)

    def forget(self) -> None:
        """Rows ended: drop what is kept about groups of them."""
        self._bulk.forget()

    def _send_bulk(self, plan: Plan, members: Sequence[Member]) -> bool:
        """Send a plan to all members at once; False, with nothing done, if they must be sent one by one."""
        table = self._bulk.prepare(plan, members)
        if table is None:
            return False
        for state, segment, _, _ in members:  # Before anything is sealed: an exception must not leave a used sequence free (M5).
            self._count(state, segment, plan)
        self._bulk.send(table, plan, members)
        return True

    def _send(self, state: RowState, segment: Segment, plan: Plan) -> None:
        """Seal and send a plan whose packets all belong to the segment."""
        session = state.session
        keys, to = session.keys, session.destination
        if keys is None or to is None or plan.max_seq + segment.seq_offset >= INDEX_LIMIT:
            return
        self._count(state, segment, plan)
        seal(plan, segment, keys, self._arena.buffer)
        self._sender.transmit(to, plan.calls, state.origin)

    def _count(self, state: RowState, segment: Segment, plan: Plan) -> None:
        newest = plan.max_seq + segment.seq_offset
        if newest > state.stream.highest:
            state.stream.highest = newest
            state.newest, state.newest_in = plan.newest, segment
            if plan.pictures:
                state.picture, state.picture_in = plan.newest, segment
        state.packets += plan.count
        state.octets += plan.octets
        self.packets += plan.count
        self.octets += plan.octets

    def _send_some(self, state: RowState, packets: Iterable[Stored]) -> int:
        """Send those of the packets that the row may have, each in the segment its sequence belongs to; returns how many."""
        current = state.segment
        if current is None or state.session.keys is None or state.session.destination is None:
            return 0
        segment, run, count = current, list[Stored](), 0
        for packet in packets:
            owner = self._owner(state, current, packet)
            if owner is None:
                continue
            if owner is not segment or len(run) == BATCH:
                self._send_run(state, segment, run)
                segment, run = owner, []
            run.append(packet)
            count += 1
        self._send_run(state, segment, run)
        return count

    def _send_run(self, state: RowState, segment: Segment, run: Sequence[Stored]) -> None:
        if run and state.session.keys is not None:
            self._send(state, segment, self._arena.plan(run, segment.head_size, state.session.keys.tag))

    def _owner(self, state: RowState, current: Segment, packet: Stored) -> Segment | None:
        """The segment a packet is sent in: for a straggler an older one with the same numbering; None if it must not be sent."""
        if packet.seq < current.row.first_seq:
            return None
        if packet.kind not in current.words:
            self._counters["rows_without_type"] += 1
            return None
        if packet.seq >= current.min_seq:
            return current
        out = packet.seq + current.seq_offset
        segment = state.stream.find(out) if out >= 0 else None
        if segment is not None and segment.seq_offset == current.seq_offset and segment.at(out) is packet:
            return segment
        self._counters["nonce_refused"] += 1
        return None

    def send_range(self, state: RowState, first: int, last: int) -> int:
        """Send what the ring of the row's layer holds from `first` to `last`."""
        if state.segment is None:
            return 0
        ring = state.segment.ring
        span = ring.span()
        found = (ring.get(seq) for seq in range(max(first, span.first), min(last, span.head) + 1))
        return self._send_some(state, [packet for packet in found if packet is not None])

    def inject(self, state: RowState, out: int, timestamp: int, payload_type: int, payload: bytes) -> bool:
        """Send one packet of relay's own under an unused sequence; False if it cannot be."""
        if state.segment is None or state.session.keys is None or state.session.destination is None:
            return False
        if not payload or len(payload) > MAX_PAYLOAD or not 0 <= payload_type < 128:
            return False
        segments = state.stream.insert(state.segment, out, timestamp, payload_type, payload)
        if segments is None:
            self._counters["nonce_refused"] += 1
            return False
        own, state.segment = segments
        assert own.own is not None
        state.newest, state.newest_in = own.own, own
        self._send_run(state, own, [own.own])
        return True

    def resend(self, state: RowState, sequences: Sequence[int]) -> int:
        """Repeat outgoing sequences: as RTX if the row has it, else byte for byte; returns how many."""
        return sum(self._resend(state, sequence) for sequence in sequences[:MAX_RESEND])

    def _resend(self, state: RowState, sequence: int) -> bool:
        out = state.stream.sent(sequence)
        segment = state.stream.find(out) if out >= 0 else None
        stored = segment.at(out) if segment is not None else None
        if segment is None or stored is None or state.session.keys is None or state.session.destination is None:
            self._counters["resend_refused"] += 1
            return False
        if state.rtx is None:
            self._send_run(state, segment, [stored])
            return True
        repair = rtx_packet(segment, stored, out, state.rtx)
        if repair is None:
            self._counters["resend_refused"] += 1
            return False
        mapping, packet = repair
        plan = self._arena.plan([packet], mapping.head_size, state.session.keys.tag)
        seal(plan, mapping, state.session.keys, self._arena.buffer)
        self._sender.transmit(state.session.destination, plan.calls, state.origin)
        self._counters["sent_rtx"] += 1
        return True


def _unserved(state: RowState, packets: Sequence[Stored], number: int) -> list[Stored]:
    """Without what `send_range` took from the ring before this flush."""
    low, high = state.served
    return [packet for at, packet in enumerate(packets, number) if at >= state.mark or not low <= packet.seq <= high]
