"""What came of a card: by room, over all rooms, by group, and seat by seat for the wrong-answer book. Pure.

Seats that answered and hands that were counted are kept apart everywhere: a room that did both is not asked which is true (S23).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from server.domain.lookup import Lookup
from server.domain.payload import TextRef
from server.domain.quiz.choice import Choice, Key, Source, right, same_text
from server.domain.quiz.events import Tally
from server.domain.quiz.state import Answer, Quiz, Quizzes

NO_LOOKUP = Lookup()


@dataclass(frozen=True, slots=True)
class Result:
    """One seat's answer, as the wrong-answer book needs it."""

    participant: str
    seat: int
    choice: Choice
    source: Source
    plan: str
    """Seating plan that says who sat there, `ID.VERSION`; empty: none."""
    right: bool | None
    """None: there is no key, or a text of it was erased."""


def results(state: Quizzes, quiz: str, lookup: Lookup = NO_LOOKUP) -> tuple[Result, ...]:
    """Every seat's answer, by room and seat; counted hands are nobody's. `lookup` opens texts. Raises `KeyError`: no such card."""
    card = state.cards[quiz]
    return tuple(
        Result(who, seat, one.choice, one.source, one.plan, _is_right(card.key, one.choice, lookup))
        for who, answers in sorted(card.answers.items())
        for seat, one in sorted(answers.items())
    )


def tally(state: Quizzes, quiz: str) -> dict[str, Tally]:
    """Participant → its answers and its counted hands; rooms that did neither are missing. Raises `KeyError`: no such card."""
    card = state.cards[quiz]
    rooms = sorted(card.answers.keys() | card.counts.keys())
    return {who: _of(card, card.answers.get(who, {}).values(), card.counts.get(who)) for who in rooms}


def among(card: Quiz, members: Collection[tuple[str, int]]) -> Tally:
    """What the members of a group answered, each a participant and a seat; seat 0: the whole room, with its counted hands."""
    rooms = {who for who, seat in members if seat == 0}
    answers = [one for who, seats in card.answers.items() for seat, one in seats.items() if who in rooms or (who, seat) in members]
    counted = [counts for who, counts in card.counts.items() if who in rooms]
    return _of(card, answers, _sum(counted) if counted else None)


def total(card: Quiz, rooms: Mapping[str, Tally]) -> Tally:
    """Over all rooms; hands are summed with hands and seats with seats."""
    answers = [one for seats in card.answers.values() for one in seats.values()]
    counted = [room.counted for room in rooms.values() if room.counted is not None]
    return _of(card, answers, _sum(counted) if counted else None)


def _of(card: Quiz, answers: Iterable[Answer], counted: tuple[int, ...] | None) -> Tally:
    options, answered, rights = [0] * card.options, 0, 0
    for one in answers:
        answered += 1
        rights += bool(right(card.key, one.choice))
        for option in one.choice if isinstance(one.choice, tuple) else ():
            options[option] += 1
    graded = card.key is not None and card.card.type != "text"
    return Tally(answered=answered, options=tuple(options), right=rights if graded else None, counted=counted)


def _sum(counts: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*counts, strict=True)))


def _is_right(key: Key | None, choice: Choice, lookup: Lookup) -> bool | None:
    if key is None or not isinstance(choice, TextRef):
        return right(key, choice)
    said, alternatives = lookup.text(choice), [lookup.text(one) for one in key.texts]
    if said is not None and any(one is not None and same_text(said, one) for one in alternatives):
        return True
    return None if said is None or None in alternatives else False
