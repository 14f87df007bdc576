from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.wire.payload import FRAME_START, KEYFRAME, vp8
from tests.media.wire.garbage import garbage, survives

KEY, DELTA = b"\x10", b"\x11"  # first octet of the payload header; its last bit is 0 for a key frame
PLAIN = b"\x10" + KEY
SHORT_ID = b"\x90\x80\x7f" + KEY
# X N S; I L T K; 15-bit id 0x1234; TL0PICIDX 0x56; TID 2, Y, KEYIDX 3
FULL = b"\xb0\xf0\x92\x34\x56\xa3" + DELTA


def parse(payload: bytes) -> vp8.Descriptor:
    data = b"header" + payload
    return vp8.parse(memoryview(data), 6, len(data))


def describe(payload: bytes) -> int:
    return vp8.describe(b"header" + payload, 6, 6 + len(payload))


def test_one_octet():
    assert parse(PLAIN) == vp8.Descriptor(True, True, -1, -1, 0, -1, -1, -1, False, False, 1)


def test_short_picture_id():
    parsed = parse(SHORT_ID)
    assert (parsed.picture_id, parsed.picture_id_offset, parsed.picture_id_bits, parsed.size) == (127, 2, 7, 3)
    assert parsed.keyframe


def test_everything_present():
    assert parse(FULL) == vp8.Descriptor(True, False, 0x1234, 2, 15, 0x56, 4, 2, True, True, 6)


def test_key_index_without_temporal_layer():
    parsed = parse(b"\x90\x10\x3f" + KEY)
    assert (parsed.tid, parsed.layer_sync, parsed.size, parsed.keyframe) == (-1, False, 3, True)


@pytest.mark.parametrize(
    ("payload", "flags"),
    [
        (PLAIN, KEYFRAME | FRAME_START),
        (b"\x10" + DELTA, FRAME_START),
        (b"\x00" + KEY, 0),
        (b"\x11" + KEY, 0),  # start of the second partition
        (SHORT_ID, KEYFRAME | FRAME_START),
        (FULL, FRAME_START),
        (b"", 0),
    ],
)
def test_describe(payload, flags):
    assert describe(payload) == flags


@pytest.mark.parametrize("payload", [b"\x10", b"\x90", b"\x90\x80", b"\x90\x80\x80", b"\x90\x80\x80\x01", b"\x90\xf0\x00\x00"])
def test_describe_past_the_end(payload):
    with pytest.raises(MalformedPacket):
        describe(payload)


def test_parse_stops_at_the_end_given():
    with pytest.raises(MalformedPacket):
        vp8.parse(FULL, 0, 5)


@given(st.integers(0, 2**15 - 1), st.integers(0, 255), st.integers(0, 5))
def test_rewrite_full(picture_id, tl0, offset):
    buffer = bytearray(bytes(offset) + FULL + b"rest")
    vp8.rewrite(buffer, offset, picture_id, tl0)
    parsed = vp8.parse(buffer, offset, len(buffer))
    assert (parsed.picture_id, parsed.tl0) == (picture_id, tl0)
    assert parsed._replace(picture_id=0x1234, tl0=0x56) == parse(FULL)
    assert buffer[offset + 6 :] == DELTA + b"rest"


@given(st.integers(0, 2**15 - 1))
def test_rewrite_keeps_a_short_id_short(picture_id):
    buffer = bytearray(SHORT_ID)
    vp8.rewrite(memoryview(buffer), 0, picture_id, 9)
    assert buffer == b"\x90\x80" + bytes([picture_id % 128]) + KEY


@pytest.mark.parametrize("payload", [PLAIN, b"\x90\x20\x80" + KEY, FULL])
def test_minus_one_and_absent_fields_change_nothing(payload):
    buffer = bytearray(payload)
    vp8.rewrite(buffer, 0, -1, -1)
    assert buffer == payload


def test_rewrite_tl0_alone():
    buffer = bytearray(b"\x90\x40\x01" + KEY)
    vp8.rewrite(buffer, 0, 5, 0x1FF)
    assert buffer == b"\x90\x40\xff" + KEY


@given(garbage(PLAIN, SHORT_ID, FULL))
def test_garbage(payload):
    parsed = survives(vp8.parse, payload, 0, len(payload))
    flags = survives(vp8.describe, payload, 0, len(payload))
    if parsed is not None and flags is not None:
        assert bool(flags & FRAME_START) == parsed.frame_start
        assert bool(flags & KEYFRAME) == parsed.keyframe
    if parsed is not None:
        buffer = bytearray(payload)
        vp8.rewrite(buffer, 0, 300, 3)
        again = vp8.parse(buffer, 0, len(buffer))
        assert again.size == parsed.size
        assert len(buffer) == len(payload)
