"""One received layer: what a plain RTP packet of it is, its ring, and what waits for the next flush."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from media.errors import MalformedPacket
from media.fanout.counters import Counters
from media.fanout.ring import GapMap, PictureFields, Ring, Stored
from media.wire import extensions, rtp
from media.wire.negotiated import ExtensionIds, PayloadType
from media.wire.payload import ARRIVAL_MASK, FRAME_START, IDR_START, KEYFRAME, Describer, describer, vp8
from media.wire.rows import ArrivalFlag, LayerSpec
from media.wire.seq import Extender

NO_LEVEL = 255
_MARKER, _PADDING, _RECOVERED, _DUPLICATE = (
    int(ArrivalFlag.MARKER),
    int(ArrivalFlag.PADDING),
    int(ArrivalFlag.RECOVERED),
    int(ArrivalFlag.DUPLICATE),
)


@dataclass(slots=True)
class Tags:
    """What the header extensions of one packet say."""

    transport_seq: int = -1
    level: int = -1
    """The whole octet of RFC 6464, −1 if absent."""
    mid: str | None = None
    rid: str | None = None
    repaired: str | None = None


def read_tags(packet: bytes | bytearray, header: rtp.Header, ids: ExtensionIds) -> Tags:
    """Read the extensions we know; `MalformedPacket` if they run past their block."""
    tags = Tags()
    for ident, start, stop in extensions.elements(packet, header):
        if ident == ids.transport_cc and stop - start >= 2:
            tags.transport_seq = packet[start] << 8 | packet[start + 1]
        elif ident == ids.audio_level and stop > start:
            tags.level = packet[start]
        elif ident == ids.mid:
            tags.mid = _text(packet[start:stop])
        elif ident == ids.rid:
            tags.rid = _text(packet[start:stop])
        elif ident == ids.repaired_rid:
            tags.repaired = _text(packet[start:stop])
    return tags


def _text(value: bytes | bytearray) -> str:
    return value.decode("utf-8", "replace")


@dataclass(slots=True)
class Received:
    """One packet on its way into the ring: the original's numbers, also if it came as RTX."""

    packet: bytes | bytearray
    sequence: int
    timestamp: int
    marker: bool
    payload_type: int
    start: int
    end: int
    """Payload without padding in `packet`; empty for padding only."""
    level: int
    recovered: bool = False


class Layer:
    """Ring and counters of one received SSRC."""

    def __init__(self, spec: LayerSpec, counters: Counters) -> None:
        self.spec = spec
        self.ring = Ring(spec.ring)
        self.pending: list[Stored] = []
        self.flushed = 0
        """Packets stored before the first of `pending`."""
        self.audio = False
        self._counters = counters
        self._gaps = GapMap()
        self._sequences = Extender(16)
        self._timestamps = Extender(32)
        self._describers: dict[int, Describer] = {}
        self._vp8: set[int] = set()
        self._originals: dict[int, int] = {}
        self._frame_timestamp = self._key_timestamp = self._key_seq = -1
        self.describe_types(spec.payload_types)

    def describe_types(self, types: Iterable[PayloadType]) -> None:
        """Accept these payload types, and their RTX types."""
        for entry in types:
            self._describers[entry.number] = describer(entry.codec.name)
            self.audio = entry.codec.name.lower() == "opus"
            if entry.codec.name.upper() == "VP8":
                self._vp8.add(entry.number)
            if entry.rtx is not None:
                self._originals[entry.rtx] = entry.number

    def update(self, spec: LayerSpec) -> None:
        """Take other payload types or extension ids for the same SSRC."""
        self.spec = spec
        self.describe_types(spec.payload_types)

    def original_type(self, rtx_type: int) -> int | None:
        """Payload type of what an RTX payload type repeats (RFC 4588 8.6)."""
        return self._originals.get(rtx_type)

    def take(self, received: Received) -> tuple[int, int, int, int]:
        """Put a packet in the ring; returns (`ArrivalFlag` bits, received sequence, ring sequence, timestamp), extended.

        A packet that is padding only, or of a type nobody negotiated, closes its gap; one whose ring sequence is unknown gets −1.
        """
        raw = self._sequences.extend(received.sequence)
        timestamp = self._timestamps.extend(received.timestamp)
        flags = (_MARKER if received.marker else 0) | (_RECOVERED if received.recovered else 0)
        if received.start == received.end or received.payload_type not in self._describers:
            return self._close(received, raw, timestamp, flags)
        seq = self._gaps.take(raw)
        if seq is None:
            self._counters["too_old"] += 1
            return flags | _DUPLICATE, raw, -1, timestamp
        if self.ring.too_old(seq) or self.ring.get(seq) is not None:
            self._counters["too_old" if self.ring.too_old(seq) else "duplicates"] += 1
            return flags | _DUPLICATE, raw, seq, timestamp
        self._store(received, seq, timestamp)
        return flags | self._describe(received, seq, timestamp), raw, seq, timestamp

    def _close(self, received: Received, raw: int, timestamp: int, flags: int) -> tuple[int, int, int, int]:
        known = received.payload_type in self._describers or received.start == received.end
        self._counters["padding_packets" if known else "payload_type_unknown"] += 1
        seq = self._gaps.close(raw)
        return flags | _PADDING, raw, -1 if seq is None else seq, timestamp

    def _store(self, received: Received, seq: int, timestamp: int) -> None:
        kind = (0x80 if received.marker else 0) | received.payload_type
        payload = bytearray(memoryview(received.packet)[received.start : received.end])
        stored = Stored(seq, timestamp, kind, payload, received.level, self._picture(received))
        self.ring.put(stored)
        self.pending.append(stored)

    def _picture(self, received: Received) -> PictureFields | None:
        if received.payload_type not in self._vp8:
            return None
        try:
            found = vp8.parse(received.packet, received.start, received.end)
        except MalformedPacket:
            return None  # Counted by `_describe`.
        return PictureFields(found.picture_id_offset, found.picture_id_bits, found.picture_id, found.tl0_offset, found.tl0)

    def _describe(self, received: Received, seq: int, timestamp: int) -> int:
        """KEYFRAME and FRAME_START bits; each counts once per timestamp, at the packet that really begins it."""
        try:
            hints = self._describers[received.payload_type](received.packet, received.start, received.end)
        except MalformedPacket:
            self._counters["payload_malformed"] += 1
            return 0
        flags = 0
        if hints & FRAME_START and timestamp != self._frame_timestamp:
            self._frame_timestamp = timestamp
            flags = FRAME_START
        new_key = timestamp != self._key_timestamp
        # A parameter set that was overtaken by its IDR is the better beginning.
        if (hints & KEYFRAME and (new_key or seq < self._key_seq)) or (hints & IDR_START and new_key):
            self._key_timestamp, self._key_seq = timestamp, seq
            flags |= KEYFRAME
        return flags & ARRIVAL_MASK

    def drain(self) -> list[Stored]:
        """Take what waits for a flush."""
        pending, self.pending = self.pending, []
        self.flushed += len(pending)
        return pending

    def close(self) -> None:
        """Forget all packets."""
        self.ring.clear()
        self.pending = []
