from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.fanout.ring import GAP_HISTORY, GapMap, Ring, Stored
from media.wire.rows import RingSpan


def stored(seq: int, payload: bytes = b"x") -> Stored:
    return Stored(seq, seq * 10, 96, bytearray(payload), -1, None)


def test_ring_keeps_the_newest_and_never_changes_one():
    ring = Ring(8)
    assert ring.span() == RingSpan(0, -1)
    for seq in range(100, 112):
        assert ring.put(stored(seq))
    assert ring.span() == RingSpan(104, 111)
    assert not ring.put(stored(110, b"other"))
    assert ring.get(110).payload == b"x"
    assert not ring.put(stored(103))
    assert ring.get(103) is None
    ring.clear()
    assert ring.get(110) is None
    assert ring.span() == RingSpan(0, -1)


def test_a_late_first_packet_widens_the_span():
    ring = Ring(8)
    ring.put(stored(101))
    ring.put(stored(100))
    assert ring.span() == RingSpan(100, 101)


def test_a_ring_is_a_power_of_two():
    with pytest.raises(ValueError, match="power of two"):
        Ring(12)


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_in_order_padding_leaves_no_gap(paddings):
    gaps, sequences = GapMap(), []
    for raw, padding in enumerate(paddings, 70000):
        place = gaps.close(raw) if padding else gaps.take(raw)
        if not padding:
            sequences.append(place)
    assert sequences == list(range(70000, 70000 + len(sequences)))


@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), max_size=300))
def test_in_any_order_no_two_media_packets_share_a_sequence(events):
    gaps, owners, kinds = GapMap(), {}, {}
    for raw, padding in events:
        if kinds.setdefault(raw, padding) != padding:
            continue  # A sequence is either media or padding.
        place = gaps.close(raw) if padding else gaps.take(raw)
        if not padding and place is not None:
            assert owners.setdefault(place, raw) == raw


def test_late_packets_find_their_place_across_closed_gaps():
    gaps = GapMap()
    assert gaps.take(10) == 10
    assert gaps.close(12) == 12
    assert gaps.take(13) == 12
    assert gaps.take(11) == 11
    assert gaps.take(12) is None  # Closed: it was padding.


def test_gap_history_is_bounded_and_what_it_forgot_is_refused():
    gaps = GapMap()
    for raw in range(0, 4 * GAP_HISTORY, 2):
        gaps.take(raw)
        gaps.close(raw + 1)
    assert gaps.take(4) is None
    assert gaps.take(4 * GAP_HISTORY) == 2 * GAP_HISTORY
