from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.lesson import LessonState
from server.domain.media_plan import Place, Watcher, wanted_slots
from server.domain.mic.commands import MuteMic
from server.domain.stage import POSITIONS, swapped
from tests.server.domain.logs import act
from tests.server.domain.test_hands import in_class, kinds


def on_stage(*rooms: str) -> LessonState:
    state = in_class()
    for who in rooms:
        state = act(state, c.CallOnStage(participant=who), 10_000)
    return state


def test_two_rooms_change_over_and_keep_their_microphones() -> None:
    state = act(on_stage("p0", "p1"), MuteMic(participant="p0"), 11_000)
    state = act(state, c.SwapStage(a=1, b=2), 12_000)
    assert dict(state.stage) == {1: "p1", 2: "p0"}
    assert dict(state.mic.closed) == {"p0": "master"}
    places = [Place(who, "camera") for who in ("p0", "p1")]
    plan = wanted_slots(state, Watcher("viewer", None, ("stage.1.video", "stage.2.video")), places)
    assert [slot.sources for slot in plan.values()] == [("L1/p1/camera",), ("L1/p0/camera",)]


def test_a_room_moves_to_an_empty_position() -> None:
    state = act(on_stage("p0", "p1"), c.SwapStage(a=4, b=1), 11_000)
    assert dict(state.stage) == {2: "p1", 4: "p0"}
    assert dict(act(state, c.CallOnStage(participant="p2"), 12_000).stage) == {1: "p2", 2: "p1", 4: "p0"}


@pytest.mark.parametrize(("a", "b"), [(3, 4), (1, 1)])
def test_nothing_to_change_over(a: int, b: int) -> None:
    assert kinds(on_stage("p0", "p1"), c.SwapStage(a=a, b=b)) == []


@given(st.dictionaries(st.sampled_from(POSITIONS), st.text(), max_size=4), st.sampled_from(POSITIONS), st.sampled_from(POSITIONS))
def test_changing_over_twice_changes_nothing(stage: dict[int, str], a: int, b: int) -> None:
    assert sorted(swapped(stage, a, b).values()) == sorted(stage.values())
    assert swapped(swapped(stage, a, b), b, a) == stage
