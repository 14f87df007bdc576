"""The recording half: which layer of which source each track of a recording captures. Decides like `delivery`, for sinks (M4).

A recording is never a subscriber: it has labels (M27) and no owner, keys or rate; what it captures is the best live layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from media.errors import TableFull
from media.relay.capture import Capture
from media.relay.context import SECOND, Context
from media.relay.plans import CapturePlan, TracksKnown
from media.relay.received import ReceivedLayer
from media.relay.source import Source

MAX_RECORDINGS = 64
MAX_TRACKS = 16
TICK = SECOND
KEYFRAME_EVERY = 10 * SECOND
"""A file is sought by its keyframes: after so long without one, one is asked for."""


@dataclass(slots=True)
class _Recording:
    labels: frozenset[str]
    captures: dict[str, Capture] = field(default_factory=dict)
    """By name."""
    known: tuple[str, ...] = ()


class Recorder:
    """Tables of what is captured. One of intake's listeners."""

    def __init__(self, context: Context, sources: Mapping[str, Source], want_keyframe: Callable[[ReceivedLayer, int], None]) -> None:
        self._context = context
        self._sources = sources
        self._want_keyframe = want_keyframe
        self._recordings: dict[str, _Recording] = {}
        self._by_key: dict[str, dict[Capture, None]] = {}

    def sizes(self) -> dict[str, int]:
        """Sizes of the tables, for metrics."""
        tracks = sum(len(recording.captures) for recording in self._recordings.values())
        return {"recordings": len(self._recordings), "captures": tracks}

    # --- what the server wants

    def record(self, name: str, tracks: Iterable[CapturePlan], labels: frozenset[str], now: int) -> None:
        """Replace a recording's tracks and labels; raises `TableFull`, and nothing is changed then."""
        plans = {plan.name: plan for plan in tracks}
        if len(plans) > MAX_TRACKS or (name not in self._recordings and len(self._recordings) >= MAX_RECORDINGS):
            raise TableFull("recordings")
        recording = self._recordings.setdefault(name, _Recording(labels))
        recording.labels = labels
        for capture in list(recording.captures.values()):
            if plans.get(capture.plan.name) != capture.plan:
                self._drop(recording, capture, now)
        for plan in plans.values():
            if plan.name not in recording.captures:
                capture = recording.captures[plan.name] = Capture(self._context, name, plan)
                self._by_key.setdefault(plan.key, {})[capture] = None
        for capture in recording.captures.values():
            self._steer(recording, capture, now)
            capture.map(now, always=True)
        self._tell_known(name, recording)
        if "recordings" not in self._context.timers:
            self._context.timers.at("recordings", now + TICK, self._tick)

    def stop(self, name: str, now: int) -> None:
        """Forget a recording."""
        recording = self._recordings.pop(name, None)
        if recording is not None:
            for capture in list(recording.captures.values()):
                self._drop(recording, capture, now)

    def live(self, name: str) -> bool:
        """Whether packets of any of its tracks arrive now."""
        recording = self._recordings.get(name)
        if recording is None:
            return False
        sources = (self._permitted(recording, capture) for capture in recording.captures.values())
        return any(source is not None and source.live for source in sources)

    def _drop(self, recording: _Recording, capture: Capture, now: int) -> None:
        capture.stop_waiting()
        capture.end(now)
        del recording.captures[capture.plan.name]
        captures = self._by_key[capture.plan.key]
        del captures[capture]
        if not captures:
            del self._by_key[capture.plan.key]

    # --- steering

    def _permitted(self, recording: _Recording, capture: Capture) -> Source | None:
        """The source, if it is fed now and may be captured."""
        source = self._sources.get(capture.plan.key)
        fits = source is not None and source.media.kind == capture.plan.kind and source.permits(recording.labels)
        return source if fits else None

    def _steer(self, recording: _Recording, capture: Capture, now: int) -> None:
        """Bring a track to the layer it should capture; does nothing if it is there."""
        source = self._permitted(recording, capture)
        held = capture.layer
        if held is not None and (source is not held.source or held.payload_type != capture.payload_type):
            fed = self._sources.get(capture.plan.key)
            capture.end(now, gone=fed is None or fed is not held.source)
        layer = None if source is None else source.choose("high")
        if layer is None or layer is capture.layer or not layer.live:
            capture.stop_waiting()
        elif capture.awaited is not layer:
            self._wait(capture, layer, now)

    def _wait(self, capture: Capture, layer: ReceivedLayer, now: int) -> None:
        capture.wait(layer)
        # The packet that brought us here may be a keyframe itself; `entry` follows then.
        comes = self._context.in_batch and layer.keyframe_arrival == layer.last_arrival
        if not capture.audio and not comes:
            self._want_keyframe(layer, now)

    def _tell_known(self, name: str, recording: _Recording) -> None:
        known = tuple(track for track, capture in recording.captures.items() if self._permitted(recording, capture) is not None)
        if known != recording.known:
            recording.known = known
            self._context.captured.append(TracksKnown(name, known))

    def _tick(self, now: int) -> None:
        """Every second: moments that are due, keyframes to seek by, another layer that grew larger."""
        for recording in self._recordings.values():
            for capture in recording.captures.values():
                self._steer(recording, capture, now)
                capture.map(now)
                self._keep_seekable(capture, now)
        if self._recordings:
            self._context.timers.at("recordings", now + TICK, self._tick)

    def _keep_seekable(self, capture: Capture, now: int) -> None:
        layer = capture.layer if capture.awaited is None else capture.awaited
        if layer is None or layer.audio or not layer.live:
            return
        if layer is capture.awaited or now - layer.keyframe_arrival >= KEYFRAME_EVERY:
            self._want_keyframe(layer, now)

    # --- what intake tells

    def source_changed(self, key: str, now: int) -> None:
        """Steer the tracks it feeds."""
        for capture in tuple(self._by_key.get(key, ())):
            recording = self._recordings[capture.recording]
            self._steer(recording, capture, now)
            self._tell_known(capture.recording, recording)

    def entry(self, layer: ReceivedLayer, seq: int, timestamp: int, now: int) -> None:
        """A keyframe came (audio: a packet): who waits begins here."""
        for capture in tuple(layer.expecting):
            if not capture.begin(layer, seq, timestamp, now) and not capture.audio:
                self._want_keyframe(layer, now)

    def interrupted(self, layer: ReceivedLayer, now: int) -> None:
        """Nothing more of this layer fits what was captured."""
        for capture in (*layer.expecting, *layer.captured):
            capture.stop_waiting()
            if capture.layer is layer:
                capture.end(now, gone=True)
            if layer.live:
                self._wait(capture, layer, now)

    def deaf(self, layer: ReceivedLayer, now: int) -> None:
        """The next keyframe is waited for all the same: the ring holds what came before it was asked for (S13)."""
