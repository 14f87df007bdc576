"""120 answers over three rooms, with repeats, changes of mind, reconnects and late ones: the totals are exact (S14, S23)."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain import commands as c
from server.domain.command import Giver
from server.domain.facts import Facts, RoomFacts
from server.domain.lesson import fold_all
from server.domain.lookup import Lookup
from server.domain.quiz.choice import Key, chosen, right, same_text
from server.domain.quiz.commands import AnswerQuiz, CountQuiz, KeyAsked, OpenQuiz, RevealQuiz, ScanQuiz
from server.domain.quiz.tally import among, results, tally, total
from server.domain.refused import Refused
from tests.server.domain.classroom import Class
from tests.server.domain.logs import START

ROOMS = ("p1", "p2", "p3")
SEATS = 40
OPTIONS = 4
FACTS = Facts({who: RoomFacts(seats=SEATS, plan=f"{who}.1") for who in ROOMS})


@dataclass
class Server:
    """Answers each command of a principal once, as the store's receipts make it (S14)."""

    lesson: Class
    receipts: set[tuple[str, str]] = field(default_factory=set)

    def take(self, giver: Giver, command_id: str, command: c.Command) -> bool:
        if (giver.principal, command_id) in self.receipts:
            return True
        try:
            self.lesson.give(command, giver, after=7)
        except Refused:
            return False
        self.receipts.add((giver.principal, command_id))
        return True


