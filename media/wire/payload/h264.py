"""H.264 payload structures (RFC 6184 5): single NAL unit, STAP-A, FU-A; parameter sets from SDP (8.1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from media.errors import MalformedPacket
from media.wire.data import Data
from media.wire.payload.flags import FRAME_START, HAS_PPS, HAS_SPS, IDR_START, KEYFRAME

SLICE, IDR, SEI, SPS, PPS, AUD = 1, 5, 6, 7, 8, 9
STAP_A, FU_A = 24, 28
MAX_PAYLOAD = 1200
"""Octets of a payload that no path fragments."""
_MAX_SPROP = 8192

_ALONE = {SPS: HAS_SPS | KEYFRAME | FRAME_START, PPS: HAS_PPS | FRAME_START, SEI: FRAME_START, AUD: FRAME_START}


def describe(data: Data, start: int, end: int) -> int:
    """Flags of the payload; `MalformedPacket` if it does not hold what it says.

    `KEYFRAME` is set with an SPS; `IDR_START` leaves it to the caller (see `flags`). `FRAME_START` is a hint: parameter sets,
    SEI, delimiters and slices with first_mb_in_slice = 0 begin an access unit only if its timestamp is new.
    """
    if end <= start:
        return 0
    kind = data[start] & 0x1F
    if kind == FU_A:
        return _fragment(data, start, end)
    if kind == STAP_A:
        return _aggregate(data, start, end)
    return _unit(data, start, end)


def _unit(data: Data, start: int, end: int) -> int:
    """Flags of one whole NAL unit."""
    kind = data[start] & 0x1F
    if kind in (SLICE, IDR):
        return _slice(kind, start + 1 < end and data[start + 1] > 127)
    return _ALONE.get(kind, 0)


def _slice(kind: int, first: bool) -> int:
    """Flags of a slice; first_mb_in_slice is an Exp-Golomb number, 0 if its first bit is set."""
    if not first:
        return 0
    return IDR_START | FRAME_START if kind == IDR else FRAME_START


def _fragment(data: Data, start: int, end: int) -> int:
    """Flags of an FU-A: only its first fragment has any."""
    if end - start < 3:
        raise MalformedPacket("h264: fragment too short")
    header = data[start + 1]
    kind = header & 0x1F
    if not header & 0x80:
        return 0
    return _slice(kind, data[start + 2] > 127) if kind in (SLICE, IDR) else _ALONE.get(kind, 0)


def _aggregate(data: Data, start: int, end: int) -> int:
    """Flags of all units of a STAP-A."""
    flags = 0
    at = start + 1
    while at < end:
        if at + 2 > end:
            raise MalformedPacket("h264: aggregate size")
        size = data[at] << 8 | data[at + 1]
        at += 2
        if not 0 < size <= end - at:
            raise MalformedPacket("h264: aggregated unit past the end")
        flags |= _unit(data, at, at + size)
        at += size
    return flags


def parameter_sets(sprop: str) -> list[bytes]:
    """NAL units of `sprop-parameter-sets` (RFC 6184 8.1); `MalformedPacket` for bad Base64, an empty or a fragment unit."""
    if len(sprop) > _MAX_SPROP:
        raise MalformedPacket("h264: sprop-parameter-sets too long")
    try:
        units = [base64.b64decode(part.strip(), validate=True) for part in sprop.split(",") if part.strip()]
    except (binascii.Error, ValueError) as error:
        raise MalformedPacket("h264: sprop-parameter-sets") from error
    if any(not unit or not 0 < unit[0] & 0x1F < STAP_A for unit in units):
        raise MalformedPacket("h264: parameter set")
    return units


def stap_a(units: Sequence[bytes]) -> bytes:
    """One payload with all units in order (5.7.1); `ValueError` without units."""
    if not units:
        raise ValueError("nothing to aggregate")
    indicator = max(unit[0] & 0x60 for unit in units) | STAP_A
    return bytes((indicator,)) + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


def parameter_payloads(units: Sequence[bytes], limit: int = MAX_PAYLOAD) -> list[bytes]:
    """RTP payloads for parameter sets: one STAP-A if it fits, else each unit alone (all under one timestamp, no marker)."""
    if len(units) > 1 and 1 + sum(2 + len(unit) for unit in units) <= limit:
        return [stap_a(units)]
    return [bytes(unit) for unit in units]
