"""Retransmission payloads (RFC 4588 4): the original sequence number, then the original payload."""

from __future__ import annotations

from media.errors import MalformedPacket
from media.wire.data import Data
from media.wire.rtp import Header

OSN_SIZE = 2


def original_sequence(data: Data, header: Header) -> int | None:
    """The 16-bit sequence of the packet that is repeated; None for a padding-only probe, which repeats nothing."""
    start, end = header.payload_offset, header.payload_end
    if start == end:
        return None
    if end - start < OSN_SIZE:
        raise MalformedPacket("rtx: no original sequence number")
    return data[start] << 8 | data[start + 1]
