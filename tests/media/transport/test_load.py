from __future__ import annotations

import pytest

from media.transport.load import MOST, WINDOW, Load


class Clock:
    def __init__(self) -> None:
        self.used = 0

    def __call__(self) -> int:
        return self.used


def busy(share: float, windows: int = 40) -> Load:
    clock = Clock()
    load = Load(clock, 0)
    for n in range(1, windows + 1):
        clock.used += int(share * WINDOW)
        load.note(n * WINDOW)
    return load


@pytest.mark.parametrize(("share", "hold"), [(0.0, 0), (0.3, 0), (0.5, 0), (0.75, MOST // 2), (1.0, MOST)])
def test_video_waits_only_above_half_load(share: float, hold: int) -> None:
    assert busy(share).hold() == pytest.approx(hold, abs=MOST / 100)


def test_one_busy_window_does_not_make_video_wait() -> None:
    clock = Clock()
    load = Load(clock, 0)
    clock.used = WINDOW
    load.note(WINDOW)
    assert load.hold() == 0
    assert 0 < load.value < 0.5


def test_a_long_sleep_is_idleness() -> None:
    load = busy(1.0)
    load.note(40 * WINDOW + 10 * WINDOW)
    assert load.value < 0.01


def test_within_a_window_the_clock_is_not_asked() -> None:
    def clock() -> int:
        raise AssertionError

    load = Load(lambda: 0, 0)
    load._clock = clock
    load.note(WINDOW - 1)
