"""Who sees what of `checkin` (S16): the master every room, a room its own, a seat's device its seat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.checkin.state import Seat
from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import Audience, Seen, View

_SEEING: frozenset[View] = frozenset({"master", "staff", "room", "seat"})
_UNTOLD = frozenset({"said", "plan"})
"""Which device said what is for the log."""

AUDIENCE: Mapping[str, Seen] = {
    "seat.checked": Seen(
        all=frozenset({"master"}),
        room=frozenset({"staff", "room"}),
        seat=frozenset({"seat"}),
        hidden=dict.fromkeys(_SEEING, _UNTOLD),
    )
}


def project(state: LessonState, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """`rooms`: participant → seat → what counts, and what another device says."""
    rooms = state.checkin.rooms
    if who.view != "master":
        seats = rooms.get(who.participant, {}) if who.view in _SEEING else {}
        if who.view == "seat":
            seats = {number: seat for number, seat in seats.items() if number == who.seat}
        rooms = {who.participant: seats} if seats else {}
    return {"rooms": {room: {str(number): _seat(seat, lookup) for number, seat in seats.items()} for room, seats in rooms.items()}}


def _seat(seat: Seat, lookup: Lookup) -> dict[str, Any]:
    counts = seat.counts
    return {"status": counts.status, "done_at": counts.done_at, "other": lookup.plain(seat.other)}
