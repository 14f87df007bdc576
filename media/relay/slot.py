"""One slot of a subscriber: the row the executor holds for it, and how it moves from one layer to the next.

    empty ──wish──► waiting ──keyframe──► playing ──next keyframe──► playing (another layer)
                       │                     │ overflow, disconnect, source gone
                       └─cache─► catching up └──────────────► waiting

SSRC, sequence, timestamps and VP8 picture numbers run on over all of it (M7): a layer begins at a keyframe (audio: any packet),
one above what was sent before, at the moment of its capture but at least one tick later.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from media.relay.answers import Answers
from media.relay.codecs import parameter_sets, payload_map, rtx_map
from media.relay.context import SECOND, Context
from media.relay.plans import SlotUpdate, SlotWish, Why
from media.relay.received import ReceivedLayer
from media.wire.negotiated import SubscribedSlot
from media.wire.rows import NO_LAYER, Row, RowCounters

FIRST_SEQUENCES = 1 << 15
"""First sequences lie below this, so that no receiver can guess a wrong rollover counter (RFC 3711 3.3.1)."""


class State(Enum):
    """Where a slot is."""

    EMPTY = "empty"
    WAITING = "waiting"
    CATCHING_UP = "catching up"
    PLAYING = "playing"


class Slot:
    """State of one row."""

    def __init__(self, context: Context, row: int, session: int, spec: SubscribedSlot) -> None:
        self._context = context
        self.session = session
        self.spec = spec
        self.audio = spec.kind == "audio"
        self.wish: SlotWish | None = None
        self.state = State.EMPTY
        self.layer: ReceivedLayer | None = None
        """Whose packets are being sent."""
        self.awaited: ReceivedLayer | None = None
        """Whose keyframe is waited for."""
        self.cursor = 0
        """Catching up: next ring sequence to send."""
        self.credit = 0.0
        """Catching up: packets that may be sent now."""
        self.step = 0.0
        """Catching up: packets that may be sent at least in each step."""
        self.congested = False
        """It lost packets to a full queue: no burst from the cache before the next keyframe (M13)."""
        self.restarted_at: int | None = None
        """When the ring last served it again because the publisher answers no request."""
        self.answers = Answers()
        self.acknowledged = False
        """A receiver report on it came."""
        self.loss = 0.0
        self.octets_reported = 0
        self.announced = SlotUpdate(session, spec.slot, None, "empty")
        self._first = context.rng.randrange(1, FIRST_SEQUENCES)
        self._anchor: tuple[int, int] | None = None
        """(outgoing timestamp, its moment on our clock) of the first packet ever."""
        self._begin = 0
        """Outgoing sequence at which the layer began."""
        self._cut = 0
        """1 if what was sent last ends within a frame: a number is left out before the next, so that nobody takes it for complete (M7)."""
        self.begun_at = -SECOND
        self.relief = 0
        """After an overflow: how long no keyframe is asked for, ns."""
        self.row = Row(
            row=row,
            session=session,
            ssrc=spec.ssrc,
            audio=self.audio,
            rtx_ssrc=spec.rtx_ssrc,
            rtx_payload_types=rtx_map(spec.payload_types) if spec.rtx_ssrc is not None else {},
            mid=spec.mid.encode(),
            mid_id=spec.extensions.mid,
            audio_level_id=spec.extensions.audio_level if self.audio else 0,
        )
        context.executor.set_row(self.row)

    @property
    def key(self) -> str | None:
        """Key of the source whose packets are being sent."""
        return None if self.layer is None else self.layer.source.key

    def counters(self) -> RowCounters:
        """What was sent so far."""
        return self._context.executor.counters(self.row.row)

    def playable(self, layer: ReceivedLayer) -> bool:
        """Whether the subscriber has a payload type for what the layer sends now."""
        fits = payload_map(layer.source.media.payload_types, self.spec.payload_types)
        return layer.payload_type in fits if layer.payload_type >= 0 else bool(fits)

    # --- waiting

    def wait(self, layer: ReceivedLayer) -> None:
        """Switch to this layer at its next keyframe; what plays now goes on until then (M8)."""
        if self.awaited is not layer:
            self.stop_waiting()
            self.awaited = layer
            layer.waiting[self] = None
        if self.layer is None:
            self.state = State.WAITING

    def stop_waiting(self) -> None:
        """Wait for no layer; nobody else waiting for it, its keyframe is not wanted any more."""
        if self.awaited is not None:
            self.awaited.waiting.pop(self, None)
            self.awaited.unwant()
            self.awaited = None

    # --- moving the row

    def park(self) -> None:
        """Send nothing; the sequence space stays."""
        self._context.timers.cancel(("catch up", self.row.row))
        if self.layer is not None:
            self._note_cut()
            self.layer.playing.pop(self, None)
            self.layer = None
            self._set(replace(self.row, layer=NO_LAYER, live=False))
        self.state = State.WAITING if self.wish is not None and self.wish.sources else State.EMPTY

    def cut(self) -> None:
        """Revocation: not one packet more of what it shows, resent or queued ones neither (M27)."""
        self._context.count["cuts"] += 1
        self.park()
        self._context.executor.forget(self.row.row)

    def begin(self, layer: ReceivedLayer, seq: int, timestamp: int, now: int, live: bool) -> None:
        """Send this layer from ring sequence `seq` on, whose timestamp is given; not `live`: `send_range` follows."""
        self._context.timers.cancel(("catch up", self.row.row))
        self.stop_waiting()
        self._note_cut()
        self.begun_at = now
        if self.layer is not None:
            self.layer.playing.pop(self, None)
        sent = self.counters()
        injected = self._parameter_sets(layer)
        next_seq = self._first if sent.seq < 0 else sent.seq + 1 + self._cut
        out_timestamp = self._timestamp(layer, timestamp, sent, now)
        picture, tl0 = self._picture_offsets(layer, seq, sent)
        self._begin = next_seq
        row = replace(
            self.row,
            layer=layer.number,
            payload_types=payload_map(layer.source.media.payload_types, self.spec.payload_types),
            seq_offset=next_seq + len(injected) - seq,
            ts_offset=out_timestamp - timestamp,
            first_seq=seq,
            live=False,
            picture_id_offset=picture,
            tl0_offset=tl0,
        )
        self._set(row)
        for at, payload in enumerate(injected):
            payload_type = row.payload_types[layer.payload_type]
            self._context.executor.inject(row.row, next_seq + at, out_timestamp, payload_type, payload)
        self.layer = layer
        layer.playing[self] = None
        self.congested = False
        self.state = State.CATCHING_UP
        if live:
            self.go_live()

    def go_live(self) -> None:
        """Forward arrivals as they come from now on."""
        self._set(replace(self.row, live=True))
        self.state = State.PLAYING

    def acknowledge(self) -> None:
        """The first receiver report: the receiver knows the SSRC, MID is sent no more (M10)."""
        if not self.acknowledged:
            self.acknowledged = True
            self._set(replace(self.row, mid_id=0))

    def remove(self) -> None:
        """The subscriber is gone."""
        self.stop_waiting()
        self._context.timers.cancel(("catch up", self.row.row))
        if self.layer is not None:
            self.layer.playing.pop(self, None)
            self.layer = None
        self._context.executor.remove_row(self.row.row)

    def _set(self, row: Row) -> None:
        self.row = row
        self._context.executor.set_row(row)

    # --- running numbers on

    def _note_cut(self) -> None:
        """The layer ends here; one of which nothing was sent changes nothing."""
        old = self.layer
        if old is not None and self.counters().seq >= self._begin:
            self._cut = int(not self.audio and not self._whole(old))

    def _whole(self, old: ReceivedLayer) -> bool:
        if self.state is State.CATCHING_UP:
            return self._context.executor.ends_frame(old.number, self.cursor - 1)
        return old.marker_before if self._context.unsent(old.audio, old.batch) else old.marker

    def _timestamp(self, layer: ReceivedLayer, timestamp: int, sent: RowCounters, now: int) -> int:
        """Outgoing timestamp of the first packet of a layer."""
        capture = layer.clock.capture(timestamp)
        moment = now if capture is None else min(capture, now)
        if self._anchor is None or sent.seq < 0:
            self._anchor = (self._context.rng.randrange(1 << 32), moment)
            return self._anchor[0]
        elapsed = (moment - self._anchor[1]) * layer.clock.rate // SECOND
        return max(self._anchor[0] + elapsed, sent.timestamp + 1)

    def _picture_offsets(self, layer: ReceivedLayer, seq: int, sent: RowCounters) -> tuple[int, int]:
        """What is added to VP8 picture id and TL0PICIDX, so that they run on."""
        if self.audio:
            return 0, 0
        first = self._context.executor.picture(layer.number, seq)
        picture = (sent.picture_id + 1 - first.picture_id) & 0x7FFF if min(sent.picture_id, first.picture_id) >= 0 else 0
        tl0 = (sent.tl0 + 1 - first.tl0) & 0xFF if min(sent.tl0, first.tl0) >= 0 else 0
        return picture, tl0

    def _parameter_sets(self, layer: ReceivedLayer) -> list[bytes]:
        codec = None if self.audio else layer.codec()
        return [] if codec is None else parameter_sets(codec.codec)

    # --- what a NACK and a report need

    def oldest_useful(self) -> int:
        """Outgoing sequence of the newest keyframe of what is playing (M15)."""
        layer = self.layer
        if layer is None or self.audio or layer.keyframe_seq <= self.row.first_seq:
            return self._begin
        return layer.keyframe_seq + self.row.seq_offset

    def announce(self, why: Why) -> None:
        """Tell what the slot shows, if that changed."""
        update = SlotUpdate(self.session, self.spec.slot, self.key, why)
        if update != self.announced:
            self.announced = update
            self._context.tell(update)
