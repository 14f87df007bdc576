from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.wire.framing import MAX_PACKET, Deframer, frame
from tests.media.wire.garbage import survives


def test_frame():
    assert frame(b"abc") == b"\0\3abc"
    assert frame(memoryview(b"abc")) == b"\0\3abc"
    with pytest.raises(ValueError, match="too long"):
        frame(bytes(65536))


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20), st.lists(st.integers(0, 30), max_size=60))
def test_any_cut_of_the_stream_gives_the_packets_back(packets, cuts):
    stream = b"".join(frame(packet) for packet in packets)
    deframer, received = Deframer(), []
    for cut in [*cuts, len(stream)]:
        received += deframer.feed(stream[:cut])
        stream = stream[cut:]
    assert received == packets
    assert deframer.pending == 0


def test_null_packets_are_skipped():
    assert Deframer().feed(b"\0\0\0\0" + frame(b"a") + b"\0\0") == [b"a"]


def test_limit_is_exact():
    assert Deframer(limit=4).feed(frame(b"abcd")) == [b"abcd"]
    with pytest.raises(MalformedPacket):
        Deframer(limit=4).feed(frame(b"abcde"))


def test_refuses_a_long_packet_at_its_length_and_stays_broken():
    deframer = Deframer()
    with pytest.raises(MalformedPacket):
        deframer.feed(b"\xff\xff")
    assert deframer.pending == 0
    with pytest.raises(MalformedPacket):
        deframer.feed(frame(b"a"))


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_garbage_keeps_at_most_one_packet(reads):
    deframer = Deframer()
    for read in reads:
        survives(deframer.feed, read)
        assert deframer.pending < MAX_PACKET + 2
