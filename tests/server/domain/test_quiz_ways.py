"""Printed cards, and shows of hands that are counted (S23)."""

from __future__ import annotations

import pytest

from server.domain.quiz.commands import (
    CloseQuiz,
    OpenQuiz,
    RevealQuiz,
)
from server.domain.quiz.events import Tally
from tests.server.domain.classroom import (
    Class,
    kinds,
    refusal,
)
from tests.server.domain.test_quiz import answer, chosen, count, opened, scan


def test_printed_cards_come_in_one_event_and_leave_devices_alone() -> None:
    lesson = Class()
    quiz = opened(lesson)
    lesson.by("seat", answer(quiz, 3, (0,)))
    (event,) = lesson.by("classroom", scan(quiz, s3=1, s10=2, s4=1, s41=1))
    assert (event.seats, event.options) == ((4, 10), (1, 2))  # type: ignore[attr-defined]
    assert chosen(lesson, quiz) == {3: ((0,), "device"), 4: ((1,), "card"), 10: ((2,), "card")}
    assert lesson.by("classroom", scan(quiz, s3=1, s4=1, s10=2)) == ()
    lesson.by("classroom", scan(quiz, s4=2))
    lesson.by("seat", answer(quiz, 10, (2,)))
    lesson.by("classroom", scan(quiz, s10=3))
    assert chosen(lesson, quiz) == {3: ((0,), "device"), 4: ((2,), "card"), 10: ((2,), "device")}


def test_a_card_turned_to_an_option_that_is_not_there_is_left_out() -> None:
    lesson = Class()
    quiz = opened(lesson, OpenQuiz(type="boolean"))
    lesson.by("classroom", scan(quiz, s3=0, s4=3))
    assert chosen(lesson, quiz) == {3: ((0,), "card")}


@pytest.mark.parametrize("card", [OpenQuiz(type="multiple", options=("1", "2")), OpenQuiz(type="number"), OpenQuiz(type="text")])
def test_what_a_card_cannot_say(card: OpenQuiz) -> None:
    lesson = Class()
    assert refusal(lambda: lesson.by("classroom", scan(opened(lesson, card), s3=0))) == "quiz.choice"


def test_counted_hands_stand_beside_the_seats_and_are_never_summed() -> None:
    lesson = Class()
    quiz = opened(lesson)
    lesson.by("seat", answer(quiz, 3))
    lesson.by("assistant", count(quiz, 9, 9, 9, 9))
    lesson.by("assistant", count(quiz, 10, 20, 5, 1))
    assert lesson.by("assistant", count(quiz, 10, 20, 5, 1)) == ()
    lesson.by("classroom", count(quiz, 1, 2, 3, 4, room="p2"))
    lesson.master(RevealQuiz(quiz=quiz))
    card = lesson.state.quiz.cards[quiz]
    assert card.total == Tally(answered=1, options=(0, 1, 0, 0), right=1, counted=(11, 22, 8, 5))
    assert card.tallies["p1"] == Tally(answered=1, options=(0, 1, 0, 0), right=1, counted=(10, 20, 5, 1))
    assert card.tallies["p2"] == Tally(answered=0, options=(0, 0, 0, 0), right=0, counted=(1, 2, 3, 4))


def test_no_more_hands_than_seats_and_no_other_options() -> None:
    lesson = Class()
    quiz = opened(lesson)
    for counts in ((20, 20, 1, 0), (1, 2, 3), (1, 2, 3, 4, 5)):
        assert refusal(lambda counts=counts: lesson.by("assistant", count(quiz, *counts))) == "quiz.choice"
    lesson.master(CloseQuiz(quiz=quiz))
    quiz = opened(lesson, OpenQuiz(type="multiple", options=("1", "2")))
    assert kinds(lesson.by("assistant", count(quiz, 40, 40))) == ["quiz.counted"]
    lesson.master(CloseQuiz(quiz=quiz))
    assert refusal(lambda: lesson.by("assistant", count(opened(lesson, OpenQuiz(type="text"))))) == "quiz.choice"
