"""One publishing session: its m-lines, its sources, and where an unknown SSRC belongs (M11)."""

from __future__ import annotations

from typing import NamedTuple

from media.relay.clock import SenderClock
from media.relay.received import NO_LEVEL, ReceivedLayer
from media.relay.source import Source
from media.relay.transport_log import TransportLog
from media.wire.negotiated import PublishedMedia


class Belongs(NamedTuple):
    """Where an SSRC belongs."""

    media: PublishedMedia
    rid: str
    """"" without simulcast."""
    rtx_of: int | None
    """SSRC whose retransmissions it carries, where the offer says so; −1: that of the layer with this rid; None: it is no RTX."""


class Publisher:
    """State of one publishing session."""

    def __init__(self, session: int, owner: str, media: tuple[PublishedMedia, ...], ssrc: int) -> None:
        self.session = session
        self.owner = owner
        self.media = media
        self.ssrc = ssrc
        """Sender of our RTCP towards it."""
        self.sources: dict[str, Source] = {}
        """By m-line id."""
        self.clock = SenderClock()
        self.log = TransportLog()
        self.layers: dict[int, ReceivedLayer] = {}
        """By SSRC."""
        self.level = NO_LEVEL
        self.octets = 0
        self.reported = (0, 0, 0, 0)
        """(time, octets, packets expected, packets received) at the last link report."""
        self.gone = (0, 0, 0)
        """(octets, expected, received) of layers that were replaced."""

    def locate(self, ssrc: int, payload_type: int, mid: str | None, rid: str | None, repaired: str | None) -> Belongs | None:
        """Where an SSRC belongs, by what the offer declares or else by mid, rid and payload type; None if it cannot be told."""
        declared = self._declared(ssrc)
        if declared is not None:
            return declared
        media = self._by_mid(mid) if mid is not None else self._by_payload_type(payload_type)
        if media is None:
            return None
        if repaired is not None or any(pt.rtx == payload_type for pt in media.payload_types):
            return self._repair(media, repaired if repaired is not None else rid)
        if not any(pt.number == payload_type for pt in media.payload_types):
            return None
        if not media.rids:
            return Belongs(media, "", None)
        return Belongs(media, rid, None) if rid in media.rids else None

    def _declared(self, ssrc: int) -> Belongs | None:
        for media in self.media:
            # With rids the rid is the index, whatever SSRCs are declared.
            if media.rids:
                continue
            if ssrc in media.ssrcs:
                return Belongs(media, "", None)
            for primary, rtx in media.ssrcs.items():
                if rtx == ssrc:
                    return Belongs(media, "", primary)
        return None

    def _repair(self, media: PublishedMedia, rid: str | None) -> Belongs | None:
        if media.rids and rid not in media.rids:
            return None
        return Belongs(media, rid or "" if media.rids else "", -1)

    def _by_mid(self, mid: str) -> PublishedMedia | None:
        return next((media for media in self.media if media.mid == mid), None)

    def _by_payload_type(self, number: int) -> PublishedMedia | None:
        fits = [media for media in self.media if any(number in (pt.number, pt.rtx) for pt in media.payload_types)]
        return fits[0] if len(fits) == 1 else None

    def totals(self) -> tuple[int, int, int]:
        """(octets, packets expected, packets received) of all layers so far."""
        octets, expected, received = self.gone
        for layer in self.layers.values():
            more = layer.expected()
            octets, expected, received = octets + layer.octets, expected + more[0], received + more[1]
        return octets, expected, received

    def drop(self, layer: ReceivedLayer) -> None:
        """Forget a layer, keeping its totals."""
        if self.layers.pop(layer.ssrc, None) is not None:
            expected, received = layer.expected()
            octets, old_expected, old_received = self.gone
            self.gone = (octets + layer.octets, old_expected + expected, old_received + received)
