"""Quiz cards: opened, answered, closed, revealed, discarded; for everybody or one group (S23)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.domain import commands as c
from server.domain.command import Giver
from server.domain.decide import next_deadline
from server.domain.quiz.asking import MOST
from server.domain.quiz.commands import (
    AnswerQuiz,
    CloseQuiz,
    CountQuiz,
    DiscardQuiz,
    ExpireQuiz,
    KeyAsked,
    OpenQuiz,
    RevealQuiz,
    ScanQuiz,
)
from server.domain.quiz.rules import CHANGES
from server.domain.tools.commands import GroupAsked, SetGroups
from tests.server.domain.classroom import (
    EVERY,
    Class,
    kinds,
    refusal,
)

ABCD = OpenQuiz(type="single", question="1/2 + 1/2 = ?", options=("1", "2", "3", "4"), key=KeyAsked(options=(1,)))


def opened(lesson: Class, command: OpenQuiz = ABCD) -> str:
    lesson.master(command)
    return lesson.state.quiz.open


def answer(quiz: str, seat: int, choice: Any = (1,), room: str = "p1") -> AnswerQuiz:
    return AnswerQuiz(quiz=quiz, participant=room, seat=seat, choice=choice)


def chosen(lesson: Class, quiz: str, room: str = "p1") -> dict[int, tuple[Any, str]]:
    return {seat: (one.choice, one.source) for seat, one in lesson.state.quiz.cards[quiz].answers.get(room, {}).items()}


def scan(quiz: str, **cards: int) -> ScanQuiz:
    return ScanQuiz(quiz=quiz, participant="p1", answers={seat[1:]: option for seat, option in cards.items()})


def count(quiz: str, *counts: int, room: str = "p1") -> CountQuiz:
    return CountQuiz(quiz=quiz, participant=room, counts=counts)


# --- opening -------------------------------------------------------------------------------------------------------------


def test_one_card_at_a_time_and_so_many_in_a_lesson() -> None:
    lesson = Class()
    quiz = opened(lesson)
    assert refusal(lambda: lesson.master(ABCD)) == "quiz.busy"
    lesson.master(CloseQuiz(quiz=quiz))
    for _ in range(MOST - 1):
        lesson.master(DiscardQuiz(quiz=opened(lesson)))
    assert refusal(lambda: lesson.master(ABCD)) == "quiz.full"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"type": "single", "options": ("1",)}, "options"),
        ({"type": "poll"}, "options"),
        ({"type": "boolean", "options": ("1", "2")}, "options"),
        ({"type": "text", "options": ("1", "2")}, "options"),
        ({"type": "single", "options": ("1", "2"), "key": KeyAsked(options=(2,))}, "key"),
        ({"type": "single", "options": ("1", "2"), "key": KeyAsked(options=(0, 1))}, "key"),
        ({"type": "multiple", "options": ("1", "2"), "key": KeyAsked(options=(1, 1))}, "key"),
        ({"type": "multiple", "options": ("1", "2"), "key": KeyAsked()}, "key"),
        ({"type": "boolean", "key": KeyAsked(number=1.0)}, "key"),
        ({"type": "number", "key": KeyAsked(options=(0,))}, "key"),
        ({"type": "number", "key": KeyAsked(number=1.0, tolerance=-0.1)}, "key"),
        ({"type": "number", "key": KeyAsked(number=float("inf"))}, "key"),
        ({"type": "text", "key": KeyAsked(texts=(" ",))}, "key"),
        ({"type": "poll", "options": ("1", "2"), "key": KeyAsked(options=(0,))}, "key"),
    ],
)
def test_a_card_that_nobody_could_answer_is_refused(more: dict[str, Any], field: str) -> None:
    lesson = Class()
    assert refusal(lambda: lesson.master(OpenQuiz(**more))) == "request.malformed"
    assert lesson.state.quiz.cards == {}


@pytest.mark.parametrize(
    ("payload", "sound"),
    [
        ({"type": "single", "options": ["1", "2"], "key": {"options": [1]}, "seconds": 3600}, True),
        ({"type": "number", "key": {"number": 1, "tolerance": 0}}, True),
        ({"type": "essay"}, False),
        ({"type": "single", "options": ["1"] * 9}, False),
        ({"type": "single", "options": ["1", "2"], "seconds": 3601}, False),
        ({"type": "single", "options": ["1", "2"], "key": {"answer": 1}}, False),
        ({"type": "single", "question": "?" * 501}, False),
    ],
)
def test_commands_from_outside(payload: dict[str, Any], sound: bool) -> None:
    assert (refusal(lambda: c.parse_command("quiz.open", payload)) == "") is sound


def test_answers_from_outside_are_options_a_number_or_a_text() -> None:
    for choice, read in (([0, 2], (0, 2)), (3, 3.0), (0.5, 0.5), ("分数", "分数")):
        command: Any = c.parse_command("quiz.answer", {"quiz": "q", "participant": "p1", "seat": 1, "choice": choice})
        assert command.choice == read
    for choice in ([8], ["A"], {"a": 1}, None, True, "?" * 201):
        assert refusal(
            lambda choice=choice: c.parse_command("quiz.answer", {"quiz": "q", "participant": "p1", "seat": 1, "choice": choice})
        )
    for cards in ({"0": 1}, {"x": 1}, {"1": 8}, {"1": [1]}):
        assert refusal(lambda cards=cards: c.parse_command("quiz.cards", {"quiz": "q", "participant": "p1", "answers": cards}))


# --- answering -----------------------------------------------------------------------------------------------------------


def test_a_seat_votes_once_from_however_many_devices_and_the_last_counts() -> None:
    lesson = Class()
    quiz = opened(lesson)
    lesson.by("seat", answer(quiz, 3, (0,)))
    lesson.by("assistant", answer(quiz, 3, (2,)))
    assert kinds(lesson.by("classroom", answer(quiz, 3, (2,)))) == []
    lesson.by("seat", answer(quiz, 3, (1,)))
    assert chosen(lesson, quiz) == {3: ((1,), "device")}
    assert lesson.state.quiz.cards[quiz].answers["p1"][3].plan == "plan.2"


@pytest.mark.parametrize(
    ("card", "wrong", "good"),
    [
        (ABCD, [(), (0, 1), (4,), 1.0, "1"], (3,)),
        (OpenQuiz(type="multiple", options=("1", "2", "3")), [(), (0, 0), (3,), 1.0], (2, 0)),
        (OpenQuiz(type="boolean"), [(2,), (0, 1), "对"], (1,)),
        (OpenQuiz(type="number"), [(0,), "1", float("nan"), float("inf")], -1.5),
        (OpenQuiz(type="text"), [(0,), 1.0, "  "], " 二分之一 "),
        (OpenQuiz(type="poll", options=("1", "2")), [(0, 1), (2,)], (0,)),
    ],
)
def test_an_answer_fits_its_card(card: OpenQuiz, wrong: list[Any], good: Any) -> None:
    lesson = Class()
    quiz = opened(lesson, card)
    for choice in wrong:
        assert refusal(lambda choice=choice: lesson.by("seat", answer(quiz, 3, choice))) == "quiz.choice"
    assert kinds(lesson.by("seat", answer(quiz, 3, good))) == ["quiz.answered"]


def test_options_are_kept_in_order_and_texts_beside_the_log() -> None:
    lesson = Class()
    quiz = opened(lesson, OpenQuiz(type="multiple", options=("1", "2", "3")))
    lesson.by("seat", answer(quiz, 3, (2, 0)))
    assert chosen(lesson, quiz) == {3: ((0, 2), "device")}
    lesson.master(CloseQuiz(quiz=quiz))
    quiz = opened(lesson, OpenQuiz(type="text", question="?"))
    lesson.by("seat", answer(quiz, 3, " 一半 "))
    assert (lesson.texts[-1].value, lesson.texts[-1].owner) == ("一半", "student-3")
    assert chosen(lesson, quiz)[3][0] == lesson.texts[-1].ref


def test_nobody_answers_for_others_or_seats_that_are_not_there() -> None:
    lesson = Class()
    quiz = opened(lesson)
    assert refusal(lambda: lesson.by("assistant", answer(quiz, 3), room="p2")) == "forbidden"
    assert refusal(lambda: lesson.give(answer(quiz, 3), Giver("seat", "p1", 4))) == "forbidden"
    assert refusal(lambda: lesson.master(answer(quiz, 3))) == "forbidden"
    assert kinds(lesson.master(answer(quiz, 3, room="master"))) == ["quiz.answered"]
    assert refusal(lambda: lesson.by("assistant", answer(quiz, 41))) == "seat.unknown"
    assert refusal(lambda: lesson.by("seat", answer("other", 3))) == "quiz.unknown"


def test_a_device_does_not_change_its_mind_for_ever() -> None:
    lesson = Class()
    quiz = opened(lesson)
    for n in range(CHANGES + 1):
        lesson.by("seat", answer(quiz, 3, (n % 2,)))
    assert refusal(lambda: lesson.by("seat", answer(quiz, 3, (3,)))) == "request.too_many"
    assert kinds(lesson.by("assistant", answer(quiz, 3, (3,)))) == ["quiz.answered"]


# --- time ----------------------------------------------------------------------------------------------------------------


def test_late_is_what_comes_after_the_close_in_the_log() -> None:
    lesson = Class()
    quiz = opened(lesson, OpenQuiz(type="boolean", seconds=30))
    card = lesson.state.quiz.cards[quiz]
    assert card.card.deadline == lesson.at + 30_000
    due = next_deadline(lesson.state)
    assert due is not None
    assert (due.at, due.command_id) == (card.card.deadline + 2_000, f"quiz.expire:{quiz}")
    assert kinds(lesson.by("seat", answer(quiz, 3, (0,)), after=31_999)) == ["quiz.answered"]
    assert lesson.server(due.command, after=0) == ()
    assert kinds(lesson.clock()) == ["quiz.closed"]
    assert refusal(lambda: lesson.by("seat", answer(quiz, 3, (1,)))) == "quiz.closed"
    assert next_deadline(lesson.state) is None
    assert lesson.server(due.command) == ()


def test_the_end_of_the_lesson_closes_the_card() -> None:
    lesson = Class()
    quiz = opened(lesson, OpenQuiz(type="boolean", seconds=30))
    lesson.master(c.EndLesson())
    assert lesson.state.quiz.open == ""
    assert lesson.state.quiz.cards[quiz].closed_at == lesson.at
    lesson.master(c.ReopenLesson())
    assert refusal(lambda: lesson.by("seat", answer(quiz, 3, (1,)))) == "quiz.closed"
    assert lesson.server(ExpireQuiz(quiz=quiz), after=60_000) == ()


def test_reveal_closes_first_and_happens_once() -> None:
    lesson = Class()
    quiz = opened(lesson)
    lesson.by("seat", answer(quiz, 3))
    assert kinds(lesson.master(RevealQuiz(quiz=quiz))) == ["quiz.closed", "quiz.revealed", "quiz.tallied"]
    assert lesson.master(RevealQuiz(quiz=quiz)) == ()
    assert lesson.master(CloseQuiz(quiz=quiz)) == ()


def test_a_discarded_card_is_gone_for_everybody() -> None:
    lesson = Class()
    quiz = opened(lesson)
    lesson.by("seat", answer(quiz, 3))
    lesson.by("assistant", count(quiz, 1, 1, 1, 1))
    lesson.master(RevealQuiz(quiz=quiz))
    lesson.master(DiscardQuiz(quiz=quiz))
    assert refusal(lambda: lesson.master(DiscardQuiz(quiz=quiz))) == "quiz.unknown"
    for who in EVERY:
        assert quiz not in json.dumps(lesson.shown(who))


# --- groups --------------------------------------------------------------------------------------------------------------


def test_a_card_for_a_group_asks_its_members_only() -> None:
    lesson = Class()
    members = (("p1", 3), ("p1", 4))
    lesson.master(SetGroups(groups=(GroupAsked(id="g1", name="红", members=members), GroupAsked(id="g2", name="蓝", members=(("p2", 0),)))))
    assert refusal(lambda: lesson.master(OpenQuiz(type="boolean", group="g9"))) == "group.unknown"
    quiz = opened(lesson, OpenQuiz(type="boolean", group="g1"))
    assert kinds(lesson.by("seat", answer(quiz, 3, (0,)))) == ["quiz.answered"]
    assert refusal(lambda: lesson.by("seat", answer(quiz, 5, (0,)))) == "quiz.group"
    assert refusal(lambda: lesson.by("assistant", count(quiz, 1, 1, room="p2"))) == "quiz.group"
    lesson.by("classroom", scan(quiz, s4=1, s5=1))
    assert set(chosen(lesson, quiz)) == {3, 4}
    lesson.master(CloseQuiz(quiz=quiz))
    quiz = opened(lesson, OpenQuiz(type="boolean", group="g2"))
    assert kinds(lesson.by("seat", answer(quiz, 17, (0,), room="p2"))) == ["quiz.answered"]
    lesson.master(SetGroups(groups=()))
    assert kinds(lesson.by("seat", answer(quiz, 3, (0,)))) == ["quiz.answered"]
