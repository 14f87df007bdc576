"""One source: what a publisher feeds under one key, with its simulcast layers by restriction id (M11, M32)."""

from __future__ import annotations

from collections.abc import Iterable

from media.relay.plans import Quality, SourcePlan, SourceUpdate
from media.relay.received import ReceivedLayer
from media.wire.negotiated import PublishedMedia

LOW, FULL = "q", "f"
_CLEARLY = 1.3
"""A layer must be measured this much larger before the order of layers changes."""


class Source:
    """Layers of one key, smallest first, and who may have them."""

    def __init__(self, session: int, owner: str, media: PublishedMedia, plan: SourcePlan) -> None:
        self.session = session
        self.owner = owner
        self.media = media
        self.plan = plan
        self.layers: list[ReceivedLayer] = []
        self.announced: SourceUpdate | None = None

    @property
    def key(self) -> str:
        """The server's opaque key."""
        return self.plan.key

    @property
    def live(self) -> bool:
        """Whether packets arrive now."""
        return any(layer.live for layer in self.layers)

    def reaches(self, owner: str, labels: frozenset[str]) -> bool:
        """Whether a session of this owner with these labels may have it (M27)."""
        return owner != self.owner and self.permits(labels)

    def permits(self, labels: frozenset[str]) -> bool:
        """Whether these labels open it, whoever holds them."""
        return not self.plan.muted and not self.plan.labels.isdisjoint(labels)

    def layer(self, rid: str) -> ReceivedLayer | None:
        """The layer with this restriction id, "" without simulcast."""
        return next((layer for layer in self.layers if layer.rid == rid), None)

    def add(self, layer: ReceivedLayer) -> None:
        """A new layer; until it is measured the offer's order decides (largest last)."""
        self.layers.append(layer)
        if len(self.layers) > 1 and layer.rid == LOW:
            self.layers.insert(0, self.layers.pop())

    def remove(self, layer: ReceivedLayer) -> None:
        """Forget a layer, if it is here."""
        if layer in self.layers:
            self.layers.remove(layer)

    def order(self) -> None:
        """Put neighbours right that are clearly measured the other way round; silent layers keep their place."""
        for at in range(len(self.layers) - 1):
            small, large = self.layers[at], self.layers[at + 1]
            if small.live and large.live and small.bitrate > large.bitrate * _CLEARLY:
                self.layers[at], self.layers[at + 1] = large, small

    def choose(self, quality: Quality) -> ReceivedLayer | None:
        """The layer for a wish: `q` or the smallest for low, `f` or the largest for high; of the live ones if any is live."""
        pool = [layer for layer in self.layers if layer.live] or self.layers
        named = _named(pool, LOW if quality == "low" else FULL)
        if named is not None or not pool:
            return named
        return pool[0] if quality == "low" else pool[-1]

    def update(self) -> SourceUpdate | None:
        """What to announce, None if nothing changed since the last time."""
        codec = next((pt.codec.name for layer in self.layers if (pt := layer.codec())), "")
        rids = tuple(layer.rid for layer in self.layers if layer.live and layer.rid)
        update = SourceUpdate(self.key, self.session, self.plan.name, self.media.kind, self.live, codec, rids)
        if update == self.announced or (self.announced is None and not update.live):
            return None
        self.announced = update
        return update


def _named(layers: Iterable[ReceivedLayer], rid: str) -> ReceivedLayer | None:
    return next((layer for layer in layers if layer.rid == rid), None)
