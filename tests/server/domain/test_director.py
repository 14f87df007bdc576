"""Which layout the rooms see, by rule and by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.domain import commands as c
from server.domain.board import events as board
from server.domain.director.commands import ChooseLayout
from server.domain.director.layout import layout_of
from server.domain.events import Envelope
from server.domain.lesson import LessonState, fold
from tests.server.domain.logs import act
from tests.server.domain.test_hands import in_class, kinds

CALL, RELEASE = c.CallOnStage(participant="p1"), c.ReleaseFromStage(participant="p1")


def happened(state: LessonState, *payloads) -> LessonState:
    for payload in payloads:
        state = fold(state, Envelope(state.id, state.seq + 1, state.at, payload, "t"))
    return state


ATTACHED = board.CoursewareAttached(courseware="c1", version="v1", pages=9)
TURNED = board.PageTurned(sheet="c1", page=2)


def test_the_teacher_then_the_courseware_then_the_stage_and_back() -> None:
    state = in_class()
    assert layout_of(state) == "teacher"
    state = happened(state, ATTACHED)
    assert layout_of(state) == "courseware"
    state = act(state, CALL, 10_000)
    assert layout_of(state) == "stage"
    assert layout_of(happened(state, TURNED)) == "courseware"
    assert layout_of(act(happened(state, TURNED), c.CallOnStage(participant="p2"), 11_000)) == "stage"
    assert layout_of(act(state, RELEASE, 11_000)) == "courseware"


def test_a_board_that_is_put_away_is_not_shown() -> None:
    state = happened(in_class(), ATTACHED, board.BoardShown(on=False))
    assert layout_of(state) == "teacher"
    on_stage = act(state, CALL, 10_000)
    assert layout_of(on_stage) == "stage"
    assert layout_of(happened(on_stage, board.BoardShown(on=True))) == "courseware"
    assert layout_of(happened(on_stage, TURNED)) == "stage"
    assert layout_of(happened(state, board.BoardShown(on=True), board.SheetDetached(sheet="c1"))) == "teacher"


@pytest.mark.parametrize("layout", ["teacher", "screen", "courseware", "side", "pip", "stage"])
def test_the_hand_stands_above_the_rules_until_it_gives_them_back(layout: str) -> None:
    state = act(in_class(), ChooseLayout(layout=layout), 9_000)  # type: ignore[arg-type]
    busy = act(happened(state, ATTACHED, TURNED), CALL, 10_000)
    assert layout_of(state) == layout_of(busy) == layout
    assert layout_of(act(busy, ChooseLayout(layout="auto"), 11_000)) == "stage"


def test_only_a_change_is_written() -> None:
    state = in_class()
    assert kinds(state, ChooseLayout(layout="auto")) == []
    assert kinds(state, ChooseLayout(layout="pip")) == ["layout.changed"]
    assert kinds(act(state, ChooseLayout(layout="pip"), 9_000), ChooseLayout(layout="pip")) == []


def test_what_the_rules_say_is_only_of_the_state() -> None:
    state = act(happened(in_class(), ATTACHED), CALL, 10_000)
    assert layout_of(replace(state, seq=99, at=99_999)) == layout_of(state)