def sending(draw: random.Random, quiz: str) -> list[tuple[Giver, str, AnswerQuiz]]:
    """One answer of each of 120 seats; some change their mind, by another device too; one in ten is sent again, maybe much later."""
    sent: list[tuple[Giver, str, AnswerQuiz]] = []
    for room in ROOMS:
        for seat in range(1, SEATS + 1):
            for n in range(draw.choice((1, 1, 1, 2, 3))):
                role: Any = draw.choice(("seat", "seat", "assistant"))
                giver = Giver(role, room, seat if role == "seat" else 0, f"{role}:{room}:{seat}")
                sent.append((giver, f"{n}", AnswerQuiz(quiz=quiz, participant=room, seat=seat, choice=(draw.randrange(OPTIONS),))))
    draw.shuffle(sent)
    for message in draw.sample(sent, len(sent) // 10):
        sent.insert(draw.randrange(sent.index(message), len(sent)) + 1, message)
    return sent


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_totals_are_exact(seed: int) -> None:
    draw = random.Random(seed)
    lesson = Class(facts=FACTS)
    lesson.server(c.Join(participant="p3", role="classroom"))
    lesson.master(OpenQuiz(type="single", options=("A", "B", "C", "D"), key=KeyAsked(options=(1,))))
    quiz = lesson.state.quiz.open
    server, last = Server(lesson), dict[tuple[str, int], int]()
    seen: set[tuple[str, str]] = set()
    for giver, command_id, command in sending(draw, quiz):
        assert server.take(giver, command_id, command)
        if (giver.principal, command_id) not in seen:
            seen.add((giver.principal, command_id))
            last[command.participant, command.seat] = command.choice[0]  # type: ignore[index]
    lesson.master(RevealQuiz(quiz=quiz))
    late = AnswerQuiz(quiz=quiz, participant="p1", seat=1, choice=(3,))
    assert not server.take(Giver("seat", "p1", 1, "seat:p1:1"), "late", late)

    card = lesson.state.quiz.cards[quiz]
    assert len(last) == 120
    assert {(one.participant, one.seat): one.choice for one in results(lesson.state.quiz, quiz)} == {at: (n,) for at, n in last.items()}
    everybody = Counter(last.values())
    assert card.total is not None
    assert (card.total.answered, card.total.counted) == (120, None)
    assert card.total.options == tuple(everybody[n] for n in range(OPTIONS))
    assert card.total.right == everybody[1]
    for room in ROOMS:
        own = Counter(choice for (who, _), choice in last.items() if who == room)
        assert card.tallies[room].options == tuple(own[n] for n in range(OPTIONS))
    assert fold_all(START, lesson.log) == lesson.state


def test_results_are_for_the_wrong_answer_book() -> None:
    lesson = Class()
    lesson.master(OpenQuiz(type="text", question="?", key=KeyAsked(texts=("真分数", "proper fraction"))))
    quiz = lesson.state.quiz.open
    said = {1: "真 分数", 2: "Proper　Fraction", 3: "假分数", 4: "真分数"}
    for seat, text in said.items():
        lesson.by("assistant", AnswerQuiz(quiz=quiz, participant="p1", seat=seat, choice=text))
    rights = [one.right for one in results(lesson.state.quiz, quiz, lesson.lookup)]
    assert rights == [True, True, False, True]
    assert {one.plan for one in results(lesson.state.quiz, quiz)} == {"plan.2"}
    erased = Lookup(texts={id_: text for id_, text in lesson.lookup.texts.items() if text != "假分数"})
    assert [one.right for one in results(lesson.state.quiz, quiz, erased)] == [True, True, None, True]
    assert {one.right for one in results(lesson.state.quiz, quiz)} == {None}
    assert tally(lesson.state.quiz, quiz)["p1"].right is None


def test_a_group_has_its_own_tally() -> None:
    lesson = Class()
    lesson.master(OpenQuiz(type="boolean", key=KeyAsked(options=(0,))))
    quiz = lesson.state.quiz.open
    for room, seat, choice in (("p1", 1, 0), ("p1", 2, 1), ("p2", 1, 0), ("p2", 2, 0)):
        lesson.by("assistant", AnswerQuiz(quiz=quiz, participant=room, seat=seat, choice=(choice,)))
    lesson.by("assistant", CountQuiz(quiz=quiz, participant="p2", counts=(5, 6)))
    card = lesson.state.quiz.cards[quiz]
    mixed = among(card, {("p1", 2), ("p2", 0)})
    assert (mixed.answered, mixed.options, mixed.right, mixed.counted) == (3, (2, 1), 2, (5, 6))
    seats = among(card, {("p1", 1), ("p2", 1), ("p2", 40)})
    assert (seats.answered, seats.right, seats.counted) == (2, 2, None)
    assert total(card, tally(lesson.state.quiz, quiz)).counted == (5, 6)


def test_cards_and_devices_of_a_room_are_one_vote_each() -> None:
    lesson = Class()
    lesson.master(OpenQuiz(type="boolean"))
    quiz = lesson.state.quiz.open
    for seat in range(1, 21):
        lesson.by("seat", AnswerQuiz(quiz=quiz, participant="p1", seat=seat, choice=(0,)))
    lesson.by("classroom", ScanQuiz(quiz=quiz, participant="p1", answers={str(seat): 1 for seat in range(1, 41)}))
    assert tally(lesson.state.quiz, quiz)["p1"].options == (20, 20)


@pytest.mark.parametrize(
    ("key", "choice", "expected"),
    [
        (Key(number=0.3), 0.1 + 0.2, True),
        (Key(number=3.14, tolerance=0.01), 3.15, True),
        (Key(number=3.14, tolerance=0.01), 3.16, False),
        (Key(number=1e12), 1e12 + 1e4, False),
        (Key(options=(0, 2)), (0, 2), True),
        (Key(options=(0, 2)), (0,), False),
        (None, (0,), None),
    ],
)
def test_what_is_right(key: Key | None, choice: Any, expected: bool | None) -> None:
    assert right(key, choice) is expected


@given(
    st.sampled_from(("single", "multiple", "boolean", "number", "text", "poll")),
    st.one_of(st.floats(), st.text(), st.lists(st.integers(0, 7))),
)
def test_whatever_is_said_is_an_answer_or_none(type_: Any, said: Any) -> None:
    choice = tuple(said) if isinstance(said, list) else said
    taken = chosen(type_, 2, choice)
    assert taken is None or chosen(type_, 2, taken) == taken


def test_width_case_and_spaces_do_not_matter() -> None:
    assert same_text("ＡＢ c", "abC")
    assert not same_text("ab", "abc")
