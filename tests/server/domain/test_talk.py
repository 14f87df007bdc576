"""Questions held until an assistant releases them, and announcements."""

from __future__ import annotations

import json
from typing import Any

import pytest

from server.domain import commands as c
from server.domain.command import Giver
from server.domain.talk.commands import (
    AnswerQuestion,
    AskQuestion,
    DiscardQuestion,
    MakeAnnouncement,
    ReleaseQuestion,
    WithdrawAnnouncement,
)
from server.domain.talk.rules import ANNOUNCEMENTS, QUESTIONS, WAITING
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
    kinds,
    refusal,
)

WORDS = "为什么要通分"


def ask(seat: int = 3, room: str = "p1", text: str = WORDS) -> AskQuestion:
    return AskQuestion(participant=room, seat=seat, text=text)


def asked(lesson: Class, seat: int = 3, room: str = "p1", role: Any = "seat") -> str:
    (event,) = lesson.by(role, ask(seat, room))
    return str(event.id)  # type: ignore[attr-defined]


def readers(lesson: Class, words: str = WORDS) -> set[Any]:
    """Audiences that have been told the words, or find them in a fresh state; both must agree."""
    told = {who for who in EVERY if words in json.dumps(lesson.told(who), ensure_ascii=False)}
    shown = {who for who in EVERY if words in json.dumps(lesson.shown(who), ensure_ascii=False)}
    assert told == shown
    return told


def test_a_question_is_held_then_released_then_everybodys() -> None:
    lesson = Class()
    id_ = asked(lesson)
    assert readers(lesson) == {STAFF, SEAT}
    lesson.by("assistant", ReleaseQuestion(id=id_), room="p1")
    assert readers(lesson) == {STAFF, SEAT, MASTER}
    assert lesson.by("assistant", ReleaseQuestion(id=id_), room="p1") == ()
    lesson.master(AnswerQuestion(id=id_, mode="written", text="为了好比较"))
    assert readers(lesson) == set(EVERY) - {VIEWER}
    assert readers(lesson, "为了好比较") == set(EVERY) - {VIEWER}


def test_other_rooms_and_big_screens_do_not_learn_which_seat_asked() -> None:
    lesson = Class()
    id_ = asked(lesson)
    lesson.master(ReleaseQuestion(id=id_))
    lesson.master(AnswerQuestion(id=id_, mode="spoken"))
    seats = {who: lesson.shown(who)["talk"]["questions"][id_].get("seat") for who in EVERY if who != VIEWER}
    assert {who for who, seat in seats.items() if seat == 3} == {MASTER, STAFF, SEAT}
    for who in (SCREEN, ELSEWHERE, STAFF_ELSEWHERE, SEAT_ELSEWHERE, NEIGHBOUR, WALL):
        assert seats[who] is None
        assert all("seat" not in message["payload"] for message in lesson.told(who) if message["kind"] == "question.answered")


def test_in_the_masters_own_room_the_teacher_is_the_assistant() -> None:
    lesson = Class()
    id_ = asked(lesson, room="master")
    assert readers(lesson) == {MASTER}
    assert kinds(lesson.master(AnswerQuestion(id=id_, mode="spoken"))) == ["question.answered"]


def test_a_question_of_another_room_is_not_there() -> None:
    lesson = Class()
    id_ = asked(lesson)
    for command in (ReleaseQuestion(id=id_), DiscardQuestion(id=id_)):
        assert refusal(lambda command=command: lesson.by("assistant", command, room="p2")) == "question.unknown"
    assert refusal(lambda: lesson.master(AnswerQuestion(id=id_, mode="spoken"))) == "question.unknown"


def test_a_discarded_question_is_gone_and_the_master_learns_nothing_of_it() -> None:
    lesson = Class()
    id_ = asked(lesson)
    lesson.by("assistant", DiscardQuestion(id=id_), room="p1")
    assert all(id_ not in lesson.shown(who)["talk"]["questions"] for who in EVERY)
    assert [message["payload"] for message in lesson.told(MASTER) if message["kind"].startswith("question.")] == [{"id": id_}]
    assert refusal(lambda: lesson.by("assistant", ReleaseQuestion(id=id_), room="p1")) == "question.unknown"


def test_an_answered_question_is_answered() -> None:
    lesson = Class()
    id_ = asked(lesson)
    lesson.by("assistant", ReleaseQuestion(id=id_), room="p1")
    assert refusal(lambda: lesson.master(AnswerQuestion(id=id_, mode="written", text=" "))) == "request.malformed"
    lesson.master(AnswerQuestion(id=id_, mode="spoken", text="unsaid"))
    assert lesson.state.talk.questions[id_].answer is None
    assert refusal(lambda: lesson.master(AnswerQuestion(id=id_, mode="spoken"))) == "question.answered"
    assert refusal(lambda: lesson.master(DiscardQuestion(id=id_))) == "question.answered"


