"""Microphones on stage: who opens and closes them, and what media makes of it (S12, S25)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.audience import project_state
from server.domain.command import Command
from server.domain.lesson import LessonState, fold
from server.domain.media_plan import Place, wanted_sources
from server.domain.mic.commands import CloseMic, GrantMic, MuteMic, OpenMic, ReportEcho, RequestMic
from server.domain.mic.heard import is_heard
from server.domain.refused import Refused
from server.domain.seen import audience_of
from tests.server.domain.lives import mic as life
from tests.server.domain.logs import LOOKUP, PEOPLE, START, act, live
from tests.server.domain.test_hands import in_class, kinds

ECHO = ReportEcho(participant="p1", correlation=0.93, delay_ms=420)
MUTE, GRANT, OPEN, CLOSE, ASK = (kind(participant="p1") for kind in (MuteMic, GrantMic, OpenMic, CloseMic, RequestMic))


def on_stage(*commands: Command) -> LessonState:
    state = act(in_class(), c.CallOnStage(participant="p1"), 10_000)
    for command in commands:
        state = act(state, command, state.at + 1_000)
    return state


def muted(state: LessonState, who: str = "p1") -> bool:
    wanted = wanted_sources(state, [Place(who, "mic")])
    return wanted[f"{state.id}/{who}/mic"].muted


def test_a_call_opens_it_and_leaving_the_stage_closes_it() -> None:
    assert muted(in_class())
    assert not muted(on_stage())
    assert muted(on_stage(c.ReleaseFromStage(participant="p1")))
    assert not muted(on_stage(MUTE, c.ReleaseFromStage(participant="p1"), c.CallOnStage(participant="p1")))


@pytest.mark.parametrize(("command", "by"), [(MUTE, "master"), (CLOSE, "room"), (ECHO, "echo")])
def test_whoever_closes_it_it_is_muted_in_the_worker(command: Command, by: str) -> None:
    state = on_stage(command)
    assert (muted(state), dict(state.mic.closed)) == (True, {"p1": by})
    assert act(state, command, 20_000) == state
    assert not muted(act(state, GRANT, 20_000))


def test_the_camera_stays() -> None:
    state = on_stage(MUTE)
    assert not wanted_sources(state, [Place("p1", "camera")])[f"{state.id}/p1/camera"].muted


def test_a_room_opens_only_what_it_closed_itself() -> None:
    assert not muted(on_stage(CLOSE, OPEN))
    assert kinds(on_stage(), OPEN) == []
    for closed in (on_stage(MUTE), on_stage(ECHO), on_stage(CLOSE, MUTE), in_class()):
        with pytest.raises(Refused, match=r"mic\.ask"):
            act(closed, OPEN, 20_000)


def test_a_request_is_granted_on_stage() -> None:
    state = on_stage(MUTE, ASK)
    assert list(state.mic.requests) == ["p1"]
    assert act(state, ASK, 20_000) == state
    granted = act(state, GRANT, 20_000)
    assert (muted(granted), dict(granted.mic.requests)) == (False, {})
    assert kinds(granted, GRANT) == kinds(granted, ASK) == []


def test_a_request_is_granted_off_stage_by_coming_on_stage() -> None:
    state = act(in_class(), ASK, 10_000)
    assert kinds(state, GRANT) == ["stage.called"]
    granted = act(state, GRANT, 11_000)
    assert (muted(granted), dict(granted.stage), dict(granted.mic.requests)) == (False, {1: "p1"}, {})


def test_a_request_is_not_granted_on_a_full_stage() -> None:
    state = in_class("p0", "p1", "p2", "p3", "p4")
    for who in ("p0", "p2", "p3", "p4"):
        state = act(state, c.CallOnStage(participant=who), 9_000)
    with pytest.raises(Refused, match=r"stage\.full"):
        act(state, GRANT, 10_000)


@pytest.mark.parametrize(("answer", "by"), [(MUTE, "master"), (CLOSE, "room")])
def test_a_request_is_declined_or_withdrawn(answer: Command, by: str) -> None:
    log: list = []
    state = act(act(in_class(), ASK, 10_000), answer, 11_000, log)
    assert [(event.kind, event.payload.by) for event in log] == [("mic.declined", by)]
    assert dict(state.mic.requests) == {}
    assert kinds(state, answer) == []


def test_a_request_of_a_room_muted_by_the_teacher_is_declined_by_muting_again() -> None:
    assert kinds(on_stage(MUTE, ASK), MUTE) == ["mic.declined"]
    assert kinds(on_stage(CLOSE, ASK), MUTE) == ["mic.closed"]


def test_an_echo_off_stage_or_of_a_closed_microphone_says_nothing() -> None:
    assert kinds(in_class(), ECHO) == kinds(on_stage(MUTE), ECHO) == []


@pytest.mark.parametrize("command", [c.Leave(participant="p1"), c.RemoveParticipant(participant="p1"), c.PauseLesson(), c.EndLesson()])
def test_requests_end_with_their_room_and_their_class(command: Command) -> None:
    assert dict(act(act(in_class(), ASK, 10_000), command, 11_000).mic.requests) == {}


def test_the_master_and_strangers_have_no_such_microphone() -> None:
    for who in ("master", "p9"):
        for kind in (RequestMic, GrantMic, MuteMic, CloseMic, OpenMic):
            with pytest.raises(Refused, match=r"participant\.unknown"):
                act(in_class(), kind(participant=who), 10_000)


def test_who_asks_is_between_the_room_and_the_teacher() -> None:
    state = act(on_stage(MUTE), RequestMic(participant="p2"), 20_000)
    asked = {
        who: project_state(state, audience_of(*who), LOOKUP)["mic"]
        for who in (("master", "master"), ("classroom", "p1"), ("assistant", "p2"), ("viewer", None))
    }
    assert [list(part["requests"]) for part in asked.values()] == [["p2"], [], ["p2"], []]
    assert all(part["closed"] == {"p1": "master"} for part in asked.values())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_only_rooms_on_stage_are_named_as_closed_and_none_of_them_is_heard(seed: int) -> None:
    draw = random.Random(seed)
    steps: list = [(c.GoLive(), 1), *((c.Join(participant=who, role="classroom"), 1) for who in PEOPLE)]
    others = (c.Leave, c.Join, c.CallOnStage, c.ReleaseFromStage)
    for _ in range(60):
        kind, who = draw.choice(others), draw.choice(PEOPLE)
        more = {"role": "classroom"} if kind is c.Join else {}
        steps.append((life.draw(draw) if draw.random() < 0.7 else kind(participant=who, **more), 500))
    state = START
    for event in live(steps):
        state = fold(state, event)
        assert set(state.mic.closed) <= set(state.stage.values())
        heard = {who for who in PEOPLE if not muted(state, who)}
        assert heard == {who for who in PEOPLE if is_heard(state, who)}
        assert heard == {who for who in state.stage.values() if state.participants[who].present} - set(state.mic.closed)
