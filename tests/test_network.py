from __future__ import annotations

import random

from tests.network import MS, SECOND, Box, Clock, Shape


def sent_through(shape: Shape, count: int = 2000, seed: int = 1, gap: int = MS) -> list[tuple[int, int]]:
    clock = Clock()
    box = Box(clock, random.Random(seed), shape)
    got: list[tuple[int, int]] = []
    start = clock.now
    box.right.receive = lambda packet: got.append((packet, clock.now - start - packet * gap))
    for number in range(count):
        clock.at(start + number * gap, lambda number=number: box.left.send(number, 1000))
    clock.run_for(count * gap + 10 * SECOND)
    return got


def test_a_plain_link_only_delays():
    assert sent_through(Shape(delay=7 * MS), 50) == [(n, 7 * MS) for n in range(50)]


def test_the_same_seed_tells_the_same_story():
    shape = Shape(delay=MS, jitter=9 * MS, loss=0.1, burst=0.01, reorder=0.02, duplicate=0.01)
    assert sent_through(shape) == sent_through(shape)
    assert sent_through(shape) != sent_through(shape, seed=2)


def test_loss_and_bursts():
    assert 0.07 < 1 - len(sent_through(Shape(loss=0.1))) / 2000 < 0.13
    got = {n for n, _ in sent_through(Shape(burst=0.01, burst_length=8))}
    runs = "".join("." if n in got else "x" for n in range(2000)).split(".")
    lengths = [len(run) for run in runs if run]
    assert 5 < sum(lengths) / len(lengths) < 12


def test_jitter_keeps_order_and_reorder_does_not():
    order = [n for n, _ in sent_through(Shape(jitter=20 * MS))]
    assert order == sorted(order)
    order = [n for n, _ in sent_through(Shape(reorder=0.05))]
    assert order != sorted(order)
    assert len(order) == 2000


def test_rate_queues_and_drops_at_the_tail():
    got = sent_through(Shape(rate=4_000_000, queue=20_000))
    assert 0.48 < len(got) / 2000 < 0.52, "half of 8 Mbit/s passes"
    assert 35 * MS < max(late for _, late in got) <= 42 * MS
    assert len(sent_through(Shape(rate=16_000_000))) == 2000


def test_every_and_down():
    clock = Clock()
    box = Box(clock, random.Random(1), Shape())
    got = []
    box.left.receive = got.append
    clock.every(SECOND, lambda: box.right.send(clock.now, 100))
    clock.run_for(3 * SECOND)
    box.right.link.down = True
    clock.run_for(3 * SECOND)
    assert len(got) == 3
    assert box.right.link.counters.lost == 3
