"""Codecs of an m-line and which of them we answer (M9, M21; RFC 8866 6.6, 6.15; RFC 4588 8; RFC 6184 8)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media.errors import BadSdp
from media.transport.sdp.parse import Section, number
from media.wire.negotiated import Codec, PayloadType

RTPMAP = re.compile(r"(\d{1,3}) +([A-Za-z0-9\-_.+]{1,32})/(\d{1,6})(?:/(\d{1,2}))? *", re.ASCII)
PROFILE_LEVEL_ID = re.compile(r"[0-9A-Fa-f]{6}")
MAX_PARAMETERS = 64
DEFAULT_H264 = "42e01f"
"""What browsers take a missing profile-level-id for."""
H264_RANKS = {0x42: 0, 0x4D: 1, 0x64: 2, 0x58: 3}
ECHOED = {
    "H264": ("packetization-mode", "profile-level-id"),
    "VP9": ("profile-id",),
    "AV1": ("profile", "tier", "level-idx"),
}
"""Parameters that say which variant of a codec a payload type means: an answer repeats them as offered."""


@dataclass(frozen=True, slots=True)
class Format:
    """One payload type of an m-line, as offered."""

    number: int
    codec: Codec
    feedback: frozenset[str]
    """`nack`, `nack pli`, `ccm fir`, `transport-cc`, `goog-remb`, … (RFC 4585 4.2)."""


def read_formats(section: Section) -> list[Format]:
    """Every payload type with an `a=rtpmap`, in the m-line's order of preference. Static types are never ours."""
    names = {int(match[1]): match for match in map(_rtpmap, section.all("rtpmap"))}
    parameters = dict(_split_number(value) for value in section.all("fmtp"))
    feedback = _feedback(section)
    found = []
    for payload in dict.fromkeys(_payload_numbers(section)):
        mapped = names.get(payload)
        if mapped is not None and not 64 <= payload <= 95:  # With the marker bit these look like RTCP (RFC 5761 4).
            codec = _codec(mapped, read_parameters(parameters.get(payload, "")))
            found.append(Format(payload, codec, feedback.get(None, frozenset()) | feedback.get(payload, frozenset())))
    return found


def read_parameters(text: str) -> dict[str, str]:
    """`a=1; B=2` → `{"a": "1", "b": "2"}`; `BadSdp` above 64 of them."""
    parts = text.split(";")
    if len(parts) > MAX_PARAMETERS:
        raise BadSdp("too many format parameters")
    pairs = (part.strip().partition("=") for part in parts if part.strip())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def choose_for_publisher(formats: Sequence[Format], kind: str, wanted: Sequence[str]) -> tuple[PayloadType, ...]:
    """The one codec we ask a publisher for, with its RTX; empty without a match.

    The first codec of `wanted` the offer has; among its variants the most widely decodable, then the offer's order.
    """
    ranked = _matches(formats, kind, wanted)
    return (_payload_type(ranked[0], formats),) if ranked else ()


def choose_for_subscriber(formats: Sequence[Format], kind: str, wanted: Sequence[str]) -> tuple[PayloadType, ...]:
    """Every codec and variant a slot may send, with its RTX, in our order of preference."""
    return tuple(_payload_type(match, formats) for match in _matches(formats, kind, wanted))


def answer_parameters(codec: Codec) -> str:
    """The `a=fmtp` of our answer without its payload type, '' if it needs none."""
    if codec.name == "opus":
        stereo = ";stereo=1" if codec.parameters.get("sprop-stereo") == "1" else ""
        return f"minptime=10;useinbandfec=1;usedtx=1{stereo}"
    echoed = [f"{name}={codec.parameters[name]}" for name in ECHOED.get(codec.name, ()) if name in codec.parameters]
    return ";".join(["level-asymmetry-allowed=1", *echoed] if codec.name == "H264" else echoed)


def _matches(formats: Sequence[Format], kind: str, wanted: Sequence[str]) -> list[Format]:
    order = {"opus": 0} if kind == "audio" else {name: rank for rank, name in enumerate(wanted)}
    rate, channels = (48000, 2) if kind == "audio" else (90000, 1)
    usable = [
        found
        for found in formats
        if found.codec.name in order and found.codec.clock_rate == rate and found.codec.channels == channels and _readable(found.codec)
    ]
    return sorted(usable, key=lambda found: (order[found.codec.name], _variant_rank(found.codec)))


def _readable(codec: Codec) -> bool:
    """Whether the parameters we would repeat are well formed."""
    if codec.name == "H264" and not PROFILE_LEVEL_ID.fullmatch(codec.parameters.get("profile-level-id", DEFAULT_H264)):
        return False
    return all(codec.parameters.get(name, "0").isalnum() for name in ECHOED.get(codec.name, ()))


def _variant_rank(codec: Codec) -> tuple[int, int]:
    """Lower is better: H.264 single-NAL mode after mode 1, Baseline = Constrained Baseline before Main and High."""
    if codec.name == "H264":
        profile = int(codec.parameters.get("profile-level-id", DEFAULT_H264)[:2], 16)
        return (0 if codec.parameters.get("packetization-mode") == "1" else 1), H264_RANKS.get(profile, 9)
    variant = codec.parameters.get({"VP9": "profile-id", "AV1": "profile"}.get(codec.name, ""), "0")
    return 0, (int(variant) if variant.isascii() and variant.isdigit() and len(variant) < 3 else 9)


def _payload_type(chosen: Format, formats: Sequence[Format]) -> PayloadType:
    apt = str(chosen.number)
    rtx = next(
        (
            found.number
            for found in formats
            if found.codec.name == "RTX" and found.codec.parameters.get("apt") == apt and found.codec.clock_rate == chosen.codec.clock_rate
        ),
        None,
    )
    return PayloadType(chosen.number, chosen.codec, rtx)


def _codec(match: re.Match[str], parameters: Mapping[str, str]) -> Codec:
    name, channels = match[2], int(match[4] or 1)
    return Codec("opus" if name.lower() == "opus" else name.upper(), int(match[3]), channels, parameters)


def _rtpmap(value: str) -> re.Match[str]:
    match = RTPMAP.fullmatch(value)
    if match is None:
        raise BadSdp(f"malformed rtpmap: {value[:24]!r}")
    return match


def _payload_numbers(section: Section) -> list[int]:
    return [number(text, 0, 127) for text in section.formats]


def _split_number(value: str) -> tuple[int, str]:
    payload, _, rest = value.strip().partition(" ")
    return number(payload, 0, 127), rest


def _feedback(section: Section) -> dict[int | None, frozenset[str]]:
    """Payload type (None: all of them) → feedback messages."""
    found: dict[int | None, set[str]] = {}
    for value in section.all("rtcp-fb"):
        payload, *words = value.lower().split()[:4] or [""]
        found.setdefault(None if payload == "*" else number(payload, 0, 127), set()).add(" ".join(words))
    return {payload: frozenset(messages) for payload, messages in found.items()}
