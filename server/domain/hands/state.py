"""What the log says about `hands`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from server.domain.hands import events as e

SIMULTANEOUS_MS = 1_000
"""Hands that follow one another this closely came at the same time: a satellite link alone takes 600 ms (S22)."""
RECENT = 30
"""Calls that the history names one by one; the counts are of all."""

_NO_SEATS: Mapping[int, Any] = {}


@dataclass(frozen=True, slots=True)
class Hand:
    """One that is up."""

    at: int
    """Since when, ms on the lesson clock."""
    wave: int
    """Hands of one wave came at the same time."""
    lot: int
    before: int
    """Calls of its room that count from earlier lessons."""


@dataclass(frozen=True, slots=True)
class Call:
    """One of the history."""

    participant: str
    seat: int
    at: int
    """ms on the lesson clock."""
    waited: int | None
    """ms; None: called without a hand."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Raised hands, by room and seat, and who was called (S22)."""

    mode: e.Mode = "first"
    raised: Mapping[str, Mapping[int, Hand]] = field(default_factory=dict)
    """Participant → seat → hand; no room without one."""
    wave: int = 0
    """Number of the last wave, from 1."""
    last: int | None = None
    """When the last hand went up, ms."""
    called: Mapping[str, int] = field(default_factory=dict)
    """Room → the seat that was called last, until the room leaves the stage."""
    calls: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Room → seat → calls in this lesson."""
    recent: tuple[Call, ...] = ()
    """The last calls, the latest at the end."""

    def hand(self, participant: str, seat: int) -> Hand | None:
        """The hand of this seat, None if it is down."""
        return self.raised.get(participant, _NO_SEATS).get(seat)

    def calls_of(self, participant: str, seat: int = 0) -> int:
        """Calls in this lesson of a room, or of one seat of it."""
        seats = self.calls.get(participant, _NO_SEATS)
        return seats.get(seat, 0) if seat else sum(seats.values())


def _raised(state: Hands, event: e.HandRaised, at: int) -> Hands:
    together = state.last is not None and at - state.last <= SIMULTANEOUS_MS
    wave = state.wave if together else state.wave + 1
    seats = {**state.raised.get(event.participant, _NO_SEATS), event.seat: Hand(at, wave, event.lot, event.before)}
    return replace(state, raised={**state.raised, event.participant: seats}, wave=wave, last=at)


def _down(state: Hands, event: Any, _: int) -> Hands:
    seats = {seat: hand for seat, hand in state.raised.get(event.participant, _NO_SEATS).items() if seat != event.seat}
    others = _without(state.raised, event.participant)
    return replace(state, raised={**others, event.participant: seats} if seats else others)


def _cleared(state: Hands, _: Any, __: int) -> Hands:
    return replace(state, raised={})


def _ordered(state: Hands, event: e.HandsOrdered, _: int) -> Hands:
    return replace(state, mode=event.mode)


def _called(state: Hands, event: e.HandCalled, at: int) -> Hands:
    room = state.calls.get(event.participant, _NO_SEATS)
    calls = {**room, event.seat: room.get(event.seat, 0) + 1}
    return replace(
        _down(state, event, at),
        called={**state.called, event.participant: event.seat},
        calls={**state.calls, event.participant: calls},
        recent=(*state.recent, Call(event.participant, event.seat, at, event.waited))[-RECENT:],
    )


def _stepped_down(state: Hands, event: Any, _: int) -> Hands:
    return replace(state, called=_without(state.called, event.participant))


def _removed(state: Hands, event: Any, _: int) -> Hands:
    return replace(state, raised=_without(state.raised, event.participant), called=_without(state.called, event.participant))


def _over(state: Hands, _: Any, __: int) -> Hands:
    return replace(state, raised={}, called={})


def _without(rooms: Mapping[str, Any], participant: str) -> dict[str, Any]:
    return {room: value for room, value in rooms.items() if room != participant}


FOLD: Mapping[str, Callable[[Hands, Any, int], Hands]] = {
    "hand.raised": _raised,
    "hand.cancelled": _down,
    "hand.cleared": _cleared,
    "hand.ordered": _ordered,
    "hand.called": _called,
    "stage.released": _stepped_down,
    "participant.removed": _removed,
    "lesson.paused": _over,
    "lesson.ended": _over,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
