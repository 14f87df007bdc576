"""What an SDP offer and our answer agreed on: made by `transport.sdp`, read by `relay`. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["audio", "video"]


@dataclass(frozen=True, slots=True)
class Codec:
    """One codec as SDP names it, without its payload type."""

    name: str
    """Upper case for video (`VP8`, `H264`, `VP9`, `AV1`), `opus` for audio."""
    clock_rate: int
    """RTP ticks per second: 90000 for video, 48000 for opus."""
    channels: int = 1
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The `a=fmtp` parameters, names in lower case."""


@dataclass(frozen=True, slots=True)
class PayloadType:
    """A codec under the payload type one session uses for it."""

    number: int
    codec: Codec
    rtx: int | None = None
    """Payload type of its retransmissions (RFC 4588), if negotiated."""


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """Header extension ids (RFC 8285) of one m-line; 0 means not negotiated."""

    mid: int = 0
    rid: int = 0
    repaired_rid: int = 0
    audio_level: int = 0
    abs_send_time: int = 0
    transport_cc: int = 0


@dataclass(frozen=True, slots=True)
class PublishedMedia:
    """One m-line of a publisher: what we will receive on it."""

    mid: str
    kind: Kind
    source: str
    """The publisher's own word for it: `mic`, `camera`, `screen` (M31)."""
    payload_types: tuple[PayloadType, ...]
    extensions: ExtensionIds
    rids: tuple[str, ...] = ()
    """Simulcast restriction ids in the offer's order; empty without simulcast."""
    ssrcs: Mapping[int, int | None] = field(default_factory=dict)
    """SSRC → its RTX SSRC, where the offer declares them."""
    nack: bool = False
    pli: bool = False
    transport_cc: bool = False


@dataclass(frozen=True, slots=True)
class SubscribedSlot:
    """One recvonly m-line of a subscriber: what we send on it (M9, M10, M30)."""

    mid: str
    kind: Kind
    slot: str
    """`program.camera`, `stage.1.audio`, `wall.3.video`, or `plain.1` for an unnamed m-line."""
    payload_types: tuple[PayloadType, ...]
    """Every codec both sides accept, with the subscriber's numbers."""
    extensions: ExtensionIds
    ssrc: int
    rtx_ssrc: int | None
    cname: str
    nack: bool = False
