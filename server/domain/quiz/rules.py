"""Rules of `quiz`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.lesson import LessonState
from server.domain.payload import Payload
from server.domain.quiz import commands as c
from server.domain.quiz import events as e
from server.domain.quiz.asking import ask
from server.domain.quiz.choice import HELD_UP, PICKED, chosen
from server.domain.quiz.state import Quiz
from server.domain.quiz.tally import tally, total
from server.domain.refused import Refused
from server.domain.rule import Rule
from server.domain.tools.groups import asks

GRACE_MS = 2_000
"""Answers come in for this long after the deadline that pages show: a satellite is slow (S23)."""
CHANGES = 50
"""A device may change its answer this often."""


def _known(state: LessonState, quiz: str) -> Quiz:
    card = state.quiz.cards.get(quiz)
    if card is None:
        raise Refused("quiz.unknown")
    return card


def _taking(state: LessonState, quiz: str) -> Quiz:
    card = _known(state, quiz)
    if state.quiz.open != quiz:
        raise Refused("quiz.closed")
    return card


def _asked(state: LessonState, card: Quiz, participant: str, seat: int = 0) -> bool:
    return not card.card.group or asks(state.tools.groups, card.card.group, participant, seat)


def _answer(state: LessonState, command: c.AnswerQuiz, giver: Giver | None, moment: Moment) -> Decision:
    card, who, seat = _taking(state, command.quiz), command.participant, command.seat
    room, device = moment.facts.room(who), giver is not None and giver.role == "seat"
    if seat > room.seats:
        raise Refused("seat.unknown", seat=seat)
    if not _asked(state, card, who, seat):
        raise Refused("quiz.group")
    choice = chosen(card.card.type, card.options, command.choice)
    if choice is None:
        raise Refused("quiz.choice")
    before = card.answer(who, seat)
    if before and before.choice == choice and before.source != "card":
        return Decision()
    if before and device and before.changes >= CHANGES:
        raise Refused("request.too_many")
    text = moment.text(choice, room.students.get(seat, "")) if isinstance(choice, str) else None
    event = e.QuizAnswered(
        quiz=command.quiz,
        participant=who,
        seat=seat,
        choice=text.ref if text else choice,  # type: ignore[arg-type]  # it is a text exactly when there is one
        source="device" if device else "pad",
        plan=room.plan,
    )
    return Decision((event,), (text,) if text else ())


def _count(state: LessonState, command: c.CountQuiz, _: Giver | None, moment: Moment) -> Decision:
    card, who = _taking(state, command.quiz), command.participant
    if not _asked(state, card, who):
        raise Refused("quiz.group")
    seats, counts = moment.facts.room(who).seats, command.counts
    hands = max(counts, default=0) if card.card.type == "multiple" else sum(counts)
    if card.card.type not in PICKED or len(counts) != card.options or hands > seats:
        raise Refused("quiz.choice")
    if card.counts.get(who) == counts:
        return Decision()
    return Decision((e.QuizCounted(quiz=command.quiz, participant=who, counts=counts),))


def _scan(state: LessonState, command: c.ScanQuiz, _: Giver | None, moment: Moment) -> Decision:
    card, who = _taking(state, command.quiz), command.participant
    if card.card.type not in HELD_UP:
        raise Refused("quiz.choice")
    if not _asked(state, card, who):
        raise Refused("quiz.group")
    room = moment.facts.room(who)
    read = sorted((int(seat), option) for seat, option in command.answers.items())
    fresh = [(seat, option) for seat, option in read if seat <= room.seats and option < card.options and _news(card, who, seat, option)]
    fresh = [(seat, option) for seat, option in fresh if _asked(state, card, who, seat)]
    if not fresh:
        return Decision()
    seats, options = zip(*fresh, strict=True)
    return Decision((e.QuizScanned(quiz=command.quiz, participant=who, seats=seats, options=options, plan=room.plan),))


def _news(card: Quiz, participant: str, seat: int, option: int) -> bool:
    """A card read again says nothing new, and what a seat said by a device or pad stands."""
    before = card.answer(participant, seat)
    return before is None or (before.source == "card" and before.choice != (option,))


def _close(state: LessonState, command: c.CloseQuiz, _: Giver | None, __: Moment) -> Decision:
    _known(state, command.quiz)
    return Decision((e.QuizClosed(quiz=command.quiz),) if state.quiz.open == command.quiz else ())


def _expire(state: LessonState, command: c.ExpireQuiz, _: Giver | None, moment: Moment) -> Decision:
    card = state.quiz.cards.get(command.quiz)
    due = card is not None and card.card.deadline is not None and moment.at >= card.card.deadline + GRACE_MS
    return Decision((e.QuizClosed(quiz=command.quiz),) if due and state.quiz.open == command.quiz else ())


def _reveal(state: LessonState, command: c.RevealQuiz, _: Giver | None, __: Moment) -> Decision:
    card, quiz = _known(state, command.quiz), command.quiz
    if card.total is not None:
        return Decision()
    closed: tuple[Payload, ...] = (e.QuizClosed(quiz=quiz),) if state.quiz.open == quiz else ()
    rooms = tally(state.quiz, quiz)
    shown = e.QuizRevealed(quiz=quiz, key=card.key, total=total(card, rooms))
    return Decision((*closed, shown, *(e.QuizTallied(quiz=quiz, participant=who, tally=its) for who, its in rooms.items())))


def _discard(state: LessonState, command: c.DiscardQuiz, _: Giver | None, __: Moment) -> Decision:
    _known(state, command.quiz)
    return Decision((e.QuizDiscarded(quiz=command.quiz),))


RULES: Mapping[type[Command], Rule] = {
    c.OpenQuiz: ask,
    c.AnswerQuiz: _answer,
    c.CountQuiz: _count,
    c.ScanQuiz: _scan,
    c.CloseQuiz: _close,
    c.RevealQuiz: _reveal,
    c.DiscardQuiz: _discard,
    c.ExpireQuiz: _expire,
}


def deadlines(state: LessonState) -> Iterator[Deadline]:
    """What time alone will change: the close of a timed card."""
    card = state.quiz.cards.get(state.quiz.open)
    if card is not None and card.card.deadline is not None:
        quiz = state.quiz.open
        yield Deadline(card.card.deadline + GRACE_MS, c.ExpireQuiz(quiz=quiz), f"quiz.expire:{quiz}")
