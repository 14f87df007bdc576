"""Payload descriptors of the codecs we forward: where frames begin, and which decode by themselves."""

from __future__ import annotations

from collections.abc import Callable

from media.wire.data import Data
from media.wire.payload import av1, h264, opus, vp8, vp9
from media.wire.payload.flags import ARRIVAL_MASK, FRAME_START, HAS_PPS, HAS_SPS, IDR_START, KEYFRAME

__all__ = [
    "ARRIVAL_MASK",
    "FRAME_START",
    "HAS_PPS",
    "HAS_SPS",
    "IDR_START",
    "KEYFRAME",
    "Describer",
    "describe",
    "describer",
]

Describer = Callable[[Data, int, int], int]
"""(packet, payload start, payload end) → flags; raises `MalformedPacket`."""

_DESCRIBERS: dict[str, Describer] = {
    "VP8": vp8.describe,
    "H264": h264.describe,
    "VP9": vp9.describe,
    "AV1": av1.describe,
    "OPUS": opus.describe,
}


def _nothing(data: Data, start: int, end: int) -> int:
    return 0


def describer(codec_name: str) -> Describer:
    """The function for a codec, in any case of letters; an unknown codec has no flags."""
    return _DESCRIBERS.get(codec_name.upper(), _nothing)


def describe(codec_name: str, data: Data, start: int, end: int) -> int:
    """Flags of one payload (see `flags`); a hot path takes `describer(codec_name)` once instead."""
    return describer(codec_name)(data, start, end)
