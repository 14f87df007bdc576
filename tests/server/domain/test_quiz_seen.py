"""Who sees what of a quiz card: the key nobody before its reveal, a choice its seat and the teacher (S16)."""

from __future__ import annotations

import json
from typing import Any

from server.domain.quiz.commands import (
    CloseQuiz,
    KeyAsked,
    OpenQuiz,
    RevealQuiz,
)
from tests.server.domain.classroom import (
    ELSEWHERE,
    EVERY,
    MASTER,
    NEIGHBOUR,
    SCREEN,
    SEAT,
    SEAT_ELSEWHERE,
    STAFF,
    STAFF_ELSEWHERE,
    VIEWER,
    WALL,
    Class,
)
from tests.server.domain.test_quiz import answer, count, opened, scan


def test_the_key_is_in_no_message_and_no_state_before_its_reveal() -> None:
    lesson = Class()
    quiz = opened(lesson, OpenQuiz(type="text", question="?", key=KeyAsked(texts=("密钥",))))
    lesson.by("seat", answer(quiz, 3, "别的"))
    lesson.by("seat", answer(quiz, 4, "密钥"))
    lesson.master(CloseQuiz(quiz=quiz))

    def knows(who: Any) -> bool:
        own = "密钥" if who == NEIGHBOUR else ""
        said = json.dumps([lesson.told(who), lesson.shown(who)], ensure_ascii=False)
        return said.count("密钥") > (2 if own else 0)

    assert [who for who in EVERY if knows(who)] == [MASTER]
    assert [message["payload"].get("key") for message in lesson.told(SCREEN) if message["kind"] == "quiz.opened"] == [None]
    lesson.master(RevealQuiz(quiz=quiz))
    assert all(knows(who) for who in EVERY)


def test_who_sees_an_answer() -> None:
    lesson = Class()
    quiz = opened(lesson)
    lesson.by("seat", answer(quiz, 3, (2,)))
    lesson.by("classroom", scan(quiz, s4=1))
    lesson.by("assistant", count(quiz, 1, 2, 3, 4))
    parts = {who: lesson.shown(who)["quiz"] for who in EVERY}
    assert parts[MASTER]["answers"] == {
        quiz: {"p1": {"3": {"choice": [2], "source": "device"}, "4": {"choice": [1], "source": "card"}}},
    }
    assert parts[MASTER]["counts"] == {quiz: {"p1": [1, 2, 3, 4]}}
    assert (parts[STAFF]["answered"], parts[STAFF]["counts"]) == ({quiz: [3, 4]}, {quiz: [1, 2, 3, 4]})
    assert (parts[SCREEN]["answered"], parts[SCREEN]["counted"]) == ({quiz: [3, 4]}, {quiz: True})
    assert parts[SEAT]["own"] == {quiz: [2]}
    assert parts[NEIGHBOUR]["own"] == {}
    for who in (ELSEWHERE, STAFF_ELSEWHERE, SEAT_ELSEWHERE, WALL, VIEWER):
        about = [message["kind"] for message in lesson.told(who) if message["kind"].startswith("quiz.")]
        assert about == ["quiz.opened"]
        assert not any(parts[who].get(name) for name in ("answered", "counted", "counts", "own", "answers"))
    choices = [message["payload"].get("choice") for who in (SCREEN, STAFF) for message in lesson.told(who)]
    assert set(choices) == {None}


def test_other_rooms_see_the_totals_after_the_reveal_and_their_own_result() -> None:
    lesson = Class()
    quiz = opened(lesson)
    lesson.by("seat", answer(quiz, 3))
    lesson.by("seat", answer(quiz, 5, (0,), room="p2"))
    lesson.master(RevealQuiz(quiz=quiz))
    own = {"answered": 1, "options": [0, 1, 0, 0], "right": 1, "counted": None}
    for who in EVERY:
        part = lesson.shown(who)["quiz"]
        assert part["cards"][quiz]["total"] == {"answered": 2, "options": [1, 1, 0, 0], "right": 1, "counted": None}
        assert part["cards"][quiz]["key"]["options"] == [1]
    for who in (SCREEN, STAFF, SEAT):
        assert lesson.shown(who)["quiz"]["tallies"] == {quiz: own}
    assert lesson.shown(MASTER)["quiz"]["tallies"][quiz].keys() == {"p1", "p2"}
    assert lesson.shown(WALL)["quiz"]["tallies"] == {}
