"""The wrong-answer book: who answered a card wrongly, by the seating plan that counted then (S1, S23). Pure."""

from __future__ import annotations

from server.domain.facts import Facts
from server.domain.lookup import Lookup
from server.domain.quiz.choice import Choice
from server.domain.quiz.state import Quizzes
from server.domain.quiz.tally import results


def mistakes(state: Quizzes, quiz: str, facts: Facts, lookup: Lookup) -> dict[str, Choice]:
    """Student → the wrong answer. Raises `KeyError`: no such card.

    Nobody's are seats where nobody sits by the plan, and those whose plan was changed since: no child is given another's mistake.
    """
    found: dict[str, Choice] = {}
    for one in results(state, quiz, lookup):
        room = facts.room(one.participant)
        student = room.students.get(one.seat) if room.plan == one.plan else None
        if student and one.right is False:
            found[student] = one.choice
    return found
