"""When a lesson is recorded, by itself and by hand (S13)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.domain import commands as c
from server.domain.audience import project_state
from server.domain.command import Command, Giver, Moment
from server.domain.decide import decide
from server.domain.events import Envelope
from server.domain.facts import Facts
from server.domain.lesson import LessonState, fold
from server.domain.record.commands import PauseRecording, ResumeRecording, StartRecording, StopRecording
from server.domain.record.state import Record
from server.domain.refused import Refused
from server.domain.seen import VIEWS, Audience
from tests.server.domain.logs import LOOKUP, START

BY_ITSELF, BY_HAND = Facts(record=True), Facts()
MASTER = Giver("master", "master")


def after(state: LessonState, command: Command, at: int, facts: Facts = BY_ITSELF) -> tuple[LessonState, list[str]]:
    decision = decide(state, command, MASTER if command.roles else None, Moment(at, b"%d" % at, facts))
    for payload in decision.events:
        state = fold(state, Envelope(state.id, state.seq + 1, at, payload, "t"))
    return state, [payload.kind for payload in decision.events]


def done(*steps: tuple[int, Command], facts: Facts = BY_ITSELF, state: LessonState = START) -> LessonState:
    for at, command in steps:
        state, _ = after(state, command, at, facts)
    return state


LIVE = (1_000, c.GoLive())


def test_it_begins_with_the_lesson_and_ends_with_it_in_the_same_decisions() -> None:
    state, kinds = after(START, c.GoLive(), 1_000)
    assert kinds == ["lesson.opened", "lesson.live", "record.started"]
    assert state.record.mode == "on"
    assert state.record.since == 1_000
    state, kinds = after(state, c.EndLesson(), 61_000)
    assert kinds == ["lesson.ended", "record.stopped"]
    assert (state.record.mode, state.record.since, state.record.before) == ("off", None, 60_000)


def test_the_end_that_comes_by_itself_stops_it_too() -> None:
    _, kinds = after(done(LIVE), c.EndByItself(planned_end=2_000), 10_000_000)
    assert kinds == ["lesson.ended", "record.stopped"]


def test_a_school_may_want_it_by_hand_only() -> None:
    state, kinds = after(START, c.GoLive(), 1_000, BY_HAND)
    assert kinds == ["lesson.opened", "lesson.live"]
    assert state.record.recording == ""
    assert after(state, StartRecording(), 2_000, BY_HAND)[1] == ["record.started"]
    assert after(state, c.EndLesson(), 2_000, BY_HAND)[1] == ["lesson.ended"]


def test_nothing_is_recorded_before_class() -> None:
    state, kinds = after(START, c.OpenLesson(), 1_000)
    assert kinds == ["lesson.opened"]
    for command in (StartRecording(), PauseRecording(), ResumeRecording(), StopRecording()):
        with pytest.raises(Refused) as refused:
            after(state, command, 2_000)
        assert refused.value.code == "lesson.phase"


def test_each_command_makes_its_event_once() -> None:
    state = done(LIVE)
    assert after(state, StartRecording(), 2_000)[1] == []
    assert after(state, ResumeRecording(), 2_000)[1] == []
    state, kinds = after(state, PauseRecording(), 2_000)
    assert kinds == ["record.paused"]
    assert after(state, PauseRecording(), 3_000)[1] == []
    assert after(state, StartRecording(), 3_000)[1] == ["record.resumed"]
    state, kinds = after(state, ResumeRecording(), 3_000)
    assert kinds == ["record.resumed"]
    state, kinds = after(state, StopRecording(), 4_000)
    assert kinds == ["record.stopped"]
    assert after(state, StopRecording(), 5_000)[1] == []
    assert state.record.before == 2_000


@pytest.mark.parametrize("command", [PauseRecording(), ResumeRecording()])
def test_what_does_not_run_is_neither_paused_nor_goes_on(command: Command) -> None:
    for state in (done(LIVE, facts=BY_HAND), done(LIVE, (2_000, StopRecording()))):
        with pytest.raises(Refused) as refused:
            after(state, command, 3_000)
        assert refused.value.code == "record.off"


def test_a_lesson_has_one_recording_whatever_happens_to_it() -> None:
    state = done(LIVE)
    first = state.record.recording
    assert first
    assert first.isalnum()
    state = done((2_000, StopRecording()), (3_000, StartRecording()), (4_000, c.EndLesson()), (5_000, c.ReopenLesson()), state=state)
    assert state.record.recording == first
    assert (state.record.mode, state.record.since, state.record.before) == ("on", 5_000, 2_000)


def test_a_break_is_not_recorded_and_does_not_start_what_was_stopped() -> None:
    state = done(LIVE, (2_000, c.PauseLesson()))
    assert (state.record.mode, state.record.since, state.record.before) == ("on", None, 1_000)
    assert done((3_000, PauseRecording()), (4_000, ResumeRecording()), state=state).record.since is None
    assert done((9_000, c.GoLive()), state=state).record.since == 9_000
    state = done((3_000, StopRecording()), state=state)
    assert after(state, c.GoLive(), 4_000)[1] == ["lesson.live"]


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        (StartRecording(), ["lesson.reopened", "record.started"]),
        (PauseRecording(), ["lesson.reopened", "record.started", "record.paused"]),
        (StopRecording(), ["lesson.reopened"]),
    ],
)
def test_a_reopened_lesson_goes_on_as_it_was(command: Command, kinds: list[str]) -> None:
    state = done(LIVE, (2_000, command), (3_000, c.EndLesson()))
    again, happened = after(state, c.ReopenLesson(), 4_000, BY_HAND)
    assert happened == kinds
    assert again.record.mode == done(LIVE, (2_000, command)).record.mode


def test_only_the_master_may() -> None:
    state = done(LIVE)
    for role in ("classroom", "assistant", "seat", "viewer", "wall"):
        for command in (StartRecording(), PauseRecording(), ResumeRecording(), StopRecording()):
            with pytest.raises(Refused) as refused:
                decide(state, command, Giver(role, "p1"), Moment(2_000, b"", BY_ITSELF))  # type: ignore[arg-type]
            assert refused.value.code == "forbidden"


def test_everybody_is_told_the_same() -> None:
    state = done(LIVE, (2_000, PauseRecording()))
    shown = [project_state(state, Audience(view, "" if view == "viewer" else "p1"), LOOKUP)["record"] for view in VIEWS]
    assert shown == [{"recording": state.record.recording, "mode": "paused", "since": None, "before": 1_000}] * len(VIEWS)


def test_time_never_runs_backwards() -> None:
    state = replace(done(LIVE), record=Record("r", "on", 9_000, 500, True))
    assert done((8_000, PauseRecording()), state=state).record.before == 500
