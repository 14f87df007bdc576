from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import pytest

from media.worker import process


class Loop:
    """`call_later` that waits for the test."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, Callable[[], None]]] = []

    def call_later(self, delay: float, call: Callable[[], None]) -> None:
        self.waiting.append((delay, call))


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def full_collections() -> int:
    return int(gc.get_stats()[2]["collections"])


def test_a_full_collection_waits_for_an_idle_moment() -> None:
    loop, load = Loop(), [0.9]
    process.tame_garbage_collector(loop, lambda: load[0])  # type: ignore[arg-type]
    assert gc.get_freeze_count() > 0
    before = full_collections()
    for expected in (process.COLLECT_SECONDS, process.LOOK_SECONDS, process.LOOK_SECONDS):
        delay, call = loop.waiting.pop()
        assert delay == expected
        call()
    assert full_collections() == before
    load[0] = 0.05
    loop.waiting.pop()[1]()
    assert full_collections() == before + 1
    assert loop.waiting.pop()[0] == process.COLLECT_SECONDS