def test_a_seat_has_so_many_questions_waiting() -> None:
    lesson = Class()
    first, *_ = [asked(lesson) for _ in range(WAITING)]
    assert refusal(lambda: lesson.by("seat", ask())) == "question.waiting"
    assert kinds(lesson.by("seat", ask(4))) == ["question.asked"]
    lesson.by("assistant", ReleaseQuestion(id=first), room="p1")
    assert refusal(lambda: lesson.by("assistant", ask())) == "question.waiting"
    lesson.master(AnswerQuestion(id=first, mode="spoken"))
    assert kinds(lesson.by("seat", ask())) == ["question.asked"]


def test_a_lesson_has_so_many_questions() -> None:
    lesson = Class()
    for _ in range(QUESTIONS):
        lesson.by("assistant", DiscardQuestion(id=asked(lesson)), room="p1")
    assert refusal(lambda: lesson.by("seat", ask())) == "request.too_many"


def test_the_words_belong_to_who_asked() -> None:
    lesson = Class()
    asked(lesson, seat=3)
    asked(lesson, seat=0, role="classroom")
    assert [(text.value, text.owner) for text in lesson.texts] == [(WORDS, "student-3"), (WORDS, "")]


@pytest.mark.parametrize(
    ("ask_it", "code"),
    [
        (lambda lesson: lesson.by("seat", ask(41)), "seat.unknown"),
        (lambda lesson: lesson.by("seat", ask(text="  ")), "request.malformed"),
        (lambda lesson: lesson.give(ask(0), Giver("seat", "p1", 3)), "forbidden"),
        (lambda lesson: lesson.by("assistant", ask(), room="p2"), "forbidden"),
        (lambda lesson: lesson.master(ask(room="master")), "forbidden"),
        (lambda lesson: c.parse_command("question.ask", {"participant": "p1", "seat": 3, "text": "?" * 301}), "request.malformed"),
        (lambda lesson: lesson.by("assistant", MakeAnnouncement(participant="", text="!"), room="p1"), "forbidden"),
        (lambda lesson: lesson.by("assistant", MakeAnnouncement(participant="p2", text="!"), room="p1"), "forbidden"),
        (lambda lesson: lesson.by("classroom", MakeAnnouncement(participant="p1", text="!")), "forbidden"),
        (lambda lesson: lesson.master(MakeAnnouncement(participant="p9", text="!")), "participant.unknown"),
        (lambda lesson: lesson.master(WithdrawAnnouncement(id="a")), "announcement.unknown"),
    ],
)
def test_refusals(ask_it: Any, code: str) -> None:
    lesson = Class()
    before = lesson.state
    assert refusal(lambda: ask_it(lesson)) == code
    assert lesson.state == before


def test_an_announcement_is_for_everybody_or_for_one_room() -> None:
    lesson = Class()
    (to_all,) = lesson.master(MakeAnnouncement(participant="", text="五分钟后测验"))
    (to_room,) = lesson.by("assistant", MakeAnnouncement(participant="p1", text="值日生擦黑板"))
    assert readers(lesson, "五分钟后测验") == set(EVERY) - {VIEWER}
    assert readers(lesson, "值日生擦黑板") == {MASTER, SCREEN, STAFF, SEAT, NEIGHBOUR}
    withdraw_all, withdraw_room = (WithdrawAnnouncement(id=one.id) for one in (to_all, to_room))  # type: ignore[attr-defined]
    assert refusal(lambda: lesson.by("assistant", withdraw_all, room="p1")) == "announcement.unknown"
    assert refusal(lambda: lesson.by("assistant", withdraw_room, room="p2")) == "announcement.unknown"
    assert kinds(lesson.by("assistant", withdraw_room, room="p1")) == ["announcement.cleared"]
    assert kinds(lesson.master(withdraw_all)) == ["announcement.withdrawn"]
    assert all(lesson.shown(who)["talk"]["announcements"] == {} for who in EVERY)


def test_a_lesson_has_so_many_announcements() -> None:
    lesson = Class()
    for _ in range(ANNOUNCEMENTS):
        lesson.master(MakeAnnouncement(participant="p2", text="!"))
    assert refusal(lambda: lesson.master(MakeAnnouncement(participant="", text="!"))) == "request.too_many"
