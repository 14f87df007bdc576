"""What the log says about `seats`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from server.domain.seats import events as e

_NOBODY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Seats:
    """Rooms that let devices in, and the seats that have one."""

    open: frozenset[str] = frozenset()
    taken: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """Participant → seats."""

    def of(self, participant: str) -> frozenset[int]:
        """Seats of a room that have a device."""
        return self.taken.get(participant, _NOBODY)


def _opened(state: Seats, event: e.PhonesOpened, _: int) -> Seats:
    return replace(state, open=state.open | {event.participant})


def _closed(state: Seats, event: e.PhonesClosed, _: int) -> Seats:
    return replace(state, open=state.open - {event.participant})


def _taken(state: Seats, event: e.SeatTaken, _: int) -> Seats:
    return replace(state, taken={**state.taken, event.participant: state.of(event.participant) | {event.seat}})


def _freed(state: Seats, event: e.SeatFreed, _: int) -> Seats:
    left = state.of(event.participant) - {event.seat}
    others = {room: seats for room, seats in state.taken.items() if room != event.participant}
    return replace(state, taken={**others, event.participant: left} if left else others)


def _removed(state: Seats, event: Any, _: int) -> Seats:
    rest = {room: seats for room, seats in state.taken.items() if room != event.participant}
    return Seats(state.open - {event.participant}, rest)


FOLD: Mapping[str, Callable[[Seats, Any, int], Seats]] = {
    "phones.opened": _opened,
    "phones.closed": _closed,
    "seat.taken": _taken,
    "seat.freed": _freed,
    "participant.removed": _removed,
}
