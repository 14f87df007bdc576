from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.fanout.replay import WINDOW, ReplayWindow, WindowTable, estimate


@given(st.lists(st.integers(0, 5 * WINDOW), max_size=200))
def test_window_accepts_each_index_once_and_nothing_too_old(indices):
    window, seen, highest = ReplayWindow(), set(), -1
    for index in indices:
        expected = index not in seen and index > highest - WINDOW
        assert window.fresh(index) == expected
        if expected:
            window.accept(index)
            seen.add(index)
            highest = max(highest, index)


def test_a_jump_of_years_costs_nothing():
    window = ReplayWindow()
    window.accept(1)
    window.accept(1 << 47)
    assert not window.fresh(1 << 47)
    assert not window.fresh(1)
    assert window.fresh((1 << 47) - 1)


@given(st.integers(0, 1 << 40), st.integers(-0x7FFF, 0x7FFF))
def test_estimate_is_the_nearest_index(highest, step):
    assert estimate(highest, (highest + step) & 0xFFFF) == highest + step


def test_before_the_first_packet_the_rollover_counter_is_zero():
    assert estimate(-1, 65535) == 65535
    assert not ReplayWindow().fresh(-3)


def test_table_forgets_the_oldest_unpinned():
    table = WindowTable(2)
    assert table.open(1, 5)
    table.pin(1)
    assert table.open(2, 5)
    assert table.open(3, 5)
    assert [bool(table.get(ssrc)) for ssrc in (1, 2, 3)] == [True, False, True]
    table.pin(3)
    assert not table.open(4, 5)
    assert len(table) == 2
