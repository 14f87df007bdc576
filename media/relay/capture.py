"""One track of one recording: the sink it has, of which layer, and how it begins and ends.

    idle ──wait──► expected by a layer ──keyframe──► capturing ──next keyframe──► capturing (another layer, a new sink)

Each beginning is a sink of its own, so that sequence numbers and timestamps of one sink are one stream's.
"""

from __future__ import annotations

from media.relay.context import SECOND, Context
from media.relay.plans import CapturePlan, TrackBegun, TrackMoment, TrackOver
from media.relay.received import ReceivedLayer

MAP_EVERY = 10 * SECOND
DRIFT = SECOND // 200
"""A stream's clock that is off by more from what was told is told anew: a sender report came, or the sender set its clock."""


class Capture:
    """State of one track."""

    def __init__(self, context: Context, recording: str, plan: CapturePlan) -> None:
        self._context = context
        self.recording = recording
        self.plan = plan
        self.audio = plan.kind == "audio"
        self.layer: ReceivedLayer | None = None
        """Whose packets the sink gets."""
        self.awaited: ReceivedLayer | None = None
        self.payload_type = -1
        self.sink = 0
        self._floor = 0
        """Ring sequence before which nothing of the awaited layer may be captured: it came before it was asked for (S13)."""
        self._told = (0, 0)
        """(RTP timestamp, time) of the newest moment told …"""
        self._told_at = 0
        """… and when that was."""

    def wait(self, layer: ReceivedLayer) -> None:
        """Begin at the layer's next keyframe (audio: packet); what is captured now goes on until then (M8)."""
        if self.awaited is layer:
            return
        self.stop_waiting()
        self.awaited = layer
        layer.expecting[self] = None
        self._floor = layer.head if self._context.in_batch else layer.head + 1

    def stop_waiting(self) -> None:
        """Wait for nothing."""
        if self.awaited is not None:
            self.awaited.expecting.pop(self, None)
            self.awaited.unwant()
            self.awaited = None

    def begin(self, layer: ReceivedLayer, seq: int, timestamp: int, now: int) -> bool:
        """Capture the awaited layer from this packet on; False if it came before it was asked for, or is of no known type."""
        negotiated = layer.codec()
        if negotiated is None or seq < self._floor:
            return False
        self.stop_waiting()
        self.end(now)
        self._context.count["captures_begun"] += 1
        self.sink = self._context.new_sink()
        self.layer, self.payload_type = layer, layer.payload_type
        layer.captured[self] = None
        at = layer.source.layers.index(layer)
        self._context.captured.append(TrackBegun(self.recording, self.sink, self.plan.name, negotiated.codec, layer.payload_type, at, now))
        self._map(layer, timestamp, now)
        self._context.executor.add_sink(self.sink, layer.number, seq)
        return True

    def end(self, now: int, gone: bool = False) -> None:
        """Not one packet more (M27). `gone`: as in `TrackOver`."""
        if self.layer is None:
            return
        self._context.executor.remove_sink(self.sink)
        self.layer.captured.pop(self, None)
        self.layer = None
        self._context.captured.append(TrackOver(self.recording, self.sink, now, gone))

    def map(self, now: int, always: bool = False) -> None:
        """Tell a moment of the stream, if the last one is old or does not hold any more."""
        layer = self.layer
        if layer is None or layer.head < 0:
            return
        rtp, at = self._told
        told = at + (layer.head_timestamp - rtp) * SECOND // layer.clock.rate
        captured = layer.clock.capture(layer.head_timestamp)
        if always or now - self._told_at >= MAP_EVERY or (captured is not None and abs(captured - told) > DRIFT):
            self._map(layer, layer.head_timestamp, now)

    def _map(self, layer: ReceivedLayer, timestamp: int, now: int) -> None:
        captured = layer.clock.capture(timestamp)
        self._told, self._told_at = (timestamp, now if captured is None else captured), now
        self._context.captured.append(TrackMoment(self.recording, self.sink, *self._told))
