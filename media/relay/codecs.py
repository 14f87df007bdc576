"""Which payload type of a source fits which of a subscriber's slot (M9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from media.errors import MalformedPacket
from media.wire.negotiated import Codec, PayloadType
from media.wire.payload import h264

MAX_SETS, MAX_SET = 4, 512
"""Out-of-band parameter sets of one codec, and octets of one: more is refused."""
_PROFILES = {0x42: 0, 0x4D: 1, 0x58: 2, 0x64: 3}
"""H.264 profiles, each decodable by what decodes a higher one: (Constrained) Baseline, Main, Extended, High."""


def h264_profile(codec: Codec) -> tuple[int, int | None]:
    """(rank of the profile, packetization mode); the level is no matter, Baseline counts as Constrained Baseline (RFC 6184 8.1).

    The mode is None if it is not named: RFC 6184 8.1 means 0 then, but who writes no parameters (webrtcbin) takes every mode.
    """
    text = codec.parameters.get("profile-level-id", "420010")
    try:
        profile = int(text[:2], 16)
    except ValueError:
        profile = 0x42
    # Unknown profiles rank by themselves: they fit only their own kind.
    mode = codec.parameters.get("packetization-mode")
    return _PROFILES.get(profile, 0x100 + profile), None if mode is None else int(mode == "1")


def _fit(source: Codec, target: Codec) -> int | None:
    """How far the target is from the source, 0 at best; None if it cannot take it."""
    if source.name.upper() != target.name.upper() or source.clock_rate != target.clock_rate:
        return None
    name = source.name.upper()
    if name == "H264":
        return _fit_h264(h264_profile(source), h264_profile(target))
    if name in ("VP9", "AV1"):
        key = "profile-id" if name == "VP9" else "profile"
        return 0 if source.parameters.get(key, "0") == target.parameters.get(key, "0") else None
    return 0


def _fit_h264(source: tuple[int, int | None], target: tuple[int, int | None]) -> int | None:
    """The nearest profile above counts first, then whether the packetization mode is named."""
    (rank, mode), (other, other_mode) = source, target
    known = rank < 0x100 and other < 0x100
    same_mode = mode == other_mode or mode is None or other_mode is None
    if not same_mode or other < rank or not (known or rank == other):
        return None
    return 2 * (other - rank) + (mode != other_mode)


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
    if codec.name.upper() != "H264":
        return []
    try:
        units = h264.parameter_sets(codec.parameters.get("sprop-parameter-sets", ""))
    except MalformedPacket:
        return []
    if len(units) > MAX_SETS or any(len(unit) >= MAX_SET for unit in units):
        return []
    return h264.parameter_payloads(units) if h264_profile(codec)[1] == 1 else units
