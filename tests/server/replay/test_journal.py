"""What an index says of a journal, to whom it says how much, and what that costs."""

from __future__ import annotations

import random
import time

import msgspec

from media.client.live import Dropped, Line, Opened, Run, Segment
from media.client.manifest import Missing
from server.replay.journal import Journal

HOURS = 4


def long_lesson(segments: int, seed: int = 1) -> list[Line]:
    """Two tracks, parts of two seconds that become whole in nearly the order of time."""
    chance = random.Random(seed)
    lines: list[Line] = [Opened(recording="r", edition="e", origin=-5_000)]
    lines += [
        Run(run=n, group="teacher", kind="video", codec="VP8", media_type="video/webm", name=f"e.{n}.webm", octets=9, begin=0)
        for n in (1, 2)
    ]
    parts = [
        Segment(run=n, name=f"e.{n}-{i:06}.webm", begin=2_000 * i + 300 * n, end=2_000 * (i + 1) + 300 * n, octets=9, key=True)
        for i in range(segments)
        for n in (1, 2)
    ]
    return [*lines, *sorted(parts, key=lambda one: one.end + chance.randrange(1_500))]


def journal(lines: list[Line]) -> Journal:
    made = Journal()
    made.add(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return made


def test_whatever_was_asked_it_is_what_looking_at_everything_says() -> None:
    lines = long_lesson(120)
    chance = random.Random(2)
    for _ in range(200):
        head = chance.randrange(3, len(lines) + 1)
        since, after = chance.choice((0, chance.randrange(240_000))), chance.choice((0, chance.randrange(head)))
        told = journal(lines[:head]).told((), since, after)
        every = [(n, one) for n, one in enumerate(lines[:head], 1) if isinstance(one, Segment) and one.begin >= since]
        assert [one["url"] for one in told["segments"]] == [f"live/{one.name}" for n, one in every if n > after]
        assert {one["run"] for one in told["segments"]} <= {one["run"] for one in told["runs"]}
        if every:
            assert (told["begin"], told["head"]) == (min(one.begin for _, one in every), head)
            assert told["until"] >= max(one.end for _, one in every)


def test_what_fell_to_the_limit_is_told_to_nobody() -> None:
    made = journal([*long_lesson(60), Dropped(before=50_000)])
    told = made.told((), 0, 0)
    assert told["begin"] > 47_000
    assert all(one["end"] > 50_000 for one in told["segments"])
    assert not made.holds("e.1-000001.webm", 0)
    assert made.holds("e.1-000040.webm", 0)
    assert not made.holds("e.1-000040.webm", 90_000)
    assert made.holds("e.1.webm", 90_000), "an init part says nothing of what was said"


def test_gaps_from_where_somebody_may_see_on() -> None:
    gaps = (Missing(begin=1_000, end=9_000, track="", why="worker"), Missing(begin=20_000, end=31_000, track="mic", why="publisher"))
    told = journal(long_lesson(30)).told(gaps, 25_000, 0)
    assert told["missing"] == [{"begin": 25_000, "end": 31_000, "track": "mic", "why": "publisher"}]


def test_a_hundred_who_came_at_different_times_cost_little_after_four_hours() -> None:
    """Each asks for what came since; none of it is a walk through the whole lesson."""
    lines = long_lesson(HOURS * 1800)
    made = journal(lines)
    began = time.process_time()
    for n in range(100):
        told = made.told((), n * 100_000, len(lines) - 4)
        assert len(told["segments"]) <= 4
    assert time.process_time() - began < 0.1, "a millisecond each"
