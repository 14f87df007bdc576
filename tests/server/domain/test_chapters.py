"""Chapters of a lesson."""

from __future__ import annotations

from server.domain import events as e
from server.domain.board.events import PageTurned
from server.domain.chapters import MOST, PAGE_MS, Chapter, chapters
from server.domain.payload import Payload, TextRef
from server.domain.quiz.events import QuizOpened

MINUTE = 60_000


def log(*said: tuple[int, Payload]) -> list[e.Envelope]:
    return [e.Envelope("l", n + 1, at, payload, "system") for n, (at, payload) in enumerate(said)]


def quiz(n: int) -> QuizOpened:
    return QuizOpened(quiz=f"q{n}", type="boolean", question=TextRef("t", "d"))


def test_a_lesson_that_never_began_has_none() -> None:
    assert chapters(log((0, e.LessonOpened()), (5, PageTurned(sheet="s", page=2)))) == []


def test_class_break_quiz_stage_and_pages() -> None:
    found = chapters(
        log(
            (0, e.LessonLive()),
            (3 * MINUTE, PageTurned(sheet="s", page=2)),
            (4 * MINUTE, quiz(1)),
            (6 * MINUTE, e.StageCalled(participant="p1", position=1)),
            (8 * MINUTE, e.LessonPaused()),
            (10 * MINUTE, e.LessonLive()),
        )
    )
    assert found == [
        Chapter(0, "begin", {"n": 1}),
        Chapter(3 * MINUTE, "page", {"n": 2}),
        Chapter(4 * MINUTE, "quiz", {"n": 1}),
        Chapter(6 * MINUTE, "stage", {"participant": "p1"}),
        Chapter(8 * MINUTE, "break"),
        Chapter(10 * MINUTE, "begin", {"n": 2}),
    ]


def test_leafing_through_begins_none() -> None:
    turns = [(n * 1000, PageTurned(sheet="s", page=n + 2)) for n in range(1, 100)]
    found = chapters(log((0, e.LessonLive()), *turns))
    assert [one.at for one in found] == [0, PAGE_MS]


def test_a_quiz_takes_the_place_of_what_has_just_begun() -> None:
    found = chapters(log((0, e.LessonLive()), (2 * MINUTE, PageTurned(sheet="s", page=2)), (2 * MINUTE + 2000, quiz(1))))
    assert [one.kind for one in found] == ["begin", "quiz"]


def test_there_are_never_too_many() -> None:
    many = [(n * 10_000, quiz(n)) for n in range(1, 500)]
    assert len(chapters(log((0, e.LessonLive()), *many))) == MOST
