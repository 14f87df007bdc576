from __future__ import annotations

import pytest
from hypothesis import given

from media.errors import MalformedPacket
from media.wire.payload import FRAME_START, KEYFRAME, av1
from tests.media.wire.garbage import garbage, survives

SEQUENCE, FRAME = b"\x08\x00\x00", b"\x30\x11\x22"  # OBU types 1 and 6
KEY_W2 = b"\x28\x03" + SEQUENCE + FRAME  # W = 2: the last element has no length
KEY_W0 = b"\x08\x03" + SEQUENCE + b"\x03" + FRAME
KEY_W1 = b"\x18" + SEQUENCE


def describe(payload: bytes) -> int:
    return av1.describe(b"header" + payload, 6, 6 + len(payload))


@pytest.mark.parametrize(
    ("payload", "flags"),
    [
        (KEY_W2, KEYFRAME | FRAME_START),
        (KEY_W0, KEYFRAME | FRAME_START),
        (KEY_W1, KEYFRAME | FRAME_START),
        (b"\x28\x83\x00" + SEQUENCE + FRAME, KEYFRAME | FRAME_START),  # a length of two octets
        (b"\x28\x00" + FRAME, FRAME_START),  # N without a sequence header
        (b"\x10" + FRAME, FRAME_START),
        (b"\x10" + SEQUENCE, FRAME_START),  # a repeated sequence header is no new sequence
        (b"\x90" + FRAME, 0),
        (b"", 0),
    ],
)
def test_describe(payload, flags):
    assert describe(payload) == flags


@pytest.mark.parametrize("payload", [b"\x88" + FRAME, b"\x28\x09" + SEQUENCE, b"\x38\x03" + SEQUENCE, b"\x08\x80", b"\x08" + b"\x80" * 9])
def test_malformed(payload):
    with pytest.raises(MalformedPacket):
        describe(payload)


@given(garbage(KEY_W2, KEY_W0, KEY_W1))
def test_garbage(payload):
    survives(av1.describe, payload, 0, len(payload))
