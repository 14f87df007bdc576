"""The RTP fixed header (RFC 3550 5.1) and the demultiplexing of RTP and RTCP on one port (RFC 5761 4)."""

from __future__ import annotations

import struct
from typing import NamedTuple

from media.errors import MalformedPacket
from media.wire.data import Data

HEADER_SIZE = 12
_FIXED = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")
_VERSION = 0x80
_PADDING = 0x20
_EXTENDED = 0x10
_MARKER = 0x80


class Header(NamedTuple):
    """One parsed header. Offsets are octets from the start of the packet."""

    marker: bool
    payload_type: int
    sequence: int
    """16 bits."""
    timestamp: int
    """32 bits."""
    ssrc: int
    payload_offset: int
    payload_end: int
    """End of the payload without padding; equal to `payload_offset` for a padding-only packet."""
    extension_profile: int
    """`0xBEDE` one-byte, `0x100X` two-byte elements (RFC 8285), 0 without extension."""
    extension_offset: int
    """First octet of the extension elements, after profile and length."""
    extension_end: int


def is_rtcp(byte1: int) -> bool:
    """Whether the packet's second octet says RTCP: packet types 192–223 (RFC 5761 4)."""
    return 192 <= byte1 <= 223


def parse(data: Data) -> Header:
    """Read the header of a whole packet; `MalformedPacket` for a wrong version or lengths that do not fit."""
    size = len(data)
    if size < HEADER_SIZE:
        raise MalformedPacket("rtp: shorter than its header")
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    if first & 0xC0 != _VERSION:
        raise MalformedPacket("rtp: version")
    offset = HEADER_SIZE + ((first & 0x0F) << 2)
    profile = extension = extension_end = 0
    if first & _EXTENDED:
        profile, extension, extension_end = _extension(data, offset)
        offset = extension_end
    if offset > size:
        raise MalformedPacket("rtp: header past the end")
    end = size - _padding(data, size - offset) if first & _PADDING else size
    return Header(second > 127, second & 0x7F, sequence, timestamp, ssrc, offset, end, profile, extension, extension_end)


def _extension(data: Data, offset: int) -> tuple[int, int, int]:
    """Profile, first octet and end of the extension block at `offset`."""
    if offset + 4 > len(data):
        raise MalformedPacket("rtp: extension past the end")
    profile, words = _EXTENSION.unpack_from(data, offset)
    return profile, offset + 4, offset + 4 + (words << 2)


def _padding(data: Data, room: int) -> int:
    """Octets of padding, which the last octet counts, itself included."""
    padding = data[-1]
    if not 0 < padding <= room:
        raise MalformedPacket("rtp: padding")
    return padding


def write_header(
    into: bytearray | memoryview,
    offset: int,
    *,
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    marker: bool = False,
    padding: bool = False,
    extension: bytes = b"",
) -> int:
    """Write a header at `offset` and return the offset of the payload.

    Sequence and timestamp may be extended: they are truncated here. `extension` is a whole block as `extensions.build` makes
    it. With `padding` the caller writes the padding octets. `into` must have the room.
    """
    first = _VERSION | (_PADDING if padding else 0) | (_EXTENDED if extension else 0)
    second = payload_type | (_MARKER if marker else 0)
    _FIXED.pack_into(into, offset, first, second, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    offset += HEADER_SIZE
    if extension:
        end = offset + len(extension)
        into[offset:end] = extension
        return end
    return offset
