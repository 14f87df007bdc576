"""Lesson times: exact at the reports, straight between them, whatever clocks do."""

from __future__ import annotations

from media.recording.clock import JUMP, MS, SECOND, LessonClock, TrackClock
from media.recording.records import ClockMap

RATE = 90_000


def report(at: int, rtp: int = 0, lesson: int = 0) -> ClockMap:
    return ClockMap(track=1, rtp=rtp, at=at, lesson=lesson)


def test_the_lesson_clock_is_slewed_between_reports() -> None:
    clock = LessonClock([report(10 * SECOND, lesson=1000), report(20 * SECOND, lesson=11_100), report(30 * SECOND, lesson=21_100)])
    assert [clock.lesson(at * SECOND) // MS for at in (5, 10, 15, 20, 25, 40)] == [-4000, 1000, 6050, 11_100, 16_100, 31_100]


def test_it_steps_forward_where_it_was_anchored_anew_and_never_back() -> None:
    maps = [report(10 * SECOND, lesson=10_000), report(20 * SECOND, lesson=25_000), report(30 * SECOND, lesson=3_000)]
    clock = LessonClock(maps)
    assert [clock.lesson(at * SECOND) // MS for at in (19, 20, 30, 31)] == [19_000, 25_000, 35_000, 36_000]
    times = [clock.lesson(at * SECOND // 10) for at in range(50, 500)]
    assert times == sorted(times)
    assert list(clock.steps()) == [(20_000 * MS, 25_000 * MS)]


def test_reports_of_many_tracks_together() -> None:
    """A millisecond is not exact: reports of one moment that differ by one put nothing out of order."""
    clock = LessonClock([report(at * SECOND + track, lesson=at * 1000 + track % 2) for at in range(20) for track in range(4)])
    times = [clock.lesson(at * MS // 2) for at in range(40_000)]
    assert times == sorted(times)
    assert max(abs(time - at * MS // 2) for at, time in enumerate(times)) <= MS


def test_without_reports() -> None:
    assert LessonClock((), (5 * SECOND, 70 * SECOND)).lesson(6 * SECOND) == 71 * SECOND


def test_a_clock_that_drifts_is_followed() -> None:
    true = RATE * 1.0002
    clock = TrackClock(RATE, [report(at * SECOND, rtp=round(at * true)) for at in range(0, 2700, 10)])
    for at in range(0, 2800, 7):
        assert abs(clock.time(round(at * true), at * SECOND + 40 * MS) - at * SECOND) < (2 if at < 2690 else 30) * MS


def test_a_source_that_begins_anew_has_its_own_time() -> None:
    first, second = 1_000_000, 50
    maps = [report(0, first), report(10 * SECOND, first + 10 * RATE), report(20 * SECOND, second), report(30 * SECOND, second + 10 * RATE)]
    clock = TrackClock(RATE, maps)
    assert clock.time(first + 14 * RATE, 14 * SECOND) == 14 * SECOND
    assert clock.time(second - 3 * RATE, 17 * SECOND) == 17 * SECOND
    assert clock.time(second + 25 * RATE, 45 * SECOND) == 45 * SECOND


def test_reports_of_two_layers_in_turn() -> None:
    low, high = 500, 9_000_000
    maps = [one for at in range(0, 60, 10) for one in (report(at * SECOND, low + at * RATE), report(at * SECOND + 5, high + at * RATE))]
    clock = TrackClock(RATE, maps)
    for at in range(60):
        for base in (low, high):
            assert abs(clock.time(base + at * RATE, at * SECOND) - at * SECOND) < MS


def test_a_timestamp_that_no_report_knows_counts_from_its_arrival() -> None:
    clock = TrackClock(RATE, [])
    assert clock.time(77, 5 * SECOND) == 5 * SECOND
    assert clock.time(77 + RATE, 6 * SECOND + 30 * MS) == 6 * SECOND
    assert clock.time(1 << 40, 9 * SECOND) == 9 * SECOND
    assert clock.time((1 << 40) + RATE, 10 * SECOND) == 10 * SECOND


def test_the_first_guess_gives_way_to_the_first_report() -> None:
    clock = TrackClock(RATE, [report(0, 0), report(10 * SECOND - JUMP // 2, 10 * RATE)])
    assert clock.time(5 * RATE, 5 * SECOND) == 5 * SECOND - JUMP // 4
