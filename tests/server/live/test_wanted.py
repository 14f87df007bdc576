"""What media have nothing to do with must not make the worker be asked: most of what happens in a class."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from server.domain.events import Envelope
from server.domain.lesson import LessonState, fold
from server.domain.media_plan import Place, Watcher, wanted_labels, wanted_recording, wanted_slots, wanted_sources
from server.domain.slots import SLOTS, SOURCES
from server.live.wanted import routes_alike
from tests.client_web.test_fold import life
from tests.server.domain.logs import PEOPLE, START

PLACES = [Place("master", source) for source in SOURCES["master"]]
PLACES += [Place(who, source) for who in PEOPLE for source in SOURCES["classroom"]]
WATCHERS = [Watcher(role, who, tuple(sorted(SLOTS[role]))) for role, who in (("master", "master"), ("classroom", "p1"), ("wall", None))]
WATCHERS.append(Watcher("viewer", None, plain=("audio", "video", "video")))


def plan(state: LessonState) -> Any:
    """Everything the worker could be told."""
    slots = [wanted_slots(state, watcher, PLACES) for watcher in WATCHERS]
    labels = [wanted_labels(state, watcher.role) for watcher in WATCHERS]
    return wanted_sources(state, PLACES), slots, labels, wanted_recording(state)


def steps(log: list[Envelope]) -> list[tuple[LessonState, LessonState]]:
    states = [START]
    for event in log:
        states.append(fold(states[-1], event))
    return list(itertools.pairwise(states))


@pytest.mark.parametrize("seed", range(30))
def test_where_routes_are_alike_the_plan_is(seed: int) -> None:
    alike = [(one, other) for one, other in steps(life(seed)) if routes_alike(one, other)]
    assert alike
    for one, other in alike:
        assert plan(one) == plan(other)


def test_where_the_plan_differs_routes_do() -> None:
    differing = [(one, other) for seed in range(30) for one, other in steps(life(seed)) if plan(one) != plan(other)]
    assert len(differing) > 100
    assert not [pair for pair in differing if routes_alike(*pair)]
