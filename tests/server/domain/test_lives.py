"""Random lives of all parts: any prefix of any log folds, is projected for everybody, and tells nobody what is not theirs."""

from __future__ import annotations

import json
from functools import cache

import msgspec
import pytest

from server.domain.audience import AUDIENCE, project_event, project_state
from server.domain.checkin.state import Checkin
from server.domain.decide import next_deadline
from server.domain.events import PAYLOADS, Envelope, decode_payload, encode_payload
from server.domain.lesson import LessonState, fold, fold_all
from server.domain.quiz.state import Quizzes
from server.domain.quiz.tally import results, tally
from server.domain.seen import Audience
from server.domain.talk.state import Talk
from server.domain.tools.state import Tools
from tests.client_web.test_fold import life
from tests.server.domain.logs import AUDIENCES, LOOKUP, START, TEXTS

LIVES = 30
OTHERS = [Audience("room"), Audience("seat", "p1", 2), Audience("staff", "p2"), Audience("staff", "master"), Audience("seat", "master", 1)]
EVERYBODY = [*AUDIENCES, *OTHERS]
WORDS = ("分数", "真分数", "为什么", "再讲一遍", "讨论")
"""Written in the lives."""


@cache
def logs() -> list[list[Envelope]]:
    return [life(seed) for seed in range(LIVES)]


def states(log: list[Envelope]) -> list[LessonState]:
    found = [START]
    for event in log:
        found.append(fold(found[-1], event))
    return found


@pytest.mark.parametrize("who", EVERYBODY, ids=str)
def test_every_prefix_folds_and_is_shown(who: Audience) -> None:
    for log in logs():
        for state in states(log):
            json.dumps(project_state(state, who, LOOKUP), allow_nan=False)


def test_every_prefix_has_its_deadline_and_its_sums() -> None:
    for log in logs():
        for n, state in enumerate(states(log)):
            assert state.seq == n
            due = next_deadline(state)
            assert due is None or len(due.command_id) <= 64
            for quiz, card in state.quiz.cards.items():
                answered = sum(one.answered for one in tally(state.quiz, quiz).values())
                assert answered == len(results(state.quiz, quiz)) == sum(map(len, card.answers.values()))
            assert state.quiz.open in {"", *state.quiz.cards}


def test_a_log_without_some_of_its_events_folds_too() -> None:
    """The fold asks nothing of the log: rules are applied before an event is written."""
    for log in logs():
        for kept in (log[::2], log[1::2], log[::-1]):
            state = fold_all(START, kept)
            for who in EVERYBODY:
                project_state(state, who, LOOKUP)


def test_payloads_survive_the_log_and_hold_no_words() -> None:
    seen = set()
    for log in logs():
        for event in log:
            text = encode_payload(event.payload)
            assert decode_payload(event.kind, event.v, text) == event.payload
            assert not any(word in text for word in WORDS)
            seen.add(event.kind)
    assert {kind for kind in PAYLOADS if kind.split(".")[0] in ("quiz", "question", "announcement", "pick", "timer", "groups")} <= seen
    assert set(WORDS[:3]) <= {word for word in WORDS for text in TEXTS.values() if word in text}


def test_nobody_but_the_master_knows_a_key_before_its_reveal() -> None:
    for log in logs():
        for who in EVERYBODY:
            if who.view != "master":
                messages = (project_event(event, who, 0, LOOKUP) for event in log if event.kind == "quiz.opened")
                assert all("key" not in message["payload"] for message in messages if message)
        for state in states(log):
            hidden = [quiz for quiz, card in state.quiz.cards.items() if card.total is None]
            for who in EVERYBODY if hidden else ():
                cards = project_state(state, who, LOOKUP)["quiz"]["cards"]
                assert who.view == "master" or all(cards[quiz]["key"] is None for quiz in hidden)


def test_of_a_held_question_the_own_screen_learns_only_that_there_is_one() -> None:
    for kind in ("question.asked", "question.released"):
        assert AUDIENCE[kind].hidden["room"] >= {"seat", "text"}
    held = 0
    for log in logs():
        for state in states(log):
            for who in EVERYBODY:
                if who.view in ("room", "viewer"):
                    shown = project_state(state, who, LOOKUP)["talk"]["questions"]
                    waiting = [question for question in shown.values() if question["stage"] != "answered"]
                    assert all(one["participant"] == who.participant and one["text"] is None and "seat" not in one for one in waiting)
                    held += len(waiting)
    assert held


@pytest.mark.parametrize(("part", "shape"), [("quiz", Quizzes), ("checkin", Checkin), ("talk", Talk), ("tools", Tools)])
def test_parts_can_be_kept_as_json(part: str, shape: type) -> None:
    for log in logs():
        kept = getattr(fold_all(START, log), part)
        assert msgspec.json.decode(msgspec.json.encode(kept), type=shape) == kept
