"""Who sees what of `quiz` (S16): the master every answer, a room who of it has answered, a seat its own; the key nobody before its reveal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.quiz.state import Quiz
from server.domain.seen import EVERYBODY, Audience, Seen, View

_MASTER: frozenset[View] = frozenset({"master"})
_ALL = Seen(all=EVERYBODY)

AUDIENCE: Mapping[str, Seen] = {
    "quiz.opened": Seen(all=EVERYBODY, hidden={view: frozenset({"key"}) for view in EVERYBODY - _MASTER}),
    "quiz.answered": Seen(
        all=_MASTER,
        room=frozenset({"staff", "room"}),
        seat=frozenset({"seat"}),
        hidden={"staff": frozenset({"choice"}), "room": frozenset({"choice"})},
    ),
    "quiz.scanned": Seen(
        all=_MASTER,
        room=frozenset({"staff", "room"}),
        hidden={"staff": frozenset({"options"}), "room": frozenset({"options"})},
    ),
    "quiz.counted": Seen(all=_MASTER, room=frozenset({"staff", "room"}), hidden={"room": frozenset({"counts"})}),
    "quiz.closed": _ALL,
    "quiz.revealed": _ALL,
    "quiz.tallied": Seen(all=_MASTER, room=frozenset({"staff", "room", "seat"})),
    "quiz.discarded": _ALL,
}


def project(state: LessonState, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """The part `quiz` of the state, as this audience sees it (`docs/lesson-log.md`)."""
    cards = state.quiz.cards
    shown: dict[str, Any] = {
        "open": state.quiz.open,
        "cards": {quiz: _card(card, who.view == "master", lookup) for quiz, card in cards.items()},
    }
    if who.view == "viewer":
        return shown
    if who.view == "master":
        return {**shown, **_everything(cards, lookup)}
    own = who.participant
    shown["tallies"] = {quiz: lookup.plain(card.tallies[own]) for quiz, card in cards.items() if own in card.tallies}
    if who.view == "seat":
        return {**shown, "own": _own(cards, own, who.seat, lookup)}
    shown["answered"] = {quiz: sorted(card.answers[own]) for quiz, card in cards.items() if own in card.answers}
    if who.view == "staff":
        return {**shown, "counts": {quiz: list(card.counts[own]) for quiz, card in cards.items() if own in card.counts}}
    return {**shown, "counted": {quiz: True for quiz, card in cards.items() if own in card.counts}}


def _card(card: Quiz, key: bool, lookup: Lookup) -> dict[str, Any]:
    shown = lookup.plain(card.card)
    del shown["quiz"], shown["key"]
    return {
        **shown,
        "opened_at": card.opened_at,
        "closed_at": card.closed_at,
        "key": lookup.plain(card.key) if key or card.total else None,
        "total": lookup.plain(card.total),
    }


def _everything(cards: Mapping[str, Quiz], lookup: Lookup) -> dict[str, Any]:
    return {
        "answers": {quiz: _answers(card, lookup) for quiz, card in cards.items() if card.answers},
        "counts": {quiz: lookup.plain(card.counts) for quiz, card in cards.items() if card.counts},
        "tallies": {quiz: lookup.plain(card.tallies) for quiz, card in cards.items() if card.tallies},
    }


def _answers(card: Quiz, lookup: Lookup) -> dict[str, Any]:
    return {
        who: {str(seat): {"choice": lookup.plain(one.choice), "source": one.source} for seat, one in seats.items()}
        for who, seats in card.answers.items()
    }


def _own(cards: Mapping[str, Quiz], participant: str, seat: int, lookup: Lookup) -> dict[str, Any]:
    """What the device itself, or a pad, said for its seat; it does not hear of cards held up."""
    found = {quiz: card.answer(participant, seat) for quiz, card in cards.items()}
    return {quiz: lookup.plain(one.choice) for quiz, one in found.items() if one and one.source != "card"}
