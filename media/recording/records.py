"""What a capture file holds, record by record: payloads of received RTP packets, and what is needed to play them (M4's sink row). Pure.

Times are nanoseconds of the worker's monotonic clock; a `ClockMap` says which moment of the lesson one of them is (S18).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal

import msgspec

Reason = Literal["publisher", "worker", "disk", "queue", "damage"]
"""Why something is missing: the publisher's link, a crash of the worker, the disk, a writer too slow for it, a damaged file."""

_PACKET = struct.Struct("<BHBBqqqH")
"""Kind, track, layer, payload kind, extended sequence number, extended timestamp, arrival, bytes of the payload that follows."""
_OTHER = struct.Struct("<BI")
"""Kind, bytes of the MessagePack map that follows."""


class BadRecord(ValueError):
    """Bytes that are no record. Blocks are checked before they are read, so it was written wrongly."""


class Packet(msgspec.Struct, frozen=True):
    """One RTP packet (RFC 3550) as the relay's ring holds it: without SRTP, padding and header extensions."""

    track: int
    layer: int
    """Of simulcast, from the smallest; 0 where there is one."""
    kind: int
    """As in RTP's second octet: 0x80 for the marker, and the payload type."""
    seq: int
    """Extended sequence number, the gaps of padding-only packets closed."""
    timestamp: int
    """Extended RTP timestamp."""
    arrival: int
    payload: bytes


class TrackBegan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From here on packets of this number mean this. Each number is one SSRC with one codec, its sequence numbers and timestamps those of
    that stream; what goes on after another codec, layer or publisher is the next number with the same `source`.

    Told again, the same, every ten seconds and after each `Gap`: a hole in the file costs no more than that.
    """

    track: int
    source: str
    """Where it belongs in the program: `camera`, `screen`, `mic`, or `stage.N.video`, `stage.N.audio`."""
    codec: str
    """As in SDP: `H264`, `VP8`, `opus`."""
    clock_rate: int
    payload_type: int
    parameters: str = ""
    """SDP's format parameters, as `a=fmtp` has them: H.264 may carry its parameter sets there only."""
    at: int
    """When it began, also where it is told again."""


class TrackEnded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nothing of it follows."""

    track: int
    at: int
    gone: bool = False
    """It is still wanted, but its source is no longer there: until the next track of its source that is a gap, the publisher's. Without
    this it left the program or the stage, or the recording is paused.
    """


class ClockMap(msgspec.Struct, frozen=True, kw_only=True):
    """One moment of a track, by three clocks."""

    track: int
    rtp: int
    """RTP timestamp, extended."""
    at: int
    lesson: int
    """Milliseconds on the lesson clock."""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Something that should be here is not. One with the same `begin` as another before it replaces that: it lasted longer."""

    track: int | None
    """None: of all tracks."""
    begin: int
    end: int
    why: Reason


class TakeEnded(msgspec.Struct, frozen=True, kw_only=True):
    """The file was closed on purpose; one without this was cut."""

    at: int


Record = Packet | TrackBegan | TrackEnded | ClockMap | Gap | TakeEnded
_KINDS: dict[int, type[msgspec.Struct]] = {1: Packet, 2: TrackBegan, 3: TrackEnded, 4: ClockMap, 5: Gap, 6: TakeEnded}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
_ENCODER = msgspec.msgpack.Encoder()
_DECODERS = {number: msgspec.msgpack.Decoder(kind) for number, kind in _KINDS.items() if kind is not Packet}


def encode(record: Record) -> bytes:
    """The bytes of one record. Raises `struct.error` for numbers that do not fit."""
    if isinstance(record, Packet):
        p = record
        return encode_packet(p.track, p.layer, p.kind, p.seq, p.timestamp, p.arrival, p.payload)
    body = _ENCODER.encode(record)
    return _OTHER.pack(_NUMBERS[type(record)], len(body)) + body


def encode_packet(track: int, layer: int, kind: int, seq: int, timestamp: int, arrival: int, payload: bytes | bytearray) -> bytes:
    """The bytes of a `Packet`, without one being made."""
    return _PACKET.pack(1, track, layer, kind, seq, timestamp, arrival, len(payload)) + payload


def decode(body: bytes) -> Iterator[Record]:
    """The records of a block. Kinds of a later version are passed over. Raises `BadRecord`."""
    at = 0
    while at < len(body):
        if body[at] == 1:
            record, at = _packet(body, at)
            yield record
            continue
        kind, start, at = _extent(body, at)
        if kind in _DECODERS:
            yield _other(kind, body[start:at])


def _packet(body: bytes, at: int) -> tuple[Packet, int]:
    start = at + _PACKET.size
    if start > len(body):
        raise BadRecord("a packet's head is cut")
    _, track, layer, kind, seq, timestamp, arrival, size = _PACKET.unpack_from(body, at)
    if start + size > len(body):
        raise BadRecord("a packet is cut")
    return Packet(track, layer, kind, seq, timestamp, arrival, body[start : start + size]), start + size


def _extent(body: bytes, at: int) -> tuple[int, int, int]:
    """Kind, where its map begins, and where it ends."""
    start = at + _OTHER.size
    if start > len(body):
        raise BadRecord("a record's head is cut")
    kind, size = _OTHER.unpack_from(body, at)
    if start + size > len(body):
        raise BadRecord("a record is cut")
    return kind, start, start + size


def _other(kind: int, body: bytes) -> Record:
    try:
        return _DECODERS[kind].decode(body)  # type: ignore[return-value]  # the table says which
    except msgspec.MsgspecError as error:
        raise BadRecord(str(error)) from error
