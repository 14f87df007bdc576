"""One received stream (SSRC): loss and jitter as RFC 3550 A.1, A.3 and A.8 count them, liveness and size (M11), its newest keyframe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from media.relay.clock import LayerClock
from media.relay.context import MS, SECOND
from media.relay.keyframes import KeyframeRequests
from media.relay.losses import PublisherLosses
from media.relay.speaker import Level
from media.wire.negotiated import PayloadType, PublishedMedia
from media.wire.ntp import middle
from media.wire.reports import ReportBlock
from media.wire.rows import ArrivalFlag

if TYPE_CHECKING:
    from media.relay.capture import Capture
    from media.relay.slot import Slot
    from media.relay.source import Source

CYCLE = 500 * MS
SLOW_SILENCE = 2 * SECOND
"""Screens send few frames, and Opus in silence one packet each 400 ms: they are live longer without a packet."""
MAX_DROPOUT = 3000
"""RFC 3550 A.1: a larger jump is a restart."""
NO_LEVEL = 255
_UNCOUNTED = ArrivalFlag.DUPLICATE | ArrivalFlag.RECOVERED
_NO_MEDIA = ArrivalFlag.DUPLICATE | ArrivalFlag.PADDING
_KEYFRAME, _MARKER, _RECOVERED = int(ArrivalFlag.KEYFRAME), int(ArrivalFlag.MARKER), int(ArrivalFlag.RECOVERED)
_UNCOUNTED_BITS, _NO_MEDIA_BITS = int(_UNCOUNTED), int(_NO_MEDIA)


class ReceivedLayer:
    """What relay knows of one received stream. Sequences and timestamps are extended; times are ns of our clock."""

    def __init__(self, number: int, source: Source, rid: str, ssrc: int, clock: LayerClock) -> None:
        media: PublishedMedia = source.media
        self.number = number
        self.source = source
        self.rid = rid
        self.ssrc = ssrc
        self.clock = clock
        self.audio = media.kind == "audio"
        self.losses = PublisherLosses()
        self.requests = KeyframeRequests(media.pli, rid == "q")
        self.silence = SLOW_SILENCE if self.audio or media.source == "screen" else CYCLE
        self.waiting: dict[Slot, None] = {}
        """Slots that switch to this layer at its next keyframe (audio: next packet)."""
        self.playing: dict[Slot, None] = {}
        self.expecting: dict[Capture, None] = {}
        """Captures that begin at its next keyframe (audio: next packet)."""
        self.captured: dict[Capture, None] = {}
        self.live = False
        self.last_arrival = -1
        self.payload_type = -1
        self.steered_type = -1
        """Payload type by which slots were last steered."""
        self.head = -1
        """Newest ring sequence, −1 before the first."""
        self.head_timestamp = 0
        self.marker = True
        """Whether the newest packet ended a frame."""
        self.batch = -1
        self.head_before = -1
        """`head` and `marker` before the running batch: what may have been forwarded already."""
        self.marker_before = True
        self.keyframe_seq = -1
        self.keyframe_raw = -1
        """The same packet's sequence as received."""
        self.keyframe_timestamp = 0
        self.keyframe_arrival = 0
        self.bitrate = 0.0
        self.packet_rate = 0.0
        self.level = Level()
        self.octets = 0
        self._cycle_octets = 0
        self._cycle_packets = 0
        self._base = -1
        self._highest = -1
        self._received = 0
        self._prior = (0, 0)
        self._jitter = 0.0
        self._transit: int | None = None
        self._sr: tuple[int, int] | None = None

    def codec(self) -> PayloadType | None:
        """The payload type that arrives now, as negotiated."""
        return next((pt for pt in self.source.media.payload_types if pt.number == self.payload_type), None)

    def unwant(self) -> None:
        """A keyframe is not wanted any more, if nobody waits for it."""
        if not self.waiting and not self.expecting:
            self.requests.unwant()

    def begin_batch(self, batch: int) -> None:
        """Remember what was held before the batch, once per batch."""
        if self.batch != batch:
            self.batch = batch
            self.head_before, self.marker_before = self.head, self.marker

    def take(self, flags: int, raw_seq: int, seq: int, timestamp: int, arrival: int, size: int, payload_type: int) -> bool:
        """Count one arrival; True if the stream began anew (its sequence jumped), so that nothing before it fits (A.1)."""
        self.octets += size
        self._cycle_octets += size
        self._cycle_packets += 1
        self.last_arrival = arrival
        restarted = False
        if not flags & _UNCOUNTED_BITS:
            restarted = self._count(raw_seq)
        if flags & _NO_MEDIA_BITS:
            return restarted
        if not flags & _RECOVERED:
            self._time(timestamp, arrival)
        if seq > self.head:
            self.head, self.head_timestamp = seq, timestamp
            self.marker = bool(flags & _MARKER)
            self.payload_type = payload_type
        # A parameter set that its IDR overtook is flagged too, and the better beginning.
        if flags & _KEYFRAME and (seq > self.keyframe_seq or timestamp == self.keyframe_timestamp):
            self.keyframe_seq, self.keyframe_timestamp, self.keyframe_arrival = seq, timestamp, arrival
            self.keyframe_raw = raw_seq
        return restarted

    def _count(self, raw_seq: int) -> bool:
        if self._base < 0:
            self._base = self._highest = raw_seq
            self._received = 1
            return False
        if abs(raw_seq - self._highest) > MAX_DROPOUT:
            self._restart(raw_seq)
            return True
        self._received += 1
        if raw_seq > self._highest:
            self._highest = raw_seq
        elif raw_seq < self._base:
            self._base = raw_seq
        return False

    def _restart(self, raw_seq: int) -> None:
        self._base = self._highest = raw_seq
        self._received, self._prior = 1, (0, 0)
        self._transit = None
        self.keyframe_seq = self.keyframe_raw = self.head = -1
        self.losses.clear()
        self.clock.forget()

    def _time(self, timestamp: int, arrival: int) -> None:
        """Interarrival jitter (RFC 3550 A.8) and the clock's fallback mapping."""
        self.clock.arrived(timestamp, arrival)
        transit = arrival * self.clock.rate // SECOND - timestamp
        if self._transit is not None:
            self._jitter += (abs(transit - self._transit) - self._jitter) / 16
        self._transit = transit

    def cycle(self, elapsed: int, now: int) -> bool:
        """Update size and liveness after `elapsed` ns; True if liveness changed."""
        seconds = elapsed / SECOND
        weight = 1.0 if self.bitrate == 0 else 0.3
        self.bitrate += (self._cycle_octets * 8 / seconds - self.bitrate) * weight
        self.packet_rate += (self._cycle_packets / seconds - self.packet_rate) * weight
        self._cycle_octets = self._cycle_packets = 0
        live = self.last_arrival >= 0 and now - self.last_arrival < self.silence
        changed, self.live = live != self.live, live
        return changed

    def sender_report(self, ntp: int, now: int) -> None:
        """A sender report of this stream arrived: the next report block echoes it."""
        self._sr = (middle(ntp), now)

    def expected(self) -> tuple[int, int]:
        """(packets expected, packets received) since the stream began (RFC 3550 A.3)."""
        return (0, 0) if self._base < 0 else (self._highest - self._base + 1, self._received)

    def report(self, now: int) -> ReportBlock | None:
        """Report block since the last one; None before the first packet."""
        if self._base < 0:
            return None
        expected, received = self.expected()
        span, got = expected - self._prior[0], received - self._prior[1]
        self._prior = (expected, received)
        fraction = min(255, (span - got) * 256 // span) if span > 0 and span > got else 0
        lsr, dlsr = (self._sr[0], (now - self._sr[1]) * 65536 // SECOND) if self._sr else (0, 0)
        return ReportBlock(
            ssrc=self.ssrc,
            fraction_lost=fraction,
            lost=expected - received,
            highest=self._highest & 0xFFFFFFFF,
            jitter=int(self._jitter),
            lsr=lsr,
            dlsr=dlsr,
        )
