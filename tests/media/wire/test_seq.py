from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.wire.seq import Extender, distance

WIDTHS = st.sampled_from([8, 15, 16, 32])


@pytest.mark.parametrize(
    ("a", "b", "bits", "steps"), [(1, 2, 16, 1), (65535, 0, 16, 1), (0, 65535, 16, -1), (0, 0x8000, 16, -0x8000), (250, 5, 8, 11)]
)
def test_distance_is_the_short_way(a, b, bits, steps):
    assert distance(a, b, bits) == steps


@given(WIDTHS, st.integers(0, 2**40), st.data())
def test_distance_inverts_addition(bits, a, data):
    step = data.draw(st.integers(-(1 << bits - 1), (1 << bits - 1) - 1))
    assert distance(a & (1 << bits) - 1, a + step & (1 << bits) - 1, bits) == step


def test_first_value_is_one_cycle_up_so_that_older_ones_stay_positive():
    extender = Extender(16)
    assert extender.extend(3) == 65536 + 3
    assert extender.extend(65530) == 65530


def test_wrap_and_late_packet():
    extender = Extender(16)
    assert [extender.extend(v) - 65536 for v in (65534, 65535, 0, 65533, 1)] == [65534, 65535, 65536, 65533, 65537]


def test_a_late_value_does_not_move_the_reference_back():
    extender = Extender(16)
    highest = extender.extend(40_000)
    for _ in range(10):
        extender.extend(10_000)
    assert extender.last == highest
    assert extender.extend(60_000) == highest + 20_000


@given(WIDTHS, st.data())
def test_extends_any_walk_whose_steps_stay_within_half_a_cycle_of_the_highest(bits, data):
    mask, half = (1 << bits) - 1, 1 << bits - 1
    start = data.draw(st.integers(0, mask))
    extender, base = Extender(bits), extender_start(start, bits)
    assert extender.extend(start) == base
    highest = base
    for step in data.draw(st.lists(st.integers(-half, half - 1), max_size=60)):
        truth = highest + step
        assert extender.extend(truth & mask) == truth
        assert truth >= 0
        highest = max(highest, truth)
    assert extender.last == highest


def extender_start(value: int, bits: int) -> int:
    return value + (1 << bits)


@given(WIDTHS, st.data())
def test_restart_is_above_everything_seen_and_congruent(bits, data):
    mask = (1 << bits) - 1
    extender = Extender(bits)
    for value in data.draw(st.lists(st.integers(0, mask), max_size=20)):
        extender.extend(value)
    before, value = extender.last, data.draw(st.integers(0, mask))
    after = extender.restart(value)
    assert before < after == extender.last
    assert after & mask == value
    assert before < 0 or after - before <= mask + 1
