from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.wire import payload
from media.wire.rows import ARRIVAL, ArrivalFlag
from tests.media.wire.garbage import survives


def test_flags_are_those_of_the_arrival_record():
    assert payload.KEYFRAME == ArrivalFlag.KEYFRAME
    assert payload.FRAME_START == ArrivalFlag.FRAME_START
    assert max(ArrivalFlag) < payload.ARRIVAL_MASK
    assert not payload.ARRIVAL_MASK & (payload.HAS_SPS | payload.HAS_PPS | payload.IDR_START)
    ARRIVAL.pack(1, payload.HAS_SPS | payload.HAS_PPS | payload.IDR_START, 0, 0, 0, 0, -1, 0, 0, 0)


@pytest.mark.parametrize(
    ("codec", "data"),
    [("VP8", b"\x10\x10"), ("vp8", b"\x10\x10"), ("H264", b"\x67\x42"), ("VP9", b"\x08f"), ("AV1", b"\x18\x08\x00"), ("opus", b"\xf8x")],
)
def test_keyframe_of_each_codec(codec, data):
    flags = payload.describe(codec, memoryview(b"RTP" + data), 3, 3 + len(data))
    assert flags & payload.ARRIVAL_MASK == payload.KEYFRAME | payload.FRAME_START
    assert payload.describer(codec)(data, 0, len(data)) == flags


def test_unknown_codec_has_no_flags():
    assert payload.describe("telephone-event", b"\x10\x10", 0, 2) == 0


@given(st.sampled_from(["VP8", "H264", "VP9", "AV1", "opus"]), st.binary(max_size=60), st.data())
def test_garbage_between_any_bounds(codec, data, pick):
    start = pick.draw(st.integers(0, len(data)))
    survives(payload.describe, codec, memoryview(data), start, pick.draw(st.integers(start, len(data))))
