"""The receiving half: publishers, their streams, and what we tell them — reports, NACK, PLI, transport feedback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from functools import partial
from typing import Protocol

from media.errors import TableFull
from media.relay.clock import LayerClock, unix_ns
from media.relay.context import SECOND, Context
from media.relay.plans import SourcePlan
from media.relay.publisher import Belongs, Publisher
from media.relay.received import CYCLE, NO_LEVEL, ReceivedLayer
from media.relay.source import Source
from media.relay.transport_log import INTERVAL
from media.wire.feedback import Nack, Pli
from media.wire.negotiated import ExtensionIds, PublishedMedia
from media.wire.reports import ReceiverReport, SenderReport
from media.wire.rows import ARRIVAL, ArrivalFlag, LayerSpec
from media.wire.seq import distance

MAX_PUBLISHERS = 1024
MAX_LAYERS = 16
"""Streams of one publishing session."""
REPORT = SECOND
_DUPLICATE, _KEYFRAME = int(ArrivalFlag.DUPLICATE), int(ArrivalFlag.KEYFRAME)
_NO_MEDIA = int(ArrivalFlag.DUPLICATE | ArrivalFlag.PADDING)


class Listener(Protocol):
    """Told by intake what matters to slots."""

    def source_changed(self, key: str, now: int) -> None:
        """The source appeared, went, went live or silent, or has other labels or layers."""

    def entry(self, layer: ReceivedLayer, seq: int, timestamp: int, now: int) -> None:
        """Slots that wait for this layer can begin at this packet."""

    def interrupted(self, layer: ReceivedLayer, now: int) -> None:
        """The layer began anew or is gone: nothing of it fits what was sent."""

    def deaf(self, layer: ReceivedLayer, now: int) -> None:
        """The publisher answers no keyframe request."""


class Intake:
    """Tables of what is received."""

    def __init__(self, context: Context, listener: Listener, sources: dict[str, Source]) -> None:
        self._context = context
        self._listener = listener
        self._publishers: dict[int, Publisher] = {}
        self._layers: dict[int, ReceivedLayer] = {}
        self._next_layer = 1
        self._cycled = 0
        self.sources = sources
        """By key: what is fed now."""

    @property
    def publishers(self) -> dict[int, Publisher]:
        """By session."""
        return self._publishers

    def sizes(self) -> dict[str, int]:
        """Sizes of the tables, for metrics."""
        return {"publishers": len(self._publishers), "layers": len(self._layers), "sources": len(self.sources)}

    # --- sessions and plans

    def add(self, session: int, owner: str, media: tuple[PublishedMedia, ...], plans: Iterable[SourcePlan], now: int) -> None:
        """A publishing session begins. A key fed by another session moves to this one."""
        if len(self._publishers) >= MAX_PUBLISHERS or session in self._publishers:
            raise TableFull("publishers")
        publisher = Publisher(session, owner, media, self._context.rng.randrange(1, 1 << 32))
        self._publishers[session] = publisher
        self._context.executor.set_extensions(session, _bundled(media))
        named = {plan.name: plan for plan in plans}
        for section in media:
            plan = named.get(section.source)
            if plan is not None:
                self._feed(publisher, section, plan, now)
        timers = self._context.timers
        timers.at(("receiver report", session), now + self._context.jittered(REPORT), partial(self._report, publisher))
        if "cycle" not in timers:
            self._cycled = now
            timers.at("cycle", now + CYCLE, self._cycle)

    def _feed(self, publisher: Publisher, media: PublishedMedia, plan: SourcePlan, now: int) -> None:
        old = self.sources.get(plan.key)
        if old is not None:
            self._context.count["takeovers"] += 1
            self._detach(old, now)
        source = Source(publisher.session, publisher.owner, media, plan)
        publisher.sources[media.mid] = source
        self.sources[plan.key] = source
        self._listener.source_changed(plan.key, now)

    def label(self, plans: Iterable[SourcePlan], now: int) -> None:
        """New labels and mute of keys that are fed now. A later publisher brings its own: remembered ones would be older than those."""
        for plan in plans:
            source = self.sources.get(plan.key)
            if source is not None:
                source.plan = SourcePlan(plan.name or source.plan.name, plan.key, plan.labels, plan.muted)
                self._listener.source_changed(plan.key, now)

    def remove(self, session: int, now: int) -> None:
        """A publishing session ends."""
        publisher = self._publishers.pop(session, None)
        if publisher is None:
            return
        for name in ("receiver report", "feedback"):
            self._context.timers.cancel((name, session))
        for source in publisher.sources.values():
            self._detach(source, now)

    def _detach(self, source: Source, now: int) -> None:
        """The source feeds its key no more."""
        for layer in tuple(source.layers):
            self._remove_layer(layer, now)
        if self.sources.get(source.key) is source:
            del self.sources[source.key]
        self._announce(source)
        self._listener.source_changed(source.key, now)

    def _announce(self, source: Source) -> None:
        update = source.update()
        if update is not None:
            self._context.tell(update)

    # --- layers

    def bind(self, session: int, ssrc: int, payload_type: int, mid: str | None, rid: str | None, repaired: str | None) -> None:
        """Find where an unknown SSRC belongs; one that belongs nowhere is counted."""
        publisher = self._publishers.get(session)
        belongs = None if publisher is None else publisher.locate(ssrc, payload_type, mid, rid, repaired)
        source = None if publisher is None or belongs is None else publisher.sources.get(belongs.media.mid)
        if publisher is None or belongs is None or source is None or self.sources.get(source.key) is not source:
            self._context.count["ssrc_unknown"] += 1
        elif belongs.rtx_of is not None:
            self._bind_rtx(session, ssrc, source, belongs)
        elif len(publisher.layers) >= MAX_LAYERS:
            self._context.count["layers_refused"] += 1
        else:
            self._add_layer(publisher, source, belongs.rid, ssrc)

    def _bind_rtx(self, session: int, ssrc: int, source: Source, belongs: Belongs) -> None:
        layer = source.layer(belongs.rid)
        if layer is None or (belongs.rtx_of != -1 and layer.ssrc != belongs.rtx_of):
            self._context.count["ssrc_unknown"] += 1
        else:
            self._context.executor.bind_rtx(session, ssrc, layer.number)

    def _add_layer(self, publisher: Publisher, source: Source, rid: str, ssrc: int) -> None:
        media = source.media
        # The newer SSRC of a rid takes its place: the publisher's encoder began anew.
        old = source.layer(rid)
        rates = [pt.codec.clock_rate for pt in media.payload_types]
        layer = ReceivedLayer(self._next_layer, source, rid, ssrc, LayerClock(rates[0], publisher.clock))
        self._next_layer += 1
        executor = self._context.executor
        executor.add_layer(LayerSpec(layer.number, publisher.session, ssrc, media.payload_types, media.extensions))
        rtx = media.ssrcs.get(ssrc)
        if rtx is not None:
            executor.bind_rtx(publisher.session, rtx, layer.number)
        self._layers[layer.number] = publisher.layers[ssrc] = layer
        if old is not None:
            self._context.count["ssrc_changes"] += 1
            self._remove_layer(old, max(0, old.last_arrival))
        source.add(layer)

    def _remove_layer(self, layer: ReceivedLayer, now: int) -> None:
        self._layers.pop(layer.number, None)
        publisher = self._publishers.get(layer.source.session)
        if publisher is not None:
            publisher.drop(layer)
        layer.live = False
        layer.source.remove(layer)
        for name in ("losses", "keyframe"):
            self._context.timers.cancel((name, layer.number))
        self._listener.interrupted(layer, now)
        self._context.executor.remove_layer(layer.number)

    # --- arrivals

    def arrivals(self, records: bytes | bytearray | memoryview, now: int) -> None:
        """Take in the records of one batch, before the batch is forwarded."""
        layers, publishers, batch_of = self._layers, self._publishers, self._context.batch_of
        for number, flags, raw, seq, timestamp, arrival, transport, size, level, payload_type in ARRIVAL.iter_unpack(records):
            layer = layers.get(number)
            if layer is None:
                self._context.count["arrivals_unknown"] += 1
                continue
            publisher = publishers[layer.source.session]
            if transport >= 0:
                self._note_transport(publisher, transport, arrival, now)
            layer.begin_batch(batch_of(layer.audio))
            if layer.take(flags, raw, seq, timestamp, arrival, size, payload_type):
                self._context.count["restarts"] += 1
                self._listener.interrupted(layer, now)
            if layer.source.media.nack and not flags & _DUPLICATE:
                self._note_loss(layer, raw, now)
            if level != NO_LEVEL:
                publisher.level = min(publisher.level, level)
                layer.level.heard(level, now)
            if not flags & _NO_MEDIA:
                self._media(layer, flags, seq, timestamp, now)

    def _media(self, layer: ReceivedLayer, flags: int, seq: int, timestamp: int, now: int) -> None:
        if not layer.live or layer.payload_type != layer.steered_type:
            # It came to life, or changed its codec: some slots can play it now, or no longer.
            layer.live, layer.steered_type = True, layer.payload_type
            self._announce(layer.source)
            self._listener.source_changed(layer.source.key, now)
        if flags & _KEYFRAME and layer.keyframe_seq == seq:
            layer.requests.keyframe()
            self._context.timers.cancel(("keyframe", layer.number))
            if layer.waiting or layer.expecting:
                self._listener.entry(layer, seq, timestamp, now)
        elif layer.audio and seq == layer.head and (layer.waiting or layer.expecting):
            self._listener.entry(layer, seq, timestamp, now)

    def _note_loss(self, layer: ReceivedLayer, raw: int, now: int) -> None:
        if layer.losses.arrived(raw, now):
            deadline = layer.losses.deadline()
            if deadline is not None:
                self._context.timers.sooner(("losses", layer.number), deadline, partial(self._ask_again, layer))
        if layer.losses.given_up >= 0:
            self._bridge(layer, now)

    def _ask_again(self, layer: ReceivedLayer, now: int) -> None:
        publisher = self._publishers.get(layer.source.session)
        if publisher is None:
            return
        missing = layer.losses.due(now)
        for at in range(0, len(missing), 256):
            part = tuple(seq & 0xFFFF for seq in missing[at : at + 256])
            self._context.count["nack_sent"] += len(part)
            self._context.executor.send_rtcp(publisher.session, Nack(publisher.ssrc, layer.ssrc, part).build())
        deadline = layer.losses.deadline()
        if deadline is not None:
            self._context.timers.at(("losses", layer.number), deadline, partial(self._ask_again, layer))
        self._bridge(layer, now)

    def _bridge(self, layer: ReceivedLayer, now: int) -> None:
        """Only a keyframe leads over what will not come any more; a viewer need not find that out by itself, a recording cannot."""
        lost, layer.losses.given_up = layer.losses.given_up, -1
        if lost > layer.keyframe_raw and (layer.playing or layer.captured) and not layer.audio:
            self._context.count["losses_bridged"] += 1
            self.want_keyframe(layer, now)

    def _note_transport(self, publisher: Publisher, sequence: int, arrival: int, now: int) -> None:
        idle = not publisher.log.pending
        publisher.log.arrived(sequence, arrival)
        if idle and publisher.log.pending:
            self._context.timers.at(("feedback", publisher.session), now + INTERVAL, partial(self._feed_back, publisher))

    def _feed_back(self, publisher: Publisher, _now: int) -> None:
        media_ssrc = next(iter(publisher.layers), 0)
        for feedback in publisher.log.take(publisher.ssrc, media_ssrc):
            self._context.count["feedback_sent"] += 1
            self._context.executor.send_rtcp(publisher.session, feedback.build())

    # --- keyframes, reports, liveness

    def want_keyframe(self, layer: ReceivedLayer, now: int) -> None:
        """Ask for a keyframe as soon as the throttle allows (M14)."""
        layer.requests.want()
        self._request(layer, now)

    def _request(self, layer: ReceivedLayer, now: int) -> None:
        publisher = self._publishers.get(layer.source.session)
        if publisher is None:
            return
        if layer.requests.take(now):
            self._context.count["pli_sent"] += 1
            self._context.executor.send_rtcp(publisher.session, Pli(publisher.ssrc, layer.ssrc).build())
        if layer.requests.deaf and layer.waiting:
            self._listener.deaf(layer, now)
        deadline = layer.requests.deadline()
        if deadline is not None:
            self._context.timers.at(("keyframe", layer.number), deadline, partial(self._request, layer))

    def sender_report(self, session: int, report: SenderReport, now: int) -> None:
        """A publisher's sender report: its clock, and what our next report echoes."""
        publisher = self._publishers.get(session)
        layer = None if publisher is None else publisher.layers.get(report.ssrc)
        if publisher is None or layer is None:
            return
        layer.sender_report(report.ntp, now)
        if report.ntp >> 32 and layer.head >= 0:
            sent_at = unix_ns(report.ntp)
            publisher.clock.report(sent_at, now)
            layer.clock.reported(sent_at, layer.head_timestamp + distance(layer.head_timestamp & 0xFFFFFFFF, report.rtp, 32))

    def _report(self, publisher: Publisher, now: int) -> None:
        blocks = [block for layer in publisher.layers.values() if (block := layer.report(now)) is not None]
        if blocks:
            self._context.executor.send_rtcp(publisher.session, ReceiverReport(publisher.ssrc, tuple(blocks)).build())
        next_time = now + self._context.jittered(REPORT)
        self._context.timers.at(("receiver report", publisher.session), next_time, partial(self._report, publisher))

    def _cycle(self, now: int) -> None:
        """Every half second: sizes and liveness of all layers (M11)."""
        elapsed, self._cycled = max(1, now - self._cycled), now
        for layer in tuple(self._layers.values()):
            if layer.cycle(elapsed, now):
                self._listener.source_changed(layer.source.key, now)
        for source in tuple(self.sources.values()):
            if len(source.layers) > 1:
                source.order()
            self._announce(source)
        if self._publishers:
            self._context.timers.at("cycle", now + CYCLE, self._cycle)


def _bundled(media: Iterable[PublishedMedia]) -> ExtensionIds:
    """The one mapping of extension ids that all m-lines of a BUNDLE share (RFC 8843 9.2): what any of them names."""
    names = [field.name for field in fields(ExtensionIds)]
    return ExtensionIds(**{name: next((ident for m in media if (ident := getattr(m.extensions, name))), 0) for name in names})
