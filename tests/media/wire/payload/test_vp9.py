from __future__ import annotations

import pytest
from hypothesis import given

from media.errors import MalformedPacket
from media.wire.payload import FRAME_START, KEYFRAME, vp9
from tests.media.wire.garbage import garbage, survives

# I L B, 15-bit id 0x1234, TID 1 U SID 0, TL0PICIDX 7
KEY = b"\xa8\x92\x34\x30\x07frame"
INTER = b"\xe8\x05\x30\x07frame"
FLEXIBLE_UPPER = b"\xbc\x05\x23frame"  # SID 1, D; flexible mode has no TL0PICIDX


def parse(payload: bytes) -> vp9.Descriptor:
    data = b"header" + payload
    return vp9.parse(data, 6, len(data))


def describe(payload: bytes) -> int:
    return vp9.describe(b"header" + payload, 6, 6 + len(payload))


def test_parse():
    assert parse(KEY) == vp9.Descriptor(True, False, False, 0x1234, 1, True, 0, 7)
    assert parse(INTER) == vp9.Descriptor(True, False, True, 5, 1, True, 0, 7)
    assert parse(FLEXIBLE_UPPER) == vp9.Descriptor(True, True, False, 5, 1, False, 1, -1)
    assert parse(b"\x00") == vp9.Descriptor(False, False, False, -1, -1, False, -1, -1)


@pytest.mark.parametrize(
    ("payload", "flags"),
    [(KEY, KEYFRAME | FRAME_START), (INTER, FRAME_START), (FLEXIBLE_UPPER, 0), (b"\x08f", KEYFRAME | FRAME_START), (b"\x00f", 0), (b"", 0)],
)
def test_describe(payload, flags):
    assert describe(payload) == flags


@pytest.mark.parametrize("payload", [b"", b"\x80", b"\x80\x80", b"\x20", b"\x20\x00", b"\x28\x00"])
def test_past_the_end(payload):
    with pytest.raises(MalformedPacket):
        parse(payload)


@given(garbage(KEY, INTER, FLEXIBLE_UPPER))
def test_garbage(payload):
    survives(vp9.parse, payload, 0, len(payload))
    survives(vp9.describe, payload, 0, len(payload))
