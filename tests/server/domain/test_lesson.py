from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from server.domain import commands as c
from server.domain.lesson import TRANSITIONS, fold, fold_all
from tests.server.domain.logs import START, STEPS, act, live


@given(STEPS)
def test_every_prefix_folds_and_keeps_the_house_in_order(steps) -> None:
    state = START
    for event in live(steps):
        state = fold(state, event)
        assert state.seq == event.seq
        assert set(state.stage) <= {1, 2, 3, 4}
        assert len(set(state.stage.values())) == len(state.stage)
        assert set(state.away) <= set(state.stage.values())
        assert not state.removed & state.participants.keys()
        walls = [p.wall for p in state.participants.values() if p.wall]
        assert len(set(walls)) == len(walls)
        assert all(bool(p.wall) == (p.present and p.role == "classroom") for p in state.participants.values())
        assert state.phase in {"scheduled", "open", "live", "ended"}
        assert not (state.stage and state.phase == "ended")


@given(STEPS)
def test_phases_move_only_as_the_table_says(steps) -> None:
    states = [START]
    for event in live(steps):
        states.append(fold(states[-1], event))
        before, after = states[-2], states[-1]
        if before.phase != after.phase and event.kind != "lesson.reopened":
            assert TRANSITIONS[before.phase, event.kind] == after.phase
    assert all(a.at <= b.at for a, b in pairwise(states))


def test_a_whole_lesson() -> None:
    log: list = []
    state = act(START, c.Join(participant="p1", role="classroom"), 1_000, log)
    for n, command in enumerate([c.OpenLesson(), c.GoLive(), c.CallOnStage(participant="p1"), c.EndLesson()], 2):
        state = act(state, command, n * 1_000, log)
    assert [e.kind for e in log] == [
        "participant.joined",
        "lesson.opened",
        "lesson.live",
        "record.started",
        "stage.called",
        "stage.released",
        "lesson.ended",
        "record.stopped",
    ]
    assert (state.phase, state.live_at, state.ended_at) == ("ended", 3_000, 5_000)
    assert fold_all(START, log) == state


def test_a_wall_place_is_kept_while_here_and_free_when_away() -> None:
    state = START
    for who in ("p1", "p2", "p3"):
        state = act(state, c.Join(participant=who, role="classroom"), 1)
    state = act(state, c.Leave(participant="p2"), 2)
    assert {w: p.wall for w, p in state.participants.items()} == {"p1": 1, "p2": 0, "p3": 3}
    state = act(state, c.Join(participant="p4", role="classroom"), 3)
    state = act(state, c.Join(participant="p2", role="classroom"), 4)
    assert {w: p.wall for w, p in state.participants.items()} == {"p1": 1, "p2": 4, "p3": 3, "p4": 2}
