from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.errors import MalformedPacket
from media.wire.rtcp import parse_compound
from media.wire.twcc import MAX_PACKETS, TICK_NS, TransportFeedback
from tests.media.wire.garbage import garbage, survives

DELTAS = st.one_of(st.none(), st.integers(0, 255), st.integers(-0x8000, 0x7FFF))
HEAD = "00000001 00000002 0005"  # sender, media, base sequence 5


def message(body: str) -> bytes:
    data = bytes.fromhex(HEAD + body)
    data += bytes(-len(data) % 4)
    return bytes.fromhex("8fcd") + (len(data) // 4).to_bytes(2, "big") + data


def parsed(data: bytes) -> TransportFeedback:
    (packet,) = parse_compound(data)
    assert isinstance(packet, TransportFeedback)
    return packet


# Each: status count, reference, feedback count; chunks; deltas.
RUN = message("0003 000010 07 2003 040506")
ONE_BIT = message("000e 000010 07 a801 010203")  # 1 0 1 0 … 0 1
TWO_BIT = message("0007 ffffff 07 d200 01 ff00")


def test_run_length_chunk():
    feedback = parsed(RUN)
    assert feedback == TransportFeedback(1, 2, 5, 16, 7, (4, 5, 6))
    assert feedback.build() == RUN
    ms = 1_000_000
    assert feedback.arrivals() == [(5, 1025 * ms), (6, 1026 * ms + 250_000), (7, 1027 * ms + 750_000)]


def test_one_bit_vector_chunk():
    feedback = parsed(ONE_BIT)
    assert feedback.deltas == (1, None, 2, *[None] * 10, 3)
    assert feedback.build() == ONE_BIT


def test_two_bit_vector_chunk_large_delta_and_negative_reference():
    # 11 01 00 10 00 00 00 00: small, lost, large, lost, lost, lost, lost.
    feedback = parsed(TWO_BIT)
    assert feedback == TransportFeedback(1, 2, 5, -1, 7, (1, None, -256, None, None, None, None))
    assert feedback.build() == TWO_BIT


def test_symbols_past_the_count_are_ignored():
    assert parsed(message("0002 000000 00 bfff 0102")).deltas == (1, 2)
    assert parsed(message("0002 000000 00 3fff 0102")).deltas == (1, 2)


def test_chunks_join():
    # A run of 5 lost, then a two-bit vector: small, large.
    feedback = parsed(message("0007 000000 00 0005 d800 10 0100"))
    assert feedback.deltas == (None, None, None, None, None, 16, 256)


def test_sequences_wrap():
    feedback = TransportFeedback(1, 2, 65535, 0, 0, (1, 1))
    assert [sequence for sequence, _ in feedback.arrivals()] == [65535, 0]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "0000 000000 00 2001",
        "ffff 000000 00 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff 1fff",
        "0001 000000 00",
        "0001 000000 00 6001 0000",  # reserved symbol
        "0005 000000 00 2005 0101",  # three deltas missing
        "0003 000000 00 0001 0001",
    ],
)
def test_malformed(body):
    with pytest.raises(MalformedPacket):
        parse_compound(message(body))


@given(
    st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 65535), st.integers(-(2**23), 2**23 - 1),
    st.integers(0, 255), st.lists(DELTAS, min_size=1, max_size=120).map(tuple),
)  # fmt: skip
def test_round_trip(sender, media, base, reference, count, deltas):
    feedback = TransportFeedback(sender, media, base, reference, count, deltas)
    assert parsed(feedback.build()) == feedback


@given(st.lists(st.tuples(st.integers(1, 40), st.sampled_from([None, 3, 300])), min_size=1, max_size=60), st.integers(0, 13))
def test_round_trip_of_runs(runs, tail):
    deltas = tuple(delta for length, delta in runs for _ in range(length)) + (None,) * tail
    feedback = TransportFeedback(1, 2, 3, 4, 5, deltas)
    data = feedback.build()
    assert parsed(data) == feedback
    received = sum(1 if delta == 3 else 2 for delta in deltas if delta is not None)
    assert len(data) <= 20 + 2 * (len(deltas) // 7 + 1 + len(runs)) + received + 3


def test_a_long_silence_is_two_octets():
    feedback = TransportFeedback(1, 2, 3, 4, 5, (1, *[None] * 8000, 1))
    assert len(feedback.build()) < 36
    assert parsed(feedback.build()) == feedback


@given(st.integers(0, 2**55), st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), max_size=80))
def test_from_arrivals_reports_each_arrival_to_a_tick(start, offsets):
    start += 2 * 10**9
    arrivals = [start, *(None if offset is None else start + offset for offset in offsets)]
    feedback = parsed(TransportFeedback.from_arrivals(1, 2, 300, 65530, arrivals).build())
    assert len(feedback.deltas) == len(arrivals)
    assert feedback.feedback_count == 300 % 256
    (_, first), *_ = feedback.arrivals()
    assert first is not None
    span = 64_000_000 << 24
    assert (start - first) % span < TICK_NS
    for (_, seen), truth in zip(feedback.arrivals(), arrivals, strict=True):
        assert (seen is None) == (truth is None)
        if seen is not None and truth is not None:
            assert abs((seen - first) - (truth - start)) < TICK_NS


def test_from_arrivals_stops_before_a_gap_it_cannot_hold():
    feedback = TransportFeedback.from_arrivals(1, 2, 0, 0, [0, 10**6, 9 * 10**9, 9 * 10**9])
    assert feedback.deltas == (0, 4)


def test_from_arrivals_keeps_losses_before_the_first():
    feedback = TransportFeedback.from_arrivals(1, 2, 0, 0, [None, None, 64_000_000 + 250_000])
    assert (feedback.reference_time, feedback.deltas) == (1, (None, None, 1))


def test_bounds_of_building():
    with pytest.raises(ValueError, match="arrived"):
        TransportFeedback.from_arrivals(1, 2, 0, 0, [None])
    assert len(TransportFeedback.from_arrivals(1, 2, 0, 0, [0] * (MAX_PACKETS + 1)).deltas) == MAX_PACKETS
    for deltas in ((), (None,) * (MAX_PACKETS + 1), (0x8000,)):
        with pytest.raises(ValueError, match="twcc"):
            TransportFeedback(1, 2, 0, 0, 0, deltas).build()


@given(garbage(RUN[4:], ONE_BIT[4:], TWO_BIT[4:]))
def test_garbage(body):
    feedback = survives(TransportFeedback.parse, body)
    if feedback is not None:
        assert 0 < len(feedback.deltas) <= MAX_PACKETS
        assert parsed(feedback.build()) == feedback
