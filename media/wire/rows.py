"""The table between `relay`, which decides, and `fanout`, which executes (M4).

Upwards goes one fixed-layout record per *received* packet (`ARRIVAL`), never packet × subscriber. Downwards go rows: numbers
per (subscriber, slot) that only events change. Both are plain numbers, so that a native kernel can take the executor's place.

Sequence numbers and timestamps are 64-bit extended inside and truncated on the wire (M6). Times are nanoseconds of the
monotonic clock, passed in by the caller.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import NamedTuple, Protocol

from media.wire.negotiated import ExtensionIds, PayloadType

NO_LAYER = 0


class ArrivalFlag(IntFlag):
    """What a received packet is, beside its numbers."""

    KEYFRAME = 1
    """First packet of a frame that decodes by itself (H.264: the SPS or, if not in-band, the IDR)."""
    FRAME_START = 2
    MARKER = 4
    PADDING = 8
    """Padding only: counted, never stored in the ring, its sequence gap closed."""
    RECOVERED = 16
    """Came as a retransmission (RTX)."""
    DUPLICATE = 32
    """Already stored (a second copy, or RTX of one that came): not stored again."""


ARRIVAL = struct.Struct("<IIqqqqiHBB")
"""Layout of one record; `Arrival._make(fields)` names its fields."""


class Arrival(NamedTuple):
    """One received RTP packet of a known layer."""

    layer: int
    flags: int
    raw_seq: int
    """Extended sequence number as received on the layer's own SSRC (RTX: the original's, −1 for an RTX packet of padding only)."""
    seq: int
    """Extended sequence with the gaps of padding-only packets closed: the index in the packet ring."""
    timestamp: int
    """Extended RTP timestamp."""
    arrival: int
    """Monotonic time of reception, ns."""
    transport_seq: int
    """Transport-wide sequence number (16 bits), −1 if the packet carries none."""
    size: int
    """Bytes of the whole RTP packet before SRTP."""
    audio_level: int
    """0 (loudest) … 127 (silent) in −dBov (RFC 6464), 255 if the packet carries none."""
    payload_type: int


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """What ingest must know of one received SSRC."""

    layer: int
    session: int
    ssrc: int
    payload_types: tuple[PayloadType, ...]
    extensions: ExtensionIds
    ring: int = 2048
    """Packets kept; a power of two."""


@dataclass(frozen=True, slots=True)
class Row:
    """One (subscriber, slot): how packets of one layer leave for one subscriber."""

    row: int
    session: int
    ssrc: int
    """Constant for the life of the row."""
    audio: bool
    layer: int = NO_LAYER
    payload_types: Mapping[int, int] = field(default_factory=dict)
    """Source payload type → the subscriber's; a packet of another type is dropped and counted."""
    seq_offset: int = 0
    """Outgoing extended sequence = ring sequence + offset."""
    ts_offset: int = 0
    first_seq: int = 0
    """Ring sequences below are never sent on this row (stragglers from before a switch)."""
    live: bool = False
    """Forward arrivals as they come; False while `send_range` serves the cache."""
    rtx_ssrc: int | None = None
    rtx_payload_types: Mapping[int, int] = field(default_factory=dict)
    """The subscriber's payload type → its RTX payload type."""
    mid: bytes = b""
    mid_id: int = 0
    """Extension id under which `mid` is sent; 0: not sent (after the first RR, M10)."""
    audio_level_id: int = 0
    picture_id_offset: int = 0
    """VP8: added to the picture id (mod 2^15), so that ids run on across a switch."""
    tl0_offset: int = 0
    """VP8: added to TL0PICIDX (mod 256)."""


class RowCounters(NamedTuple):
    """What was sent on a row since it began; `timestamp` and `seq` are the newest sent, extended."""

    packets: int
    octets: int
    """Payload octets, as an SR counts them (RFC 3550 6.4.1)."""
    seq: int
    """Newest extended sequence that was protected, also if it was then dropped (M5); −1 before the first packet."""
    timestamp: int
    picture_id: int
    """VP8 picture id last sent, −1 if none."""
    tl0: int
    """VP8 TL0PICIDX last sent, −1 if none."""
    dropped: int
    """Packets a slow subscriber lost."""


