"""One reason for each span: causes hide their consequences, what touches is one."""

from __future__ import annotations

from media.client.manifest import Missing, Why
from media.recording.gaps import settle


def gap(begin: int, end: int, why: Why = "publisher", track: str = "camera") -> Missing:
    return Missing(begin=begin, end=end, track=track, why=why)


def test_sorted_and_merged_by_track_and_reason() -> None:
    found = [gap(9000, 9900), gap(1000, 2000), gap(2400, 3000), gap(1500, 1700, track="mic"), gap(1200, 1300, "disk", "mic")]
    assert settle(found) == (gap(1000, 3000), gap(1200, 1300, "disk", "mic"), gap(9000, 9900))


def test_what_plays_between_two_causes_is_not_missing() -> None:
    first, second = gap(1000, 2000, "worker", ""), gap(2300, 3000, "worker", "")
    assert settle([second, first]) == (first, second)
    assert settle([first, gap(2020, 3000, "worker", "")]) == (gap(1000, 3000, "worker", ""),)


def test_what_follows_from_a_cause_has_its_reason() -> None:
    cause = gap(1000, 3000, "queue", "")
    assert settle([cause, gap(990, 2900)]) == (cause,)
    assert settle([cause, gap(990, 6000)]) == (gap(990, 6000, "queue"), cause)
    assert settle([cause, gap(3400, 6000)]) == (cause, gap(3400, 6000, "queue"))
    assert settle([cause, gap(3600, 6000)]) == (cause, gap(3600, 6000))
    assert settle([cause, gap(100, 6000)]) == (gap(100, 6000), cause)


def test_what_is_lost_after_a_clock_was_put_forward_is_not_the_hour() -> None:
    step = gap(1000, 3_601_000, "clock", "")
    assert settle([step, gap(960, 3_601_200)]) == (step,)
    assert settle([step, gap(960, 3_603_000)]) == (step, gap(3_601_000, 3_603_000, "clock"))


def test_a_cause_of_another_track_explains_nothing() -> None:
    cause = gap(1000, 3000, "unplayable", "screen")
    assert settle([cause, gap(1000, 2900)]) == (gap(1000, 2900), cause)


def test_a_moment_is_told_and_what_ends_before_it_begins_is_not() -> None:
    assert settle([gap(5000, 5000, "worker", ""), gap(9, 8, "damage", "")]) == (gap(5000, 5000, "worker", ""),)
    assert settle([]) == ()
