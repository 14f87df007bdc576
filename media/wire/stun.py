"""Quick looks into a STUN message (RFC 5389 6, RFC 8489) to find its session; integrity is the transport's to check."""

from __future__ import annotations

import struct
from typing import NamedTuple

from media.errors import MalformedPacket
from media.wire.data import Data

MAGIC_COOKIE = 0x2112A442
HEADER_SIZE = 20
BINDING = 0x001
REQUEST, INDICATION, SUCCESS, ERROR = 0, 1, 2, 3
USERNAME = 0x0006
MAX_USERNAME = 513
"""Octets (RFC 5389 15.3)."""

_HEADER = struct.Struct("!HHI")
_ATTRIBUTE = struct.Struct("!HH")


class Peek(NamedTuple):
    """What a message says before anybody has checked it."""

    method: int
    """12 bits; `BINDING` is the only one ICE uses."""
    message_class: int
    """`REQUEST`, `INDICATION`, `SUCCESS` or `ERROR`."""
    transaction: bytes
    """96 bits."""
    username: str | None
    """`<our fragment>:<their fragment>` in an ICE check."""


def is_stun(data: Data) -> bool:
    """Whether the first octets are those of a STUN message with the magic cookie."""
    return len(data) >= HEADER_SIZE and data[0] < 64 and bytes(data[4:8]) == b"\x21\x12\xa4\x42"


def peek(data: Data) -> Peek:
    """Header and USERNAME of one whole message; `MalformedPacket` if lengths do not fit."""
    if not is_stun(data):
        raise MalformedPacket("stun: no header")
    kind, length, _ = _HEADER.unpack_from(data)
    if length & 3 or length + HEADER_SIZE != len(data):
        raise MalformedPacket("stun: length")
    method = kind & 0x000F | (kind & 0x00E0) >> 1 | (kind & 0x3E00) >> 2
    return Peek(method, (kind & 0x0010) >> 4 | (kind & 0x0100) >> 7, bytes(data[8:HEADER_SIZE]), _username(data))


def _username(data: Data) -> str | None:
    """The first USERNAME attribute, walking the others by their lengths."""
    at, end = HEADER_SIZE, len(data)
    while at < end:
        kind, length = _ATTRIBUTE.unpack_from(data, at)
        at += 4
        if at + length > end:
            raise MalformedPacket("stun: attribute past the end")
        if kind == USERNAME:
            return _text(data[at : at + length])
        at += length + (-length & 3)
    return None


def _text(value: Data) -> str:
    if len(value) > MAX_USERNAME:
        raise MalformedPacket("stun: username too long")
    try:
        return bytes(value).decode()
    except UnicodeDecodeError as error:
        raise MalformedPacket("stun: username") from error
