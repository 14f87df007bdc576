"""The common header of every RTCP packet (RFC 3550 6.1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from media.errors import MalformedPacket
from media.wire.data import Data

_HEADER = struct.Struct("!BBH")
_PADDING = 0x20


class Chunk(NamedTuple):
    """One packet of a compound, its contents not yet read."""

    number: int
    """5 bits: report count, source count or feedback message type."""
    packet_type: int
    body: bytes
    """After the 4 octets of the common header, padding removed."""


def pack(count: int, packet_type: int, body: bytes) -> bytes:
    """A packet from its body, filled with zeros to 32 bits."""
    body += bytes(-len(body) % 4)
    return _HEADER.pack(0x80 | count, packet_type, len(body) >> 2) + body


def split(data: Data) -> Iterator[Chunk]:
    """The packets of a compound in order; reduced size is welcome (RFC 5506). `MalformedPacket` if lengths do not add up."""
    at, size = 0, len(data)
    if not size:
        raise MalformedPacket("rtcp: empty")
    while at < size:
        if at + 4 > size:
            raise MalformedPacket("rtcp: shorter than its header")
        first, packet_type, words = _HEADER.unpack_from(data, at)
        end = at + 4 + (words << 2)
        if first & 0xC0 != 0x80 or end > size:
            raise MalformedPacket("rtcp: version or length")
        body = bytes(data[at + 4 : end])
        yield Chunk(first & 0x1F, packet_type, _unpadded(body) if first & _PADDING else body)
        at = end


def _unpadded(body: bytes) -> bytes:
    """The body without its padding.

    Any count that fits, on any packet of a compound: RFC 3550 6.4.1 wants words and the last packet only, but libwebrtc fills
    its transport feedback with 1–3 counted octets wherever it stands.
    """
    padding = body[-1] if body else 0
    if not 0 < padding <= len(body):
        raise MalformedPacket("rtcp: padding")
    return body[:-padding]
