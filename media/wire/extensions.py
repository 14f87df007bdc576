"""RTP header extension elements, one- and two-byte form (RFC 8285 4.2, 4.3), and the values of those we use."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from media.errors import MalformedPacket
from media.wire.data import Data
from media.wire.rtp import Header

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

ONE_BYTE = 0xBEDE
TWO_BYTE = 0x1000
_BLOCK = struct.Struct("!HH")
_ABS_SECONDS = 64
_ABS_FRACTION = 18

Element = tuple[int, int, int]
"""(id, first octet, end) of one element, offsets in the packet."""


def elements(data: Data, header: Header) -> list[Element]:
    """Every element in order, in one pass; `MalformedPacket` if one runs past the block. Other profiles give none."""
    profile = header.extension_profile
    if profile == ONE_BYTE:
        return _one_byte(data, header.extension_offset, header.extension_end)
    if profile & 0xFFF0 == TWO_BYTE:
        return _two_byte(data, header.extension_offset, header.extension_end)
    return []


def _one_byte(data: Data, at: int, end: int) -> list[Element]:
    found: list[Element] = []
    while at < end:
        head = data[at]
        at += 1
        if head == 0:
            continue
        ident = head >> 4
        if ident in (0, 15):  # Reserved: what follows is not to be read (RFC 8285 4.2).
            break
        stop = at + (head & 15) + 1
        if stop > end:
            raise MalformedPacket("extension: element past the end")
        found.append((ident, at, stop))
        at = stop
    return found


def _two_byte(data: Data, at: int, end: int) -> list[Element]:
    found: list[Element] = []
    while at < end:
        ident = data[at]
        at += 1
        if ident == 0:
            continue
        if at >= end:
            raise MalformedPacket("extension: no length")
        stop = at + 1 + data[at]
        if stop > end:
            raise MalformedPacket("extension: element past the end")
        found.append((ident, at + 1, stop))
        at = stop
    return found


def find(data: Data, header: Header, ext_id: int) -> memoryview | None:
    """The value of the first element with this id, without a copy; None if there is none."""
    for ident, start, stop in elements(data, header):
        if ident == ext_id:
            return memoryview(data)[start:stop]
    return None


def parse_all(data: Data, header: Header) -> dict[int, bytes]:
    """Id → value of every element; of a repeated id the first counts."""
    values: dict[int, bytes] = {}
    for ident, start, stop in elements(data, header):
        values.setdefault(ident, bytes(data[start:stop]))
    return values


def build(items: Sequence[tuple[int, bytes]]) -> bytes:
    """The whole block — profile, length, elements, padding to 32 bits — for `rtp.write_header`; empty without items.

    One-byte form if every id is 1–14 and every value has 1–16 octets, else two-byte form (ids 1–255, values ≤ 255 octets);
    `ValueError` for what fits neither.
    """
    if not items:
        return b""
    body = bytearray()
    one_byte = all(0 < ident < 15 and 0 < len(value) <= 16 for ident, value in items)
    for ident, value in items:
        if not 0 < ident < 256:
            raise ValueError(f"extension id {ident}")
        body += bytes((ident << 4 | len(value) - 1,)) if one_byte else bytes((ident, len(value)))
        body += value
    body += bytes(-len(body) % 4)
    return _BLOCK.pack(ONE_BYTE if one_byte else TWO_BYTE, len(body) >> 2) + body


def audio_level(value: Data) -> tuple[bool, int]:
    """(voice, level in −dBov: 0 loudest … 127 silent) of RFC 6464 3."""
    if not len(value):
        raise MalformedPacket("audio level: empty")
    return value[0] > 127, value[0] & 0x7F


def transport_sequence(value: Data) -> int:
    """The transport-wide sequence number, 16 bits."""
    if len(value) < 2:
        raise MalformedPacket("transport-cc: too short")
    return value[0] << 8 | value[1]


def abs_send_time(value: Data) -> float:
    """Seconds, in [0, 64): 24 bits of 6.18 fixed point."""
    if len(value) != 3:
        raise MalformedPacket("abs-send-time: not 3 octets")
    return (value[0] << 16 | value[1] << 8 | value[2]) / (1 << _ABS_FRACTION)


def build_abs_send_time(seconds: float) -> bytes:
    """The 3 octets for a time in seconds of any clock; whole minutes and more wrap at 64 s."""
    return (int(seconds % _ABS_SECONDS * (1 << _ABS_FRACTION)) & 0xFFFFFF).to_bytes(3, "big")
