"""The inner loop: one batch, one row — write the headers, patch the picture numbers, encrypt into the arena (M5, M9, M10)."""

from __future__ import annotations

import struct

from media.fanout.plan import Plan
from media.fanout.ring import PictureFields
from media.fanout.srtp import StreamKeys
from media.fanout.stream import Segment

_HEADER = struct.Struct(">III")
_MASK_32 = 0xFFFFFFFF


def seal(plan: Plan, segment: Segment, keys: StreamKeys, arena: bytearray) -> None:
    """Write the whole plan as this row's packets; every ring sequence of the plan must belong to the segment."""
    if segment.plain or not (segment.head or plan.pictures):
        _seal_plain(plan, segment, keys, arena)
    else:
        _seal_extended(plan, segment, keys, arena)


def _seal_plain(plan: Plan, segment: Segment, keys: StreamKeys, arena: bytearray) -> None:
    # Everything is a local: this is the loop the whole worker is measured by.
    pack_into, encrypt_into = _HEADER.pack_into, keys.cipher.encrypt_into
    words, offset, ticks, ssrc = segment.words, segment.seq_offset, segment.ts_offset, segment.ssrc
    base, size = keys.salt ^ segment.base, keys.nonce
    for seq, timestamp, kind, payload, at, header, body, _, _ in plan.slots:
        out = seq + offset
        pack_into(arena, at, words[kind] | (out & 0xFFFF), (timestamp + ticks) & _MASK_32, ssrc)
        encrypt_into((base ^ out).to_bytes(size, "big"), payload, header, body)


def _seal_extended(plan: Plan, segment: Segment, keys: StreamKeys, arena: bytearray) -> None:
    pack_into, encrypt_into = _HEADER.pack_into, keys.cipher.encrypt_into
    words, offset, ticks, ssrc = segment.words, segment.seq_offset, segment.ts_offset, segment.ssrc
    base, size = keys.salt ^ segment.base, keys.nonce
    head, silent, level_at = segment.head, segment.silent, segment.level_at
    end, picture_offset, tl0_offset = segment.head_size, segment.picture_offset, segment.tl0_offset
    for seq, timestamp, kind, payload, at, header, body, level, picture in plan.slots:
        out = seq + offset
        pack_into(arena, at, words[kind] | (out & 0xFFFF), (timestamp + ticks) & _MASK_32, ssrc)
        if head:
            arena[at + 12 : at + end] = silent if level < 0 else head
            if level_at and level >= 0:
                arena[at + level_at] = level
        if picture is not None:
            patch(payload, picture, picture_offset, tl0_offset)
        encrypt_into((base ^ out).to_bytes(size, "big"), payload, header, body)
        if picture is not None:
            patch(payload, picture, 0, 0)


def patch(payload: bytearray, picture: PictureFields, picture_offset: int, tl0_offset: int) -> None:
    """Write the picture numbers plus the offsets, each in its width (RFC 7741 4.2); offsets 0 restore the source's."""
    at, bits, number, tl0_at, tl0 = picture
    if bits == 15:
        number = (number + picture_offset) & 0x7FFF
        payload[at] = 0x80 | number >> 8
        payload[at + 1] = number & 0xFF
    elif bits:
        payload[at] = (number + picture_offset) & 0x7F
    if tl0_at >= 0:
        payload[tl0_at] = (tl0 + tl0_offset) & 0xFF
