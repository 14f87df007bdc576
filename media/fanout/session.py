"""What the fan-out knows of one session, and of one row of it. Plain state, no behaviour of its own but key handling."""

from __future__ import annotations

from dataclasses import dataclass, field

from media.fanout.counters import Counters
from media.fanout.inbound import Inbound
from media.fanout.layer import Layer
from media.fanout.ring import Ring, Stored
from media.fanout.send import Destination, Origin
from media.fanout.srtp import PROFILES, RtcpSealer, StreamKeys, rtcp_sealer, rtp_keys
from media.fanout.stream import OutStream, Segment
from media.wire.negotiated import ExtensionIds
from media.wire.rows import Row, RowCounters

STREAM_LIMIT = 4096
"""Outgoing SSRCs a session may ever use: each is remembered, so that its sequences are never used again (M5)."""


@dataclass(slots=True)
class RowState:
    """A row and what was sent on it."""

    row: Row
    session: Session
    stream: OutStream
    rtx: OutStream | None
    origin: Origin
    segment: Segment | None = None
    """Mapping of the packets to come; None without a layer."""
    mark: int = 0
    """Packets stored on the layer when `send_range` last ran: those of `served` are not sent again by a flush."""
    served: tuple[int, int] = (0, -1)
    packets: int = 0
    octets: int = 0
    newest: Stored | None = None
    """The packet of the highest sequence sent, and the segment it left in."""
    newest_in: Segment | None = None
    picture: Stored | None = None
    """The same, but for the last one that had VP8 picture numbers."""
    picture_in: Segment | None = None
    dropped: int = 0

    def begin(self, ring: Ring | None) -> None:
        """Map the packets to come as `row` says, over the ring of its layer."""
        self.segment = None if ring is None else self.stream.begin(self.row, ring)

    def serve(self, first: int, last: int, flushed: int, stored: int) -> None:
        """Note that a range is served from the ring, of which `stored` packets came so far and `flushed` were flushed."""
        if self.mark > flushed:  # An earlier range of the same batch counts too.
            first, last = min(first, self.served[0]), max(last, self.served[1])
        self.mark, self.served = stored, (first, last)

    def unserve(self) -> None:
        """Another layer: its packets are all new to the row."""
        self.mark, self.served = 0, (0, -1)

    def counters(self) -> RowCounters:
        """Totals as relay sees them; what only an SR or a switch asks is worked out here, not per packet."""
        timestamp = 0
        if self.newest is not None and self.newest_in is not None:
            timestamp = self.newest.timestamp + self.newest_in.ts_offset
        picture_id, tl0 = self._picture()
        return RowCounters(self.packets, self.octets, self.stream.highest, timestamp, picture_id, tl0, self.dropped)

    def _picture(self) -> tuple[int, int]:
        if self.picture is None or self.picture.picture is None or self.picture_in is None:
            return -1, -1
        _, bits, number, tl0_at, tl0 = self.picture.picture
        mask = 0x7FFF if bits == 15 else 0x7F
        picture_id = (number + self.picture_in.picture_offset) & mask if bits else -1
        return picture_id, (tl0 + self.picture_in.tl0_offset) & 0xFF if tl0_at >= 0 else -1


@dataclass(slots=True)
class Session:
    """One peer."""

    number: int
    extensions: ExtensionIds = field(default_factory=ExtensionIds)
    inbound: Inbound | None = None
    keys: StreamKeys | None = None
    rtcp: RtcpSealer | None = None
    rtcp_index: int = 0
    """Next SRTCP index, 31 bits (RFC 3711 3.4)."""
    destination: Destination | None = None
    media: dict[int, Layer] = field(default_factory=dict)
    """Received SSRC → its layer."""
    rtx: dict[int, Layer] = field(default_factory=dict)
    """Received RTX SSRC → the layer it repairs."""
    rows: dict[int, RowState] = field(default_factory=dict)
    streams: dict[int, OutStream] = field(default_factory=dict)
    """Every SSRC ever sent on, RTX included; kept when its row goes."""

    def set_keys(self, profile: str, ours: bytes, theirs: bytes, counters: Counters) -> None:
        """Derive all session keys; ValueError on an unknown profile or wrong lengths."""
        if profile not in PROFILES:
            raise ValueError(f"unknown SRTP profile {profile}")
        sizes = PROFILES[profile]
        self.inbound = Inbound(sizes, theirs, counters)
        self.keys, self.rtcp = rtp_keys(sizes, ours), rtcp_sealer(sizes, ours)
        for ssrc in (*self.media, *self.rtx):
            self.inbound.pin(ssrc)

    def stream(self, ssrc: int, owner: int) -> OutStream | None:
        """Take an outgoing SSRC for a row; None if another row has it or the table is full."""
        stream = self.streams.get(ssrc)
        if stream is None:
            if len(self.streams) >= STREAM_LIMIT:
                return None
            stream = self.streams[ssrc] = OutStream(ssrc)
        if stream.owner not in (None, owner):
            return None
        stream.owner = owner
        return stream

    def drop_ssrcs(self, layer: Layer) -> None:
        """Accept the layer's SSRCs no more."""
        for table in (self.media, self.rtx):
            for ssrc in [ssrc for ssrc, known in table.items() if known is layer]:
                del table[ssrc]
                if self.inbound is not None:
                    self.inbound.unpin(ssrc)
