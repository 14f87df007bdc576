"""Which payload type of a source fits which of a subscriber's slot (M9)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping, Sequence

from media.wire.negotiated import Codec, PayloadType

_PROFILES = {0x42: 0, 0x4D: 1, 0x58: 2, 0x64: 3}
"""H.264 profiles, each decodable by what decodes a higher one: (Constrained) Baseline, Main, Extended, High."""


def h264_profile(codec: Codec) -> tuple[int, int]:
    """(rank of the profile, packetization mode); the level is no matter, Baseline counts as Constrained Baseline (RFC 6184 8.1)."""
    text = codec.parameters.get("profile-level-id", "420010")
    try:
        profile = int(text[:2], 16)
    except ValueError:
        profile = 0x42
    # Unknown profiles rank by themselves: they fit only their own kind.
    return _PROFILES.get(profile, 0x100 + profile), int(codec.parameters.get("packetization-mode", "0") == "1")


def _fit(source: Codec, target: Codec) -> int | None:
    """How far the target's profile is above the source's; None if it cannot take it."""
    if source.name.upper() != target.name.upper() or source.clock_rate != target.clock_rate:
        return None
    name = source.name.upper()
    if name == "H264":
        (rank, mode), (other, other_mode) = h264_profile(source), h264_profile(target)
        known = rank < 0x100 and other < 0x100
        return other - rank if mode == other_mode and other >= rank and (known or rank == other) else None
    if name in ("VP9", "AV1"):
        key = "profile-id" if name == "VP9" else "profile"
        return 0 if source.parameters.get(key, "0") == target.parameters.get(key, "0") else None
    return 0


def payload_map(source: Sequence[PayloadType], target: Sequence[PayloadType]) -> dict[int, int]:
    """Source payload type → the slot's nearest fitting one; without an entry it is unplayable there."""
    result: dict[int, int] = {}
    for offered in source:
        fits = [(fit, at) for at, pt in enumerate(target) if (fit := _fit(offered.codec, pt.codec)) is not None]
        if fits:
            result[offered.number] = target[min(fits)[1]].number
    return result


def rtx_map(target: Sequence[PayloadType]) -> Mapping[int, int]:
    """The slot's payload types → those of their retransmissions (RFC 4588)."""
    return {pt.number: pt.rtx for pt in target if pt.rtx is not None}


def parameter_sets(codec: Codec) -> list[bytes]:
    """RTP payloads that carry the out-of-band H.264 parameter sets (RFC 6184 5.6, 5.7.1, 8.1); none without them or if malformed."""
    text = codec.parameters.get("sprop-parameter-sets", "")
    try:
        units = [b64decode(part, validate=True) for part in text.split(",") if part]
    except (Error, ValueError):
        return []
    if codec.name.upper() != "H264" or not 0 < len(units) <= 4 or not all(0 < len(unit) < 512 for unit in units):
        return []
    if h264_profile(codec)[1] == 0:
        return units
    # One STAP-A; its importance is the highest of its units.
    head = max(unit[0] & 0x60 for unit in units) | 24
    return [bytes((head,)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)]
