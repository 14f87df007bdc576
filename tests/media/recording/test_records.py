"""Records come back as they were written; what is no record is told."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.recording.records import BadRecord, ClockMap, Gap, Packet, Record, TakeEnded, TrackBegan, TrackEnded, decode, encode

ONE_OF_EACH: list[Record] = [
    TrackBegan(track=1, source="camera", codec="H264", clock_rate=90_000, payload_type=102, parameters="packetization-mode=1", at=5),
    Packet(1, 0, 0x80 | 102, 70_000, 1 << 34, 9, b"\x65" + bytes(30)),
    ClockMap(track=1, rtp=1 << 33, at=9, lesson=1_795_000_000_000),
    Gap(track=None, begin=9, end=2_000_000_009, why="worker"),
    Gap(track=1, begin=9, end=20, why="publisher"),
    TrackEnded(track=1, at=30),
    TakeEnded(at=40),
]
BODY = b"".join(encode(one) for one in ONE_OF_EACH)

packets = st.builds(
    Packet,
    *(st.integers(0, 65_535), st.integers(0, 255), st.integers(0, 255)),
    *(st.integers(-1, 2**62), st.integers(-1, 2**62), st.integers(0, 2**62)),
    st.binary(max_size=1500),
)


def test_each_kind_comes_back() -> None:
    assert list(decode(BODY)) == ONE_OF_EACH


@given(st.lists(packets, max_size=20))
def test_packets_come_back(many: list[Packet]) -> None:
    assert list(decode(b"".join(map(encode, many)))) == many


def test_a_later_version_may_add_kinds() -> None:
    unknown = struct.pack("<BI", 77, 3) + b"new"
    assert list(decode(encode(ONE_OF_EACH[0]) + unknown + encode(ONE_OF_EACH[1]))) == ONE_OF_EACH[:2]


@pytest.mark.parametrize("end", range(len(BODY)))
def test_cut_anywhere_it_is_told(end: int) -> None:
    bounds = {sum(len(encode(one)) for one in ONE_OF_EACH[:n]) for n in range(len(ONE_OF_EACH))}
    if end in bounds:
        assert list(decode(BODY[:end])) == ONE_OF_EACH[: sorted(bounds).index(end)]
        return
    with pytest.raises(BadRecord):
        list(decode(BODY[:end]))


def test_a_map_that_does_not_fit_is_told() -> None:
    with pytest.raises(BadRecord):
        list(decode(struct.pack("<BI", 6, 3) + b"abc"))


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(struct.error):
        encode(Packet(1 << 16, 0, 0, 0, 0, 0, b""))
