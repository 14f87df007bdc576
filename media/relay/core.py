"""The relay: decides in rows what each subscriber gets of what publishers send (M4). Pure: no socket, no clock, no task.

The shell calls, for each read: `Executor` takes the packets in, `on_arrivals` with its records, `on_rtcp` with its compounds, then
the executor forwards. It arms one timer for `poll_timeout` and drains `take_events`. All times are ns of one monotonic clock.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

from media.errors import MalformedPacket
from media.relay.context import Context
from media.relay.delivery import Delivery
from media.relay.intake import Intake
from media.relay.listeners import Listeners
from media.relay.plans import CaptureEvent, CapturePlan, LinkReport, RelayEvent, SlotWish, SourcePlan
from media.relay.received import ReceivedLayer
from media.relay.recorder import Recorder
from media.relay.reporting import publisher_report, subscriber_report
from media.relay.source import Source
from media.wire.feedback import Fir, Nack, Pli
from media.wire.negotiated import PublishedMedia, SubscribedSlot
from media.wire.reports import ReceiverReport, SenderReport
from media.wire.rows import ARRIVAL, Executor
from media.wire.rtcp import Packet, parse_compound


class Relay:
    """Publishers on one side, subscribers on the other, an executor in between."""

    def __init__(self, executor: Executor, *, rng: random.Random, wall_offset: int) -> None:
        """`wall_offset`: Unix time minus monotonic time, ns, for the NTP times of sender reports."""
        self._context = Context(executor, rng, wall_offset)
        sources: dict[str, Source] = {}
        self._delivery = Delivery(self._context, sources, self._want_keyframe)
        self._recorder = Recorder(self._context, sources, self._want_keyframe)
        self._intake = Intake(self._context, Listeners(self._delivery, self._recorder), sources)

    def _want_keyframe(self, layer: ReceivedLayer, now: int) -> None:
        self._intake.want_keyframe(layer, now)

    # --- sessions

    def add_publisher(self, session: int, owner: str, media: tuple[PublishedMedia, ...], sources: tuple[SourcePlan, ...], now: int) -> None:
        """A publishing session begins; m-lines without a plan are received by nobody. `TableFull` if there is no room.

        A key fed by another session moves here, and the slots that show it follow.
        """
        self._intake.add(session, owner, media, sources, now)

    def add_subscriber(self, session: int, owner: str, slots: tuple[SubscribedSlot, ...], now: int) -> None:
        """A subscribing session begins, with nothing in its slots until `configure` and `set_connected`. `TableFull` if full."""
        self._delivery.add(session, owner, slots, now)

    def remove_session(self, session: int, now: int) -> None:
        """A session ends; unknown ones are no error."""
        self._intake.remove(session, now)
        self._delivery.remove(session)

    def set_connected(self, session: int, connected: bool, now: int) -> None:
        """The session's path came up or fell silent. Nothing is sent before the first time; video pauses while it is down."""
        self._delivery.connected(session, connected, now)

    def label_sources(self, plans: Iterable[SourcePlan], now: int) -> None:
        """New labels and mute of keys that are fed now. What somebody may no more have is cut before this returns (M27)."""
        self._intake.label(plans, now)

    def configure(self, session: int, labels: frozenset[str], wishes: Mapping[str, SlotWish], now: int) -> None:
        """Replace a subscriber's labels and wishes by slot name; a slot without a wish becomes empty."""
        self._delivery.configure(session, labels, wishes, now)

    # --- recordings

    def record(self, recording: str, tracks: Iterable[CapturePlan], labels: frozenset[str], now: int) -> None:
        """Capture these tracks from now on, in place of what was said of this recording before. `TableFull` if there is no room."""
        self._recorder.record(recording, tracks, labels, now)

    def stop_recording(self, recording: str, now: int) -> None:
        """Capture nothing more of it; an unknown one is no error."""
        self._recorder.stop(recording, now)

    def recording_live(self, recording: str) -> bool:
        """Whether packets of any of its tracks arrive now."""
        return self._recorder.live(recording)

    def take_captured(self) -> list[CaptureEvent]:
        """What happened to recordings since the last call, oldest first: to be taken before a sink's packets are."""
        events, self._context.captured = self._context.captured, []
        return events

    # --- packets

    def bind(self, session: int, ssrc: int, payload_type: int, mid: str | None, rid: str | None, repaired: str | None) -> None:
        """The executor's `Binder`."""
        self._intake.bind(session, ssrc, payload_type, mid, rid, repaired)

    def on_arrivals(self, records: bytes | bytearray | memoryview, now: int) -> None:
        """Take in the `ARRIVAL` records of one batch, before the executor forwards it; an odd length is counted and dropped."""
        if len(records) % ARRIVAL.size:
            self._context.count["arrivals_malformed"] += 1
            return
        self._context.begin_batch()
        self._intake.arrivals(records, now)
        self._context.in_batch = False

    def on_hold(self, video_waits: bool) -> None:
        """The executor keeps video of the batches so far for the next flush, or has forwarded all of it (M1)."""
        self._context.video_waits = video_waits

    def on_rtcp(self, session: int, compound: bytes, now: int) -> None:
        """Take in one decrypted RTCP compound of a session; a malformed one is counted and dropped."""
        try:
            packets = parse_compound(compound)
        except MalformedPacket:
            self._context.count["rtcp_malformed"] += 1
            return
        for packet in packets:
            self._rtcp(session, packet, now)

    def _rtcp(self, session: int, packet: Packet, now: int) -> None:
        if isinstance(packet, SenderReport):
            self._intake.sender_report(session, packet, now)
            self._delivery.reported(session, packet.reports, now)
        elif isinstance(packet, ReceiverReport):
            self._delivery.reported(session, packet.reports, now)
        elif isinstance(packet, Nack):
            self._delivery.nack(session, packet, now)
        elif isinstance(packet, Pli):
            self._delivery.keyframe_wanted(session, packet.media_ssrc, now)
        elif isinstance(packet, Fir):
            for ssrc, _ in packet.entries:
                self._delivery.keyframe_wanted(session, ssrc, now)

    def on_overflow(self, rows: Iterable[int], now: int) -> None:
        """Rows that lost packets to a full queue (`Fanout.take_overflows`): they stop until the next keyframe (M13)."""
        self._delivery.overflow(rows, now)

    # --- time and events

    def poll_timeout(self) -> int | None:
        """When to call `handle_timeout`, ns; None: only after the next input."""
        return self._context.timers.deadline()

    def handle_timeout(self, now: int) -> None:
        """Do what is due."""
        self._context.timers.run(now)

    def take_events(self) -> list[RelayEvent]:
        """What changed since the last call, oldest first."""
        events, self._context.events = self._context.events, []
        return events

    def link_reports(self, now: int) -> list[LinkReport]:
        """Link health of every session since the last call."""
        reports = [publisher_report(publisher, now) for publisher in self._intake.publishers.values()]
        return reports + [subscriber_report(subscriber, now) for subscriber in self._delivery.subscribers.values()]

    def counters(self) -> dict[str, int]:
        """Totals of events and sizes of tables, by name (M28)."""
        sizes = {**self._intake.sizes(), **self._delivery.sizes(), **self._recorder.sizes()}
        return {**self._context.count, **sizes, "timers": len(self._context.timers)}
