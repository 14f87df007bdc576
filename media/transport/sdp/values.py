"""The plain data that goes into and comes out of an SDP answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal

from media.wire.negotiated import PublishedMedia, SubscribedSlot

Setup = Literal["actpass", "active", "passive"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One ICE candidate (RFC 8839 5.1, RFC 6544 4.5). Ours are host candidates; a peer's may be of any type."""

    foundation: str
    component: int
    transport: Literal["udp", "tcp"]
    priority: int
    ip: str
    """An address; in a peer's candidate possibly a host name (`….local`)."""
    port: int
    tcptype: str | None = None
    """`active`, `passive` or `so`, for TCP only."""
    typ: str = "host"

    def to_sdp(self) -> str:
        """The attribute without `a=`: `candidate:1 1 udp 2130706431 192.0.2.1 7000 typ host`."""
        line = f"candidate:{self.foundation} {self.component} {self.transport} {self.priority} {self.ip} {self.port} typ {self.typ}"
        return line if self.tcptype is None else f"{line} tcptype {self.tcptype}"

    @property
    def version(self) -> int:
        """4 or 6, 0 for a host name."""
        try:
            return ip_address(self.ip).version
        except ValueError:
            return 0


@dataclass(frozen=True, slots=True)
class Local:
    """Our side of the transport: one per ICE session."""

    ufrag: str
    pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    """(hash function, colon-separated upper-case hex) of our certificate, RFC 8122 5."""
    candidates: tuple[Candidate, ...]
    session_name: str = "-"
    origin_id: int = 0
    """Numeric session id of the `o=` line, < 2^63 (RFC 8829 5.2.1)."""
    origin_version: int = 1


@dataclass(frozen=True, slots=True)
class Peer:
    """What an offer says of the far transport."""

    ufrag: str
    pwd: str
    fingerprints: tuple[tuple[str, str], ...]
    """(hash function in lower case, upper-case hex); at least one of SHA-256, SHA-384, SHA-512."""
    setup: Setup
    ice_lite: bool = False
    trickle: bool = False
    end_of_candidates: bool = False

    @property
    def our_setup(self) -> Literal["active", "passive"]:
        """Our DTLS role (M24): client only towards a peer that insists on being the server."""
        return "active" if self.setup == "passive" else "passive"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the lesson allows (M9)."""

    video_codecs: tuple[str, ...] = ("VP8", "H264")
    """In order of preference, of `VP8`, `H264`, `VP9`, `AV1`."""


@dataclass(frozen=True, slots=True)
class PublisherAnswer:
    """The answer to a WHIP offer."""

    sdp: str
    media: tuple[PublishedMedia, ...]
    """The accepted m-lines, in the offer's order."""
    peer: Peer


@dataclass(frozen=True, slots=True)
class SubscriberAnswer:
    """The answer to a WHEP offer."""

    sdp: str
    slots: tuple[SubscribedSlot, ...]
    """The accepted m-lines, in the offer's order."""
    peer: Peer


@dataclass(frozen=True, slots=True)
class Fragment:
    """A trickle or ICE-restart fragment (RFC 8840 9)."""

    ufrag: str | None = None
    pwd: str | None = None
    candidates: tuple[Candidate, ...] = field(default=())
    end_of_candidates: bool = False
