from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.wire.payload import FRAME_START, HAS_PPS, HAS_SPS, IDR_START, KEYFRAME, h264
from tests.media.wire.garbage import garbage, survives

SPS, PPS = bytes.fromhex("6742c01fda014016e0"), bytes.fromhex("68ce3c80")
IDR, IDR_LATER = b"\x65\x88\x84", b"\x65\x40\x84"  # first_mb_in_slice 0, and 1 (Exp-Golomb 010)
SLICE, SLICE_LATER = b"\x41\x9a", b"\x41\x40"
AGGREGATE = h264.stap_a([SPS, PPS, IDR])
SETS = KEYFRAME | FRAME_START | HAS_SPS | HAS_PPS


def describe(payload: bytes) -> int:
    return h264.describe(b"header" + payload, 6, 6 + len(payload))


@pytest.mark.parametrize(
    ("payload", "flags"),
    [
        (b"", 0),
        (SPS, KEYFRAME | FRAME_START | HAS_SPS),
        (PPS, FRAME_START | HAS_PPS),
        (b"\x09\xf0", FRAME_START),
        (b"\x06\x05", FRAME_START),
        (IDR, IDR_START | FRAME_START),
        (IDR_LATER, 0),
        (SLICE, FRAME_START),
        (SLICE_LATER, 0),
        (b"\x65", 0),
        (AGGREGATE, SETS | IDR_START),
        (h264.stap_a([SPS, PPS]), SETS),
        (b"\x7c\x85\x88", IDR_START | FRAME_START),  # FU-A: first fragment of an IDR slice
        (b"\x7c\x85\x40", 0),  # … of a later slice of the picture
        (b"\x7c\x05\x88", 0),  # middle
        (b"\x7c\x45\x88", 0),  # last
        (b"\x5c\x81\x9a", FRAME_START),
        (b"\x7c\x87\x42", KEYFRAME | FRAME_START | HAS_SPS),
        (b"\x79\x00\x01", 0),  # STAP-B: interleaved mode is never negotiated
    ],
)
def test_describe(payload, flags):
    assert describe(payload) == flags


@pytest.mark.parametrize("payload", [b"\x7c\x85", b"\x78\x00", b"\x78\x00\x00", b"\x78\x00\x05\x67", AGGREGATE[:-1]])
def test_malformed(payload):
    with pytest.raises(MalformedPacket):
        describe(payload)


def test_parameter_sets_of_an_sdp():
    # The example of RFC 6184 8.2.1 style: two units in Base64.
    units = h264.parameter_sets("Z0LAH9oBQBbg,aM48gA==")
    assert units == [SPS, PPS]
    assert h264.parameter_sets("") == []


@pytest.mark.parametrize("sprop", ["Z0LAH9oBQBbg,!", "Z0", "fIWI", "AAAA", "é", "A" * 9000])
def test_bad_parameter_sets(sprop):
    with pytest.raises(MalformedPacket):
        h264.parameter_sets(sprop)


def test_stap_a_layout():
    assert h264.stap_a([SPS, PPS]) == b"\x78\x00\x09" + SPS + b"\x00\x04" + PPS
    assert h264.stap_a([b"\x06\x01"])[0] == 0x18  # the highest NRI of its units
    with pytest.raises(ValueError, match="nothing"):
        h264.stap_a([])


def test_parameter_payloads():
    assert h264.parameter_payloads([SPS, PPS]) == [h264.stap_a([SPS, PPS])]
    assert h264.parameter_payloads([SPS, PPS], limit=17) == [SPS, PPS]
    assert h264.parameter_payloads([SPS, PPS], limit=18) == [h264.stap_a([SPS, PPS])]
    assert h264.parameter_payloads([SPS]) == [SPS]
    assert h264.parameter_payloads([]) == []


@given(garbage(AGGREGATE, IDR, b"\x7c\x85\x88\x00"))
def test_garbage(payload):
    survives(h264.describe, payload, 0, len(payload))


@given(st.text(max_size=40))
def test_garbage_in_sdp(text):
    survives(h264.parameter_sets, text)
