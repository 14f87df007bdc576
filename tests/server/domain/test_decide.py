from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.command import Decision, Giver, Moment
from server.domain.decide import admits_media, decide, next_deadline
from server.domain.lesson import REOPEN_MS, STAGE_KEPT_MS, fold_all
from server.domain.refused import Refused
from server.errors import AppError
from tests.server.domain.logs import COMMANDS, PEOPLE, START, STEPS, act, live


def codes(root: type[AppError] = AppError) -> set[str]:
    return {root.code}.union(*(codes(child) for child in root.__subclasses__()))


def outcome(ask):
    """Code of the refusal or None, and the answer."""
    try:
        return None, ask()
    except Refused as refused:
        return refused.code, None


@given(STEPS, COMMANDS, st.integers(0, 10**12), st.sampled_from(["master", "classroom", "assistant", "seat", "viewer", "wall", None]))
def test_decide_refuses_with_a_known_code_or_answers(steps, command, at, role) -> None:
    state = fold_all(START, live(steps))
    code, decision = outcome(lambda: decide(state, command, role and Giver(role, "p1"), Moment(at)))
    assert code in {None, *codes()}
    assert code or isinstance(decision, Decision)
    assert code or role is None or role in command.roles


@given(STEPS, COMMANDS)
def test_doing_it_again_changes_nothing(steps, command) -> None:
    state = fold_all(START, live(steps))
    try:
        once = act(state, command, state.at)
        again = act(once, command, state.at)
    except Refused:
        return
    assert again == once


@pytest.mark.parametrize("cls", [cls for cls in c.COMMANDS.values() if cls.roles == {"master"} and "lesson" in cls.kind])
@pytest.mark.parametrize("role", ["classroom", "viewer", "wall"])
def test_only_the_master_commands(cls, role) -> None:
    command = c.parse_command(cls.kind, {"participant": "p1"} if "participant" in cls.__struct_fields__ else {})
    with pytest.raises(Refused, match="forbidden"):
        decide(START, command, Giver(role), Moment(0))


def on_air():
    state = act(START, c.GoLive(), 1_000)
    for who in PEOPLE:
        state = act(state, c.Join(participant=who, role="classroom"), 2_000)
    return state


def test_the_stage_holds_four_in_stable_positions() -> None:
    state = on_air()
    for who in PEOPLE[:4]:
        state = act(state, c.CallOnStage(participant=who), 3_000)
    with pytest.raises(Refused, match=r"stage\.full"):
        act(state, c.CallOnStage(participant=PEOPLE[4]), 3_000)
    state = act(state, c.ReleaseFromStage(participant=PEOPLE[1]), 3_000)
    state = act(state, c.CallOnStage(participant=PEOPLE[5]), 3_000)
    assert dict(state.stage) == {1: "p0", 2: "p5", 3: "p2", 4: "p3"}


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (c.CallOnStage(participant="nobody"), "participant.unknown"),
        (c.ReleaseFromStage(participant="nobody"), "participant.unknown"),
        (c.RemoveParticipant(participant="nobody"), "participant.unknown"),
        (c.OpenLesson(), "lesson.phase"),
        (c.ReopenLesson(), "lesson.phase"),
    ],
)
def test_refusals_while_live(command, code) -> None:
    with pytest.raises(Refused, match=code):
        act(on_air(), command, 5_000)


def test_nobody_is_called_before_the_lesson_is_live() -> None:
    state = act(START, c.Join(participant="p1", role="classroom"), 1)
    with pytest.raises(Refused, match=r"lesson\.phase"):
        act(state, c.CallOnStage(participant="p1"), 2)


def test_the_master_is_neither_called_nor_removed() -> None:
    state = act(on_air(), c.Join(participant="master", role="master"), 2)
    for command in (c.CallOnStage(participant="master"), c.RemoveParticipant(participant="master")):
        with pytest.raises(Refused, match=r"participant\.unknown"):
            act(state, command, 3)


def test_reopening_within_ten_minutes_only() -> None:
    ended = act(on_air(), c.EndLesson(), 10_000)
    assert act(ended, c.ReopenLesson(), 10_000 + REOPEN_MS).phase == "live"
    with pytest.raises(Refused, match=r"lesson\.phase"):
        act(ended, c.ReopenLesson(), 10_001 + REOPEN_MS)


def test_a_lesson_that_never_was_live_reopens_open() -> None:
    state = act(act(act(START, c.OpenLesson(), 1), c.EndLesson(), 2), c.ReopenLesson(), 3)
    assert state.phase == "open"
    assert state.ended_at is None


def test_the_deadline_of_a_room_that_fell_off_the_stage() -> None:
    state = act(on_air(), c.CallOnStage(participant="p0"), 3_000)
    assert next_deadline(state) is None
    state = act(state, c.Leave(participant="p0"), 4_000)
    due = next_deadline(state)
    assert due is not None
    assert due.at == 4_000 + STAGE_KEPT_MS
    assert act(state, due.command, due.at - 1) == state
    released = act(state, due.command, due.at)
    assert not released.stage
    assert next_deadline(released) is None
    back = act(state, c.Join(participant="p0", role="classroom"), 5_000)
    assert next_deadline(back) is None
    assert act(back, due.command, due.at) == back


def test_the_removed_stay_out() -> None:
    state = act(on_air(), c.CallOnStage(participant="p0"), 3_000)
    state = act(state, c.RemoveParticipant(participant="p0"), 4_000)
    assert not state.stage
    assert "p0" not in state.participants
    assert not admits_media(state, "p0")
    with pytest.raises(Refused, match="forbidden"):
        act(state, c.Join(participant="p0", role="classroom"), 5_000)


def test_after_the_end_nobody_comes_or_goes_in_the_log() -> None:
    ended = act(on_air(), c.EndLesson(), 10_000)
    assert act(ended, c.Leave(participant="p0"), 11_000) == ended
    assert act(ended, c.Join(participant="p9", role="classroom"), 11_000) == ended
    assert not admits_media(ended, None)


@given(st.text(max_size=20), st.recursive(st.none() | st.integers() | st.text(), lambda s: st.dictionaries(st.text(), s)))
def test_commands_from_outside_are_checked(kind, payload) -> None:
    for name in (kind, "stage.call", "lesson.end"):
        code, command = outcome(lambda name=name: c.parse_command(name, payload))
        assert code == "request.malformed" or command.kind == name
