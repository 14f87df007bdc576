from __future__ import annotations

import random

from media.transport.timers import Deadlines


def test_the_earliest_rings_and_later_ones_wait() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 30)
    deadlines.set(2, 20)
    deadlines.set(1, 10)
    deadlines.set(3, None)
    assert deadlines.next() == 10
    assert list(deadlines.due(20)) == [1, 2]
    assert deadlines.next() is None


def test_a_later_deadline_keeps_the_early_ring() -> None:
    deadlines = Deadlines()
    deadlines.set(1, 10)
    deadlines.set(1, 99)
    assert list(deadlines.due(10)) == [1]
    deadlines.set(1, 99)
    assert deadlines.next() == 99


def test_random_use_rings_everybody_in_time_and_stays_small() -> None:
    rng = random.Random(3)
    deadlines, wanted = Deadlines(), dict[int, int]()
    for now in range(5000):
        key = rng.randrange(50)
        if rng.random() < 0.2:
            deadlines.discard(key)
            wanted.pop(key, None)
        else:
            deadline = now + rng.randrange(1, 200)
            deadlines.set(key, deadline)
            wanted[key] = min(wanted.get(key, deadline), deadline)
        rang = set(deadlines.due(now))
        assert rang == {key for key, deadline in wanted.items() if deadline <= now}
        for key in rang:
            del wanted[key]
    assert len(deadlines) == len(wanted)
    assert len(deadlines._heap) <= 64 + 5 * 50
