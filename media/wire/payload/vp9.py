"""VP9 payload descriptor (RFC 9628 4.2), as far as a forwarder needs it."""

from __future__ import annotations

from typing import NamedTuple

from media.errors import MalformedPacket
from media.wire.data import Data
from media.wire.payload.flags import FRAME_START, KEYFRAME

_I, _P, _L, _F, _B, _E = 0x80, 0x40, 0x20, 0x10, 0x08, 0x04


class Descriptor(NamedTuple):
    """One parsed descriptor; −1 for what is absent."""

    frame_start: bool
    """B: first packet of a layer frame."""
    frame_end: bool
    """E: last packet of a layer frame."""
    inter_predicted: bool
    """P: depends on earlier pictures."""
    picture_id: int
    tid: int
    """Temporal layer."""
    switching_up: bool
    """U: the receiver may go up to this temporal layer here."""
    sid: int
    """Spatial layer."""
    tl0: int
    """TL0PICIDX; non-flexible mode only."""


def parse(data: Data, start: int, end: int) -> Descriptor:
    """Read the descriptor of the payload `start` … `end` up to its layer indices; `MalformedPacket` if it does not fit."""
    if end <= start:
        raise MalformedPacket("vp9: empty")
    first = data[start]
    at = start + 1
    picture_id = tid = sid = tl0 = -1
    switching = False
    if first & _I:
        wide = _octet(data, at, end) & 0x80
        picture_id = (data[at] & 0x7F) << 8 | _octet(data, at + 1, end) if wide else data[at]
        at += 2 if wide else 1
    if first & _L:
        layers = _octet(data, at, end)
        tid, switching, sid = layers >> 5, bool(layers & 0x10), layers >> 1 & 7
        tl0 = -1 if first & _F else _octet(data, at + 1, end)
    return Descriptor(bool(first & _B), bool(first & _E), bool(first & _P), picture_id, tid, switching, sid, tl0)


def _octet(data: Data, at: int, end: int) -> int:
    if at >= end:
        raise MalformedPacket("vp9: descriptor past the end")
    return data[at]


def describe(data: Data, start: int, end: int) -> int:
    """`FRAME_START` and `KEYFRAME` of the payload: those of its lowest spatial layer."""
    if end <= start or not data[start] & _B:
        return 0
    descriptor = parse(data, start, end)
    if descriptor.sid > 0:
        return 0
    return FRAME_START if descriptor.inter_predicted else FRAME_START | KEYFRAME
