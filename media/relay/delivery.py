"""The sending half: subscribers and their slots — who gets which layer, from when on, and what its feedback means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from media.errors import TableFull
from media.relay.context import SECOND, Context
from media.relay.director import Choice, Director, allowed
from media.relay.joins import Joins
from media.relay.plans import SlotWish
from media.relay.received import ReceivedLayer
from media.relay.slot import Slot, State
from media.relay.source import Source
from media.relay.speaker import TICK
from media.relay.subscriber import Subscriber
from media.wire.feedback import Nack
from media.wire.negotiated import SubscribedSlot
from media.wire.reports import ReportBlock

MAX_SUBSCRIBERS = 4096
MAX_SLOTS = 64
"""Slots of one subscriber."""
REPORT = SECOND
RELIEF = SECOND
"""A subscriber that lost packets to a full queue asks for a keyframe only after this …"""
MAX_RELIEF = 16 * SECOND
"""… and after twice as long each time it falls behind again soon: its keyframes cost everybody (M13)."""
CALM = 10 * SECOND


class Delivery:
    """Tables of what is sent. Intake's listener."""

    def __init__(self, context: Context, sources: Mapping[str, Source], want_keyframe: Callable[[ReceivedLayer, int], None]) -> None:
        self._context = context
        self._sources = sources
        self._want_keyframe = want_keyframe
        self._director = Director(sources)
        self._joins = Joins(context, self._joined)
        self._subscribers: dict[int, Subscriber] = {}
        self._rows: dict[int, Slot] = {}
        self._wanting: dict[str, dict[Slot, None]] = {}
        """Source key → slots that wish it."""
        self._choosy: dict[Slot, None] = {}
        """Audio slots that follow the loudest of several."""
        self._next_row = 1

    @property
    def subscribers(self) -> Mapping[int, Subscriber]:
        """By session."""
        return self._subscribers

    def sizes(self) -> dict[str, int]:
        """Sizes of the tables, for metrics."""
        return {"subscribers": len(self._subscribers), "slots": len(self._rows), "wanted": len(self._wanting)}

    # --- sessions

    def add(self, session: int, owner: str, specs: tuple[SubscribedSlot, ...], now: int) -> None:
        """A subscribing session begins; nothing is sent before it is connected."""
        if len(self._subscribers) >= MAX_SUBSCRIBERS or len(specs) > MAX_SLOTS or session in self._subscribers:
            raise TableFull("subscribers")
        subscriber = self._subscribers[session] = Subscriber(session, owner)
        for spec in specs:
            slot = self._rows[self._next_row] = Slot(self._context, self._next_row, session, spec)
            self._next_row += 1
            subscriber.add(slot)
        self._context.timers.at(("sender report", session), now + self._context.jittered(REPORT), partial(self._report, subscriber))

    def remove(self, session: int) -> None:
        """A subscribing session ends."""
        subscriber = self._subscribers.pop(session, None)
        if subscriber is None:
            return
        self._context.timers.cancel(("sender report", session))
        for slot in subscriber.slots.values():
            self._index(slot, None)
            self._context.timers.cancel(("relief", slot.row.row))
            self._rows.pop(slot.row.row, None)
            slot.remove()

    def connected(self, session: int, connected: bool, now: int) -> None:
        """The path to the subscriber came up, or is silent: then its video pauses until a keyframe after it is back."""
        subscriber = self._subscribers.get(session)
        if subscriber is not None and subscriber.connected != connected:
            subscriber.connected = connected
            subscriber.started = subscriber.started or connected
            for slot in subscriber.slots.values():
                self.steer(slot, now)

    def configure(self, session: int, labels: frozenset[str], wishes: Mapping[str, SlotWish], now: int) -> None:
        """Replace labels and wishes."""
        subscriber = self._subscribers.get(session)
        if subscriber is None:
            return
        subscriber.labels = labels
        for name, slot in subscriber.slots.items():
            self._index(slot, wishes.get(name))
            self.steer(slot, now)
        if self._choosy:
            self._context.timers.sooner("speakers", now + TICK, self._follow_speakers)

    def _index(self, slot: Slot, wish: SlotWish | None) -> None:
        for key in slot.wish.sources if slot.wish is not None else ():
            slots = self._wanting.get(key)
            if slots is not None:
                slots.pop(slot, None)
                if not slots:
                    del self._wanting[key]
        self._choosy.pop(slot, None)
        slot.wish = wish
        if wish is None:
            return
        for key in wish.sources:
            self._wanting.setdefault(key, {})[slot] = None
        if slot.audio and len(wish.sources) > 1:
            self._choosy[slot] = None

    # --- steering

    def steer(self, slot: Slot, now: int) -> None:
        """Bring a slot to what it should show; does nothing if it is there."""
        subscriber = self._subscribers[slot.session]
        if not allowed(slot, subscriber, self._sources.get):
            slot.cut()
        choice = self._director.choose(slot, subscriber, now)
        if choice.layer is None or not subscriber.receives(slot):
            self._stop(slot, choice)
        elif choice.layer is not slot.layer:
            self._switch(slot, choice.layer, now)
        elif slot.state is State.PLAYING:
            slot.stop_waiting()
        self._announce(slot, choice)

    def _stop(self, slot: Slot, choice: Choice) -> None:
        slot.stop_waiting()
        slot.park()
        if choice.why in ("refused", "unplayable") and slot.announced.why != choice.why:
            self._context.count[choice.why] += 1

    def _announce(self, slot: Slot, choice: Choice) -> None:
        if choice.why != "playing":
            slot.announce(choice.why)
        else:
            slot.announce("playing" if slot.layer is not None and slot.layer.live else "waiting")

    def _switch(self, slot: Slot, layer: ReceivedLayer, now: int) -> None:
        wished = slot.wish.sources if slot.wish is not None else ()
        if not layer.live and slot.key not in wished:
            slot.park()
        slot.wait(layer)
        if not layer.live:
            return
        if slot.congested:
            # No burst from the cache; a request of its own only after the relief.
            if ("relief", slot.row.row) not in self._context.timers:
                self._want_keyframe(layer, now)
            return
        if slot.audio:
            self._joins.audio(slot, layer, now)
        elif not self._joins.cached(slot, layer, now):
            self._want_keyframe(layer, now)

    def _joined(self, slot: Slot, now: int) -> None:
        """A slot began with another layer: its clock follows at once (M7)."""
        self._context.count["switches"] += 1
        self._context.timers.cancel(("relief", slot.row.row))
        slot.announce("playing")
        self._send_reports(self._subscribers[slot.session], [slot], now)

    def _follow_speakers(self, now: int) -> None:
        for slot in tuple(self._choosy):
            self.steer(slot, now)
        if self._choosy:
            self._context.timers.at("speakers", now + TICK, self._follow_speakers)

    # --- what intake tells

    def source_changed(self, key: str, now: int) -> None:
        """Steer the slots that wish it, and those that still show it."""
        source = self._sources.get(key)
        slots = dict(self._wanting.get(key, ()))
        for layer in source.layers if source is not None else ():
            slots.update(layer.playing)
        for slot in slots:
            self.steer(slot, now)

    def entry(self, layer: ReceivedLayer, seq: int, timestamp: int, now: int) -> None:
        """A keyframe came (audio: a packet): who waits begins here."""
        for slot in tuple(layer.waiting):
            self._joins.entry(slot, layer, seq, timestamp, now)

    def interrupted(self, layer: ReceivedLayer, now: int) -> None:
        """Nothing more of this layer fits: its slots wait for a beginning."""
        for slot in tuple(layer.waiting):
            slot.stop_waiting()
        for slot in tuple(layer.playing):
            slot.park()
            slot.announce("waiting")
            if not slot.audio and layer.live:
                slot.wait(layer)
                self._want_keyframe(layer, now)
            elif layer.live:
                slot.wait(layer)

    def deaf(self, layer: ReceivedLayer, now: int) -> None:
        """No keyframe will come on request: the ring serves who waits (M12)."""
        for slot in tuple(layer.waiting):
            if slot.layer is not layer and not slot.congested:
                self._joins.cached(slot, layer, now)

    # --- what subscribers tell

    def nack(self, session: int, nack: Nack, now: int) -> None:
        """Answer what M15 allows."""
        subscriber = self._subscribers.get(session)
        slot = None if subscriber is None else subscriber.by_ssrc.get(nack.media_ssrc)
        if subscriber is None or slot is None or slot.spec.rtx_ssrc is None or slot.layer is None:
            self._context.count["nack_ignored"] += len(nack.sequences)
            return
        sequences = slot.answers.allow(nack.sequences, slot.counters().packets, slot.oldest_useful(), subscriber.rtt, now)
        self._context.count["nack_ignored"] += len(nack.sequences) - len(sequences)
        if sequences:
            self._context.count["nack_answered"] += self._context.executor.resend(slot.row.row, sequences)

    def keyframe_wanted(self, session: int, ssrc: int, now: int) -> None:
        """A subscriber's PLI or FIR: asked of the publisher, or of the ring if that answers none."""
        subscriber = self._subscribers.get(session)
        slot = None if subscriber is None else subscriber.by_ssrc.get(ssrc)
        if slot is None or slot.layer is None or slot.state is not State.PLAYING or slot.audio:
            return
        self._context.count["pli_received"] += 1
        if slot.layer.requests.deaf:
            self._joins.again(slot, slot.layer, now)
        else:
            self._want_keyframe(slot.layer, now)

    def reported(self, session: int, blocks: Iterable[ReportBlock], now: int) -> None:
        """A subscriber's report blocks."""
        subscriber = self._subscribers.get(session)
        if subscriber is not None:
            for block in blocks:
                subscriber.reported(block, self._context.ntp(now))

    def overflow(self, rows: Iterable[int], now: int) -> None:
        """These rows lost packets to a full queue: video stops until the next keyframe, nobody else is touched (M13)."""
        for row in rows:
            slot = self._rows.get(row)
            self._context.count["overflows"] += 1
            if slot is None or slot.audio or slot.layer is None:
                continue
            layer = slot.layer
            slot.park()
            slot.congested = True
            if slot.awaited is None:
                slot.wait(layer)
            slot.announce("waiting")
            slot.relief = RELIEF if now - slot.begun_at >= CALM else min(MAX_RELIEF, max(RELIEF, 2 * slot.relief))
            self._context.timers.at(("relief", row), now + slot.relief, partial(self._relieve, slot))

    def _relieve(self, slot: Slot, now: int) -> None:
        if slot.congested and slot.awaited is not None:
            self._want_keyframe(slot.awaited, now)

    # --- sender reports

    def _report(self, subscriber: Subscriber, now: int) -> None:
        self._send_reports(subscriber, list(subscriber.slots.values()), now)
        deadline = now + self._context.jittered(REPORT)
        self._context.timers.at(("sender report", subscriber.session), deadline, partial(self._report, subscriber))

    def _send_reports(self, subscriber: Subscriber, slots: list[Slot], now: int) -> None:
        # An SDES holds 31 names.
        for at in range(0, len(slots), 24):
            compound = subscriber.sender_reports(slots[at : at + 24], self._context, now)
            if compound:
                self._context.executor.send_rtcp(subscriber.session, compound)