class RingSpan(NamedTuple):
    """What a layer's ring holds: sequences `first` … `head` (inclusive); empty if `head < first`."""

    first: int
    head: int


class Picture(NamedTuple):
    """VP8 picture numbers of one stored packet (RFC 7741 4.2), as its source wrote them."""

    picture_id: int
    """15 bits (a 7-bit id is given as it is), −1 if the packet has none."""
    tl0: int
    """TL0PICIDX, −1 if the packet has none."""


class Executor(Protocol):
    """What `relay` may tell the fan-out. Every call is cheap and takes effect for the packets after it."""

    def set_extensions(self, session: int, ids: ExtensionIds) -> None:
        """Where a publisher's packets of unknown SSRC carry MID and RIDs for the `Binder`: one mapping per BUNDLE (RFC 8843 9.2)."""

    def add_layer(self, spec: LayerSpec) -> None:
        """Accept this SSRC of this session."""

    def bind_rtx(self, session: int, ssrc: int, layer: int) -> None:
        """Accept this SSRC as retransmissions of the layer."""

    def remove_layer(self, layer: int) -> None:
        """Forget layer, its RTX and its ring; rows still on it send nothing."""

    def span(self, layer: int) -> RingSpan:
        """What the layer's ring holds now."""

    def set_row(self, row: Row) -> None:
        """Create or replace a row. What was already sent stays resendable while its layer lives."""

    def remove_row(self, row: int) -> None:
        """Forget the row and everything queued or resendable on it."""

    def forget(self, row: int) -> None:
        """Drop everything queued and resendable on the row: the cut of a revocation (M27)."""

    def send_range(self, row: int, first: int, last: int) -> int:
        """Send ring sequences `first` … `last` on the row now; returns the packets sent (missing ones are skipped)."""

    def picture(self, layer: int, seq: int) -> Picture:
        """Picture numbers of ring sequence `seq`, (−1, −1) if it is not held or not VP8: what the offsets of a switch need (M7)."""

    def ends_frame(self, layer: int, seq: int) -> bool:
        """Whether ring sequence `seq` is held and has the marker bit."""

    def inject(self, row: int, seq: int, timestamp: int, payload_type: int, payload: bytes) -> bool:
        """Send a packet of relay's own on the row now: extended outgoing `seq` and `timestamp`, the subscriber's payload type, no marker.

        Used for out-of-band H.264 parameter sets before a keyframe (M12). Counted and resendable like a forwarded packet.
        False, with nothing sent, if the sequence was already used (M5).
        """

    def resend(self, row: int, sequences: Sequence[int]) -> int:
        """Answer a NACK: outgoing 16-bit sequences, as RTX if the row has it; returns the packets sent (M5)."""

    def counters(self, row: int) -> RowCounters:
        """Totals of the row."""

    def add_sink(self, sink: int, layer: int, first_seq: int) -> None:
        """Hand this layer from ring sequence `first_seq` on to this sink: a row without encryption (M4). It ends with its layer.

        What the ring holds from there on and a flush forwarded already is handed at once: it overtook the packet the sink begins at.
        """

    def remove_sink(self, sink: int) -> None:
        """Hand nothing more to it, also of what waits for the next flush (M27); an unknown one is no error."""

    def send_rtcp(self, session: int, compound: bytes) -> None:
        """Protect and send one RTCP compound packet to the session."""


class Binder(Protocol):
    """Asked by ingest once per unknown SSRC: it calls `add_layer` or `bind_rtx`, or nothing (the packet is then dropped).

    Asked again when the SSRC shows another MID or RID, else at most every 500 ms, as long as it stays unknown.
    """

    def __call__(self, session: int, ssrc: int, payload_type: int, mid: str | None, rid: str | None, repaired: str | None) -> None:
        """One packet of an unknown SSRC came, with these header extensions."""
