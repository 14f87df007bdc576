"""Sound is laid without holes, never far from its time."""

from __future__ import annotations

from itertools import pairwise

from media.recording.sound import LATE_TICKS, RATE, SILENCE, SILENCE_TICKS, Laid, Line
from tests.harness.captures import sounds

TONE = sounds(5)[2]


def laid(times: list[int], data: bytes = TONE) -> list[Laid]:
    line = Line()
    return [one for at in times for one in line.lay(at, data)]


def unbroken(found: list[Laid]) -> bool:
    return all(before[0] + before[2] == after[0] for before, after in pairwise(found)) and found[0][0] == 0


def test_packets_that_fit() -> None:
    assert laid([0, 960, 1920]) == [(0, TONE, 960), (960, TONE, 960), (1920, TONE, 960)]
    assert laid([3, 970, 1900]) == laid([0, 960, 1920])


def test_a_hole_is_silence() -> None:
    found = laid([0, 960 * 10])
    assert found == [(0, TONE, 960), *((n * 960, SILENCE, 960) for n in range(1, 10)), (9600, TONE, 960)]


def test_a_sender_whose_clock_is_wrong_stays_in_step() -> None:
    for ppm in (-100, 100, 1000):
        times = [round(n * 960 / (1 + ppm / 1e6)) for n in range(45 * 60 * 50)]
        line = Line()
        wrong = 0
        for at in times:
            found = list(line.lay(at, TONE))
            wrong += [data for _, data, _ in found] != [TONE]
            assert -SILENCE_TICKS <= line.end - at <= LATE_TICKS + 960
        assert 0 < wrong <= abs(ppm) * 45 * 60 // 20_000 + 1
        assert abs(line.end - 45 * 60 * RATE / (1 + ppm / 1e6)) < LATE_TICKS + 960


def test_times_that_run_back_cost_packets_and_break_nothing() -> None:
    found = laid([0, 960, 48_000, 0, 960, 1920, 48_960])
    assert unbroken(found)
    assert [at for at, data, _ in found if data == TONE] == [0, 960, 48_000, 48_960]


def test_long_packets_and_bytes_that_are_none() -> None:
    sixty = bytes([19 << 3 | 3, 3, 1, 2, 3])  # three frames of 20 ms
    assert laid([0, 2880], sixty) == [(0, sixty, 2880), (2880, sixty, 2880)]
    assert laid([0, 0, 0], b"") == []
    assert laid([0], b"\xff") == []
