"""What is told of a span of a lesson: nothing that was over before it began, and is seen no more."""

from __future__ import annotations

import json

from server.domain import events as e
from server.domain.board.events import BlankAdded, CoursewareAttached, PageTurned, StrokeDrawn
from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.payload import Payload, TextRef
from server.domain.quiz.events import QuizClosed, QuizOpened
from server.domain.seen import Audience
from server.replay.told import Cut, Cutting, beginning

LOOKUP = Lookup({"p1": "一小 1班", "p2": "二小 2班"}, {"t1": "旧题", "t2": "新题"})


def stroke(sheet: str, page: int, item: str) -> StrokeDrawn:
    return StrokeDrawn(sheet=sheet, page=page, item=item, participant="p1", points="AAKK", color="#d02030", width=30, tool="pen")


def lesson(begin: int, end: int, piece: int = 100) -> Cut:
    said: list[tuple[int, Payload]] = [
        (0, e.LessonLive()),
        (1, e.ParticipantJoined(participant="p1", role="classroom")),
        (2, e.ParticipantJoined(participant="p2", role="classroom")),
        (10, CoursewareAttached(courseware="c", version="v", pages=9)),
        (11, BlankAdded(sheet="blank")),
        (20, PageTurned(sheet="c", page=2)),
        (21, stroke("c", 2, "unseen")),
        (22, QuizOpened(quiz="q1", type="boolean", question=TextRef("t1", "d"))),
        (23, QuizClosed(quiz="q1")),
        (24, PageTurned(sheet="c", page=3)),
        (25, stroke("c", 3, "open")),
        (26, stroke("c", 5, "later")),
        (30_000, e.StageCalled(participant="p1", position=1)),
        (30_001, e.StageReleased(participant="p1", position=1)),
        (50_000, PageTurned(sheet="c", page=5)),
        (50_001, QuizOpened(quiz="q2", type="boolean", question=TextRef("t2", "d"))),
        (50_002, PageTurned(sheet="blank", page=1)),
        (90_000, PageTurned(sheet="c", page=8)),
    ]
    log = [e.Envelope("l", n, at, payload, "system") for n, (at, payload) in enumerate(said, 1)]
    cutting = Cutting(LessonState(id="l", name=""), begin, end)
    assert [event.at for at in range(0, len(log), piece) for event in cutting.take(log[at : at + piece])] == [
        event.at for event in log if begin < event.at <= end
    ]
    return cutting.done()


def test_it_is_all_the_same_in_which_pieces_a_log_is_read() -> None:
    for begin, end in ((40_000, 60_000), (22, 60_000), (5, 15), (95_000, 99_000), (0, 100_000)):
        assert len({repr(lesson(begin, end, piece)) for piece in (1, 3, 100)}) == 1


def test_ink_of_pages_that_are_not_opened_is_not_told() -> None:
    shown = beginning(lesson(40_000, 60_000), Audience("viewer"), LOOKUP)
    assert set(shown["state"]["board"]["ink"]) == {"c/3", "c/5"}
    assert "unseen" not in json.dumps(shown)


def test_a_card_that_was_closed_before_is_not_told() -> None:
    for who in (Audience("viewer"), Audience("master"), Audience("staff", "p1")):
        shown = beginning(lesson(40_000, 60_000), who, LOOKUP)
        assert shown["state"]["quiz"]["cards"] == {}, who
        assert "旧题" not in json.dumps(shown, ensure_ascii=False)
    assert "q1" in beginning(lesson(22, 60_000), Audience("viewer"), LOOKUP)["state"]["quiz"]["cards"], "it was open"


def test_pages_that_were_open() -> None:
    assert lesson(40_000, 60_000).pictures == {("v", 3), ("v", 5)}
    assert lesson(5, 15).pictures == {("v", 1)}
    assert lesson(95_000, 99_000).pictures == {("v", 8)}
    assert ("blank", 1) in lesson(40_000, 60_000).pages


def test_the_first_chapter_begins_with_the_span_and_names_nobody_who_left_the_stage() -> None:
    gone = beginning(lesson(40_000, 60_000), Audience("viewer"), LOOKUP)
    assert gone["chapters"][0] == {"at": 40_000, "kind": "begin", "n": 1}
    assert "一小" not in json.dumps(gone, ensure_ascii=False)
    there = beginning(lesson(30_000, 60_000), Audience("viewer"), LOOKUP)
    assert there["chapters"][0] == {"at": 30_000, "kind": "stage", "name": "一小 1班"}
