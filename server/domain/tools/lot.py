"""Among whom the lot is drawn. Every seat has the same chance: rooms with more pupils are drawn more often, as in one big class.

Fairness among rooms is the matter of the hands' queue (S22), not of the lot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from server.domain.facts import Facts
from server.domain.lesson import LessonState
from server.domain.principal import MASTER

Place = tuple[str, int]
"""Room and seat."""


def present(state: LessonState, facts: Facts) -> Iterator[Place]:
    """Of rooms that are here, the seats that are checked in; all seats of a room that nobody checked in."""
    for who in _rooms(state, facts):
        here = state.checkin.here(who) or _seats(state, facts, who)
        yield from ((who, seat) for seat in sorted(here))


def checked(state: LessonState, facts: Facts) -> Iterator[Place]:
    """Of rooms that are here, the seats that are checked in."""
    for who in _rooms(state, facts):
        yield from ((who, seat) for seat in sorted(state.checkin.here(who)))


def grouped(state: LessonState, facts: Facts, members: Iterable[Place]) -> Iterator[Place]:
    """Members of a group whose rooms are here and who are not marked absent; seat 0 stands for the whole room."""
    rooms = set(_rooms(state, facts))
    places = {(who, seat) for who, seat in members if who in rooms}
    everybody = {who for who, seat in places if seat == 0}
    named = {(who, seat) for who, seat in places if 0 < seat <= facts.room(who).seats and seat not in state.checkin.absent(who)}
    yield from sorted(named | {place for place in present(state, facts) if place[0] in everybody})


def _rooms(state: LessonState, facts: Facts) -> list[str]:
    """Rooms that are here; the teacher's only if the school knows it as a room with seats."""
    return sorted(who.id for who in state.participants.values() if who.present and (who.id != MASTER or MASTER in facts.rooms))


def _seats(state: LessonState, facts: Facts, participant: str) -> set[int]:
    """Seats somebody may sit on: those of the seating plan, else all; without those marked absent."""
    room = facts.room(participant)
    planned = {seat for seat in room.students if seat <= room.seats}
    return (planned or set(range(1, room.seats + 1))) - state.checkin.absent(participant)
