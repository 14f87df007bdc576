"""AV1 out of RTP (RTP Payload Format for AV1 4.4): the OBUs of a temporal unit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from media.errors import MalformedPacket
from media.wire.payload.av1 import SEQUENCE_HEADER

_Z, _Y = 0x80, 0x40
_DELIMITER, _TILE_LIST, _PADDING = 2, 8, 15
_HAS_SIZE, _HAS_EXTENSION = 0x02, 0x04


def units(payloads: Sequence[bytes]) -> list[bytes] | None:
    """Its OBUs as sent; None where the first does not begin here. Raises `MalformedPacket`."""
    found: list[bytes] = []
    open_unit = b""
    for payload in payloads:
        if not payload:
            raise MalformedPacket("av1: empty")
        elements = list(_elements(payload))
        if payload[0] & _Z:
            if not open_unit:
                return None
            elements[0] = open_unit + elements[0]
        elif open_unit:
            raise MalformedPacket("av1: a fragment is missing")
        open_unit = elements.pop() if payload[0] & _Y else b""
        found += elements
    if open_unit:
        raise MalformedPacket("av1: the last fragment is missing")
    return [unit for unit in found if unit]


def _elements(payload: bytes) -> Iterator[bytes]:
    """By the count in W, the last without a length; or all with one."""
    count = payload[0] >> 4 & 3
    at, number = 1, 0
    while at < len(payload):
        number += 1
        size = len(payload) - at
        if number != count:
            size, at = _leb128(payload, at)
        if size > len(payload) - at:
            raise MalformedPacket("av1: element past the end")
        yield payload[at : at + size]
        at += size
    if number < max(1, count):
        raise MalformedPacket("av1: fewer elements than said")


def sequence_header(found: Sequence[bytes]) -> bytes:
    """With its size; empty without one: then the unit does not decode by itself."""
    return next((_sized(unit) for unit in found if unit[0] >> 3 & 15 == SEQUENCE_HEADER), b"")


def temporal_unit(found: Sequence[bytes]) -> bytes:
    """As containers hold it: each OBU with its size, no delimiters."""
    return b"".join(_sized(unit) for unit in found if unit[0] >> 3 & 15 not in (_DELIMITER, _TILE_LIST, _PADDING))


def _sized(unit: bytes) -> bytes:
    if unit[0] & _HAS_SIZE:
        return unit
    head = 2 if unit[0] & _HAS_EXTENSION else 1
    return bytes((unit[0] | _HAS_SIZE,)) + unit[1:head] + _to_leb128(len(unit) - head) + unit[head:]


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        if at + index >= len(data):
            break
        value |= (data[at + index] & 0x7F) << (7 * index)
        if data[at + index] < 128:
            return value, at + index + 1
    raise MalformedPacket("av1: length")


def _to_leb128(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
