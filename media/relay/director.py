"""Which layer a slot should have now: labels, liveness, quality, codec, who speaks. Decides; changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from media.relay.plans import Why
from media.relay.received import ReceivedLayer
from media.relay.slot import Slot
from media.relay.source import Source
from media.relay.speaker import Level, Speaker
from media.relay.subscriber import Subscriber

MAX_SPEAKERS = 1024


class Choice(NamedTuple):
    """The layer a slot should have; None with the reason."""

    layer: ReceivedLayer | None
    why: Why


class Director:
    """Chooses for each slot from the sources that are fed now."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._speakers: dict[tuple[str, ...], Speaker] = {}

    def choose(self, slot: Slot, subscriber: Subscriber, now: int) -> Choice:
        """What the slot should show."""
        if slot.wish is None or not slot.wish.sources:
            return Choice(None, "empty")
        known = [source for key in slot.wish.sources if (source := self._sources.get(key)) and source.media.kind == slot.spec.kind]
        allowed = [source for source in known if source.reaches(subscriber.owner, subscriber.labels)]
        if not allowed:
            refused = any(not source.plan.muted for source in known)
            return Choice(None, "refused" if refused else "waiting")
        source = self._pick(slot, allowed, now)
        layer = source.choose(slot.wish.quality)
        if layer is None or layer.head < 0:
            return Choice(None, "waiting")
        if not slot.playable(layer):
            return Choice(None, "unplayable")
        return Choice(layer, "playing")

    def _pick(self, slot: Slot, allowed: list[Source], now: int) -> Source:
        if slot.audio and len(allowed) > 1:
            return self._loudest(allowed, now)
        return next((source for source in allowed if source.live), allowed[0])

    def _loudest(self, allowed: list[Source], now: int) -> Source:
        keys = tuple(source.key for source in allowed)
        speaker = self._speakers.get(keys)
        if speaker is None:
            speaker = self._speakers[keys] = Speaker(keys[0])
            if len(self._speakers) > MAX_SPEAKERS:
                del self._speakers[next(iter(self._speakers))]
        levels: dict[str, Level] = {source.key: source.layers[-1].level for source in allowed if source.live}
        chosen = speaker.choose(keys, levels, now)
        return next(source for source in allowed if source.key == chosen)


def allowed(slot: Slot, subscriber: Subscriber, find: Callable[[str], Source | None]) -> bool:
    """Whether what the slot shows may go on: else it is cut at once (M27)."""
    layer = slot.layer
    if layer is None:
        return True
    source = layer.source
    return find(source.key) is source and source.reaches(subscriber.owner, subscriber.labels)
