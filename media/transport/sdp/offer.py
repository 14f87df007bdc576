"""What an offer means as a whole: its BUNDLE group, which m-lines can be used, and the far transport."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from media.errors import BadSdp, UnacceptableOffer
from media.transport.sdp.parse import Attributes, Description, Section, first, parse, token
from media.transport.sdp.values import Peer, Setup

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
PROTOCOLS = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"})
"""RFC 8829 5.1.2: any of them is to be read as the first."""
HASH_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Weaker hashes are not looked at (RFC 8827 6.5 demands SHA-256 or better)."""
ICE_WORD = re.compile(r"[A-Za-z0-9+/=_\-]{4,256}")
"""RFC 8839 5.4, and the characters some clients use beyond its `ice-char`."""
SETUPS: dict[str, Setup] = {"actpass": "actpass", "active": "active", "passive": "passive"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A parsed offer with what it says of the transport."""

    description: Description
    peer: Peer
    bundle: tuple[str, ...] | None
    """Mids of the BUNDLE group; None: no group, a single m-line."""
    tagged: int
    """Index of the m-line whose transport all share (RFC 9143 7.2)."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """The m-lines."""
        return self.description.sections

    @property
    def allow_mixed(self) -> bool:
        """Session-wide `extmap-allow-mixed` (RFC 8285 6)."""
        return "extmap-allow-mixed" in self.description.attributes

    def usable(self, directions: Sequence[str]) -> list[int]:
        """Indices of the audio and video m-lines we can answer, if their direction is one of `directions`."""
        return [
            index for index, section in enumerate(self.sections) if self.carries_media(section) and self.direction(section) in directions
        ]

    def direction(self, section: Section) -> str:
        """The m-line's direction, the session's if it has none, else `sendrecv` (RFC 8866 6.7)."""
        for attributes in (section.attributes, self.description.attributes):
            for name in DIRECTIONS:
                if name in attributes:
                    return name
        return "sendrecv"

    def carries_media(self, section: Section) -> bool:
        """Whether it is an audio or video m-line of the bundle that is not rejected already (RFC 9143 7.2.1, RFC 8834 4.5)."""
        return (
            section.kind in ("audio", "video")
            and section.protocol in PROTOCOLS
            and "rtcp-mux" in section.attributes
            and (section.port != 0 or "bundle-only" in section.attributes)
            and (self.bundle is None or section.first("mid") in self.bundle)
        )


def read_offer(text: str) -> Offer:
    """Parse an offer. `BadSdp` if it cannot be read, `UnacceptableOffer` without BUNDLE, rtcp-mux, ICE or DTLS."""
    description = parse(text)
    if not description.sections:
        raise UnacceptableOffer("no m-lines")
    _check_mids(description)
    bundle = _bundle(description)
    if not any("rtcp-mux" in section.attributes for section in description.sections):
        raise UnacceptableOffer("rtcp-mux is required (RFC 8834 4.5)")
    tagged = _tagged(description, bundle)
    return Offer(description, _peer(description, description.sections[tagged]), bundle, tagged)


def read_credentials(levels: Sequence[Attributes]) -> tuple[str, str] | None:
    """ICE user fragment and password of the first level that has them (RFC 8839 5.4); None if none has."""
    for attributes in levels:
        ufrag, pwd = first(attributes, "ice-ufrag"), first(attributes, "ice-pwd")
        if ufrag is None and pwd is None:
            continue
        if not (ufrag and pwd and ICE_WORD.fullmatch(ufrag) and ICE_WORD.fullmatch(pwd) and len(pwd) >= 22):
            raise BadSdp("malformed ICE credentials")
        return ufrag, pwd
    return None


def _check_mids(description: Description) -> None:
    mids = [token(mid) for section in description.sections if (mid := section.first("mid")) is not None]
    if len(set(mids)) != len(mids):
        raise BadSdp("two m-lines with one mid")


def _bundle(description: Description) -> tuple[str, ...] | None:
    for value in description.attributes.get("group", ()):
        semantics, *mids = value.split()[:65] or [""]
        if semantics == "BUNDLE":
            return tuple(mids)
    if len(description.sections) > 1:
        raise UnacceptableOffer("BUNDLE is required (RFC 9143)")
    return None


def _tagged(description: Description, bundle: tuple[str, ...] | None) -> int:
    by_mid = {section.first("mid"): index for index, section in enumerate(description.sections)}
    found = next((by_mid[mid] for mid in bundle or () if mid in by_mid), None)
    if found is None and bundle is not None:
        raise UnacceptableOffer("BUNDLE group names no m-line")
    return found or 0


def _peer(description: Description, tagged: Section) -> Peer:
    session = description.attributes
    levels = [tagged.attributes, session, *(section.attributes for section in description.sections)]
    credentials = read_credentials(levels)
    fingerprints = next((found for level in levels if (found := _fingerprints(level))), ())
    if credentials is None or not fingerprints:
        raise UnacceptableOffer("no ICE credentials or no DTLS fingerprint of SHA-256 or better")
    options = " ".join((first(session, "ice-options") or "", first(tagged.attributes, "ice-options") or "")).replace(",", " ").split()
    return Peer(
        ufrag=credentials[0],
        pwd=credentials[1],
        fingerprints=fingerprints,
        setup=_setup(levels),
        ice_lite="ice-lite" in session,
        trickle="trickle" in options,
        end_of_candidates="end-of-candidates" in tagged.attributes or "end-of-candidates" in session,
    )


def _setup(levels: Sequence[Attributes]) -> Setup:
    value = next((found for level in levels if (found := first(level, "setup")) is not None), "actpass")
    if value not in SETUPS:
        raise UnacceptableOffer(f"DTLS role {value[:16]!r} cannot be answered")
    return SETUPS[value]


def _fingerprints(attributes: Attributes) -> tuple[tuple[str, str], ...]:
    found = []
    for value in attributes.get("fingerprint", ())[:16]:
        name, _, digits = value.strip().partition(" ")
        length = HASH_BYTES.get(name.lower())
        if length is not None:
            if not re.fullmatch(rf"[0-9A-Fa-f]{{2}}(:[0-9A-Fa-f]{{2}}){{{length - 1}}}", digits.strip()):
                raise BadSdp("malformed fingerprint")
            found.append((name.lower(), digits.strip().upper()))
    return tuple(found)
