"""How a slot gets its first packets of a layer: live at a keyframe, from the cache, or the whole GOP from the ring (M12)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from media.relay.context import MS, SECOND, Context
from media.relay.received import ReceivedLayer
from media.relay.slot import Slot, State

SHORT = 60
"""Packets from the keyframe to the newest that every join may have."""
BURST = 20
"""So many leave in one go …"""
SPREAD = 3
"""… more, up to `SHORT`, in this many steps: within 40 ms (M20)."""
MAX_GOP = 2048
MAX_GOP_AGE = 10 * SECOND
SPEED = 2.5
"""Times the layer's own packet rate."""
STEP = 20 * MS
MAX_REST = 64
"""Packets by which a step may be longer, so that it ends with a frame: what is cut short there lacks nothing (M7)."""
LEAST_RATE = 25.0
"""Packets/s assumed of a layer before it is measured."""
AGAIN = 2 * SECOND
"""A subscriber that asks a deaf publisher for keyframes gets the GOP again at most this often."""


class Joins:
    """Begins layers on slots; `joined` is told when a slot shows another layer."""

    def __init__(self, context: Context, joined: Callable[[Slot, int], None]) -> None:
        self._context = context
        self._joined = joined

    def audio(self, slot: Slot, layer: ReceivedLayer, now: int) -> None:
        """Begin at the next packet, or at the one that just came and is not forwarded yet."""
        pending = self._context.unsent(layer.audio, layer.batch)
        slot.begin(layer, layer.head if pending else layer.head + 1, layer.head_timestamp, now, live=True)
        self._joined(slot, now)

    def entry(self, slot: Slot, layer: ReceivedLayer, seq: int, timestamp: int, now: int) -> None:
        """Begin at a packet of the running batch; what overtook it and is forwarded already is sent after it."""
        before = layer.head_before
        slot.begin(layer, seq, timestamp, now, live=False)
        if before >= seq:
            self._context.executor.send_range(slot.row.row, seq, before)
        slot.go_live()
        self._joined(slot, now)

    def cached(self, slot: Slot, layer: ReceivedLayer, now: int) -> bool:
        """Begin at the newest keyframe in the ring, if that is short or nothing better can be had; False if not."""
        count = self._cached_packets(layer)
        if not 0 < count <= MAX_GOP:
            return False
        if count > SHORT and not (layer.requests.deaf or layer.requests.throttled(now)):
            return False
        if count > SHORT and now - layer.keyframe_arrival > MAX_GOP_AGE:
            return False
        self._begin_cached(slot, layer, count, now)
        return True

    def _cached_packets(self, layer: ReceivedLayer) -> int:
        span = self._context.executor.span(layer.number)
        if layer.keyframe_seq < 0 or not span.first <= layer.keyframe_seq <= span.head:
            return 0
        return span.head - layer.keyframe_seq + 1

    def _begin_cached(self, slot: Slot, layer: ReceivedLayer, count: int, now: int) -> None:
        slot.begin(layer, layer.keyframe_seq, layer.keyframe_timestamp, now, live=False)
        self._context.count["joins_cached" if count <= SHORT else "joins_gop"] += 1
        last = self._sent_before(layer)
        if count <= BURST:
            if last >= layer.keyframe_seq:
                self._context.executor.send_range(slot.row.row, layer.keyframe_seq, last)
            slot.go_live()
        else:
            slot.cursor, slot.credit = layer.keyframe_seq, 1.0
            slot.step = count / SPREAD if count <= SHORT else 0.0
            slot.wait(layer)
            self._catch_up(slot, layer, now)
        self._joined(slot, now)

    def _sent_before(self, layer: ReceivedLayer) -> int:
        """Newest ring sequence that live rows have had: what is not forwarded yet comes by itself."""
        pending = self._context.unsent(layer.audio, layer.batch)
        return layer.head_before if pending else self._context.executor.span(layer.number).head

    def _catch_up(self, slot: Slot, layer: ReceivedLayer, now: int) -> None:
        """Send the next step of the GOP; at its head, go live."""
        if slot.layer is not layer or slot.state is not State.CATCHING_UP:
            return
        span = self._context.executor.span(layer.number)
        if slot.cursor < span.first:
            # The ring overtook us: only a keyframe helps, and one is waited for.
            self._context.count["catch_up_lost"] += 1
            slot.park()
            return
        slot.credit += max(slot.step, max(LEAST_RATE, layer.packet_rate) * SPEED * STEP / SECOND)
        head = self._sent_before(layer)
        last = min(slot.cursor + int(slot.credit) - 1, head)
        if last >= slot.cursor:
            last = self._frame_end(layer, last, head)
            self._context.executor.send_range(slot.row.row, slot.cursor, last)
            slot.credit -= last + 1 - slot.cursor
            slot.cursor = last + 1
        if slot.cursor > head:
            slot.stop_waiting()
            slot.go_live()
        else:
            self._context.timers.at(("catch up", slot.row.row), now + STEP, partial(self._catch_up, slot, layer))

    def _frame_end(self, layer: ReceivedLayer, seq: int, head: int) -> int:
        """Where the frame of `seq` ends, so that a step leaves whole frames; `seq` itself if that is far."""
        ends_frame = self._context.executor.ends_frame
        return next((at for at in range(seq, min(seq + MAX_REST, head) + 1) if ends_frame(layer.number, at)), seq)

    def again(self, slot: Slot, layer: ReceivedLayer, now: int) -> None:
        """The receiver lost its picture and the publisher answers no request: the GOP once more, under new numbers."""
        if slot.restarted_at is None or now - slot.restarted_at >= AGAIN:
            slot.restarted_at = now
            self.cached(slot, layer, now)
