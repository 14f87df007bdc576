"""What the log says about `quiz`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from server.domain.quiz import events as e
from server.domain.quiz.choice import Choice, Key, Source, options_of


@dataclass(frozen=True, slots=True)
class Answer:
    """What counts for one seat: the last one accepted."""

    choice: Choice
    source: Source
    plan: str = ""
    """Seating plan that says who sat there, `ID.VERSION`."""
    changes: int = 0
    """How often it was changed."""


@dataclass(frozen=True, slots=True)
class Quiz:
    """One card."""

    card: e.QuizOpened
    opened_at: int
    closed_at: int | None = None
    answers: Mapping[str, Mapping[int, Answer]] = field(default_factory=dict)
    """Participant → seat → what counts."""
    counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Participant → hands counted for each option."""
    total: e.Tally | None = None
    """Of all rooms, once revealed."""
    tallies: Mapping[str, e.Tally] = field(default_factory=dict)
    """Participant → its own result, once revealed."""

    @property
    def options(self) -> int:
        """How many options there are; 0 for numbers and texts."""
        return options_of(self.card.type, len(self.card.options))

    @property
    def key(self) -> Key | None:
        """The right answer."""
        return self.card.key

    def answer(self, participant: str, seat: int) -> Answer | None:
        """What counts for a seat so far."""
        return self.answers.get(participant, {}).get(seat)


@dataclass(frozen=True, slots=True)
class Quizzes:
    """Quiz cards and polls: opened, answered by seat, counted, closed, revealed (S23)."""

    cards: Mapping[str, Quiz] = field(default_factory=dict)
    """In the order in which they were opened; without the discarded ones."""
    open: str = ""
    """The one that takes answers now; empty: none."""
    made: int = 0
    """How many were ever opened."""


def _changed(state: Quizzes, quiz: str, change: Callable[[Quiz], Quiz]) -> Quizzes:
    known = state.cards.get(quiz)
    return state if known is None else replace(state, cards={**state.cards, quiz: change(known)})


def _taken(state: Quizzes, quiz: str, participant: str, fresh: Iterable[tuple[int, Answer]]) -> Quizzes:
    def change(known: Quiz) -> Quiz:
        seats = dict(known.answers.get(participant, {}))
        for seat, answer in fresh:
            before = seats.get(seat)
            seats[seat] = replace(answer, changes=before.changes + 1) if before else answer
        return replace(known, answers={**known.answers, participant: seats})

    return _changed(state, quiz, change)


def _opened(state: Quizzes, event: e.QuizOpened, at: int) -> Quizzes:
    return Quizzes({**state.cards, event.quiz: Quiz(event, at)}, event.quiz, state.made + 1)


def _answered(state: Quizzes, event: e.QuizAnswered, _: int) -> Quizzes:
    return _taken(state, event.quiz, event.participant, [(event.seat, Answer(event.choice, event.source, event.plan))])


def _scanned(state: Quizzes, event: e.QuizScanned, _: int) -> Quizzes:
    read = zip(event.seats, event.options, strict=False)
    return _taken(state, event.quiz, event.participant, [(seat, Answer((option,), "card", event.plan)) for seat, option in read])


def _counted(state: Quizzes, event: e.QuizCounted, _: int) -> Quizzes:
    return _changed(state, event.quiz, lambda known: replace(known, counts={**known.counts, event.participant: event.counts}))


def _close(state: Quizzes, quiz: str, at: int) -> Quizzes:
    closed = _changed(state, quiz, lambda known: replace(known, closed_at=at))
    return replace(closed, open="") if closed.open == quiz else closed


def _closed(state: Quizzes, event: e.QuizClosed, at: int) -> Quizzes:
    return _close(state, event.quiz, at)


def _over(state: Quizzes, _: Any, at: int) -> Quizzes:
    """The lesson is over: so is the card."""
    return _close(state, state.open, at) if state.open else state


def _revealed(state: Quizzes, event: e.QuizRevealed, _: int) -> Quizzes:
    return _changed(state, event.quiz, lambda known: replace(known, total=event.total))


def _tallied(state: Quizzes, event: e.QuizTallied, _: int) -> Quizzes:
    return _changed(state, event.quiz, lambda known: replace(known, tallies={**known.tallies, event.participant: event.tally}))


def _discarded(state: Quizzes, event: e.QuizDiscarded, _: int) -> Quizzes:
    left = {quiz: card for quiz, card in state.cards.items() if quiz != event.quiz}
    return replace(state, cards=left, open="" if state.open == event.quiz else state.open)


FOLD: Mapping[str, Callable[[Quizzes, Any, int], Quizzes]] = {
    "quiz.opened": _opened,
    "quiz.answered": _answered,
    "quiz.scanned": _scanned,
    "quiz.counted": _counted,
    "quiz.closed": _closed,
    "quiz.revealed": _revealed,
    "quiz.tallied": _tallied,
    "quiz.discarded": _discarded,
    "lesson.ended": _over,
    "lesson.cancelled": _over,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
