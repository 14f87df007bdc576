"""Who is called next: one order for everybody, a pure function of the state (S22). `fold/hands.js` has the same one.

| mode | order |
|---|---|
| `first` | the earlier wave; in a wave the room called least, then the seat called least, then the lot |
| `least` | the room called least, then the seat called least, then who waits longest, then the lot |
| `random` | the lot |

A wave is hands none of which came more than a second after the one before it: within it arrival says nothing, so a slow link loses
nothing. Calls of earlier lessons count where the school wants it (`before`). Rooms that are away are passed over and keep their hands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server.domain.hands.events import Mode
from server.domain.hands.state import Hand, Hands
from server.domain.lesson import LessonState


@dataclass(frozen=True, slots=True)
class Waiting:
    """One in the queue."""

    participant: str
    seat: int
    hand: Hand


_Key = tuple[int, ...]


def _first(hands: Hands, one: Waiting) -> _Key:
    return (one.hand.wave, *_calls(hands, one), one.hand.lot)


def _least(hands: Hands, one: Waiting) -> _Key:
    return (*_calls(hands, one), one.hand.at, one.hand.lot)


def _random(_: Hands, one: Waiting) -> _Key:
    return (one.hand.lot,)


def _calls(hands: Hands, one: Waiting) -> _Key:
    return (one.hand.before + hands.calls_of(one.participant), hands.calls_of(one.participant, one.seat))


_KEYS: Mapping[Mode, Callable[[Hands, Waiting], _Key]] = {"first": _first, "least": _least, "random": _random}


def queue(state: LessonState) -> tuple[Waiting, ...]:
    """Hands of the rooms that are here, the next one first; what nothing else tells apart goes by id and seat."""
    key = _KEYS[state.hands.mode]
    here = {who.id for who in state.participants.values() if who.present}
    waiting = (Waiting(room, seat, hand) for room in here & state.hands.raised.keys() for seat, hand in state.hands.raised[room].items())
    return tuple(sorted(waiting, key=lambda one: (key(state.hands, one), one.participant, one.seat)))


def place_in_queue(state: LessonState, participant: str, seat: int) -> int | None:
    """From 1, as every room sees it; None: no hand, or its room is away."""
    return next((n for n, one in enumerate(queue(state), 1) if (one.participant, one.seat) == (participant, seat)), None)
