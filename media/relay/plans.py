"""What the server wants of relay, and what relay tells it: small values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from media.wire.negotiated import Codec, Kind

Quality = Literal["low", "high"]
Why = Literal["playing", "empty", "waiting", "refused", "unplayable"]


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """One source of a publisher, by the server's opaque key."""

    name: str
    """The publisher's word for it: `mic`, `camera`, `screen`; unused where the key alone says which."""
    key: str
    labels: frozenset[str]
    """It reaches a session only with a common label (M27)."""
    muted: bool = False
    """Its packets go to nobody (an off-stage microphone, M32)."""


@dataclass(frozen=True, slots=True)
class SlotWish:
    """What should feed one slot."""

    sources: tuple[str, ...]
    """Source keys, the default first. Several audio keys: the loudest; several video keys: the first that is live."""
    quality: Quality = "high"


@dataclass(frozen=True, slots=True)
class SourceUpdate:
    """A source went live or silent, or changed codec or layers."""

    key: str
    session: int
    name: str
    kind: Kind
    live: bool
    codec: str
    layers: tuple[str, ...]
    """Restriction ids that are live now, smallest first; empty without simulcast."""


@dataclass(frozen=True, slots=True)
class SlotUpdate:
    """A slot shows something else now."""

    session: int
    slot: str
    key: str | None
    """Source whose packets are being sent."""
    why: Why


RelayEvent = SourceUpdate | SlotUpdate


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """One track of a recording."""

    name: str
    """Where it belongs in the program."""
    key: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class TrackBegun:
    """From here on the sink gets packets of one stream: one SSRC, one codec."""

    recording: str
    sink: int
    """A new number for each beginning."""
    name: str
    codec: Codec
    payload_type: int
    layer: int
    """Of simulcast, from the smallest."""
    at: int


@dataclass(frozen=True, slots=True)
class TrackMoment:
    """An extended RTP timestamp of the sink's stream, and when that was captured on our clock, ns."""

    recording: str
    sink: int
    rtp: int
    at: int


@dataclass(frozen=True, slots=True)
class TrackOver:
    """The sink gets nothing more."""

    recording: str
    sink: int
    at: int
    gone: bool = False
    """It is wanted still, but its source is no longer there, or begins anew."""


@dataclass(frozen=True, slots=True)
class TracksKnown:
    """The tracks of a recording whose source is fed now and may be captured."""

    recording: str
    names: tuple[str, ...]


CaptureEvent = TrackBegun | TrackMoment | TrackOver | TracksKnown


@dataclass(frozen=True, slots=True)
class LinkReport:
    """Link health of one session since the last report."""

    session: int
    rtt_ms: float
    """−1 while unknown (publishers always)."""
    loss: float
    """0 … 1: of a publisher's packets before retransmission, or as a subscriber's receiver reports say."""
    kbit_in: float
    kbit_out: float
    audio_level: float
    """Loudest packet, −dBov; 127 silent."""
