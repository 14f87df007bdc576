"""Who sees what of `seats` (S16): the teacher and the own room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import Audience, Seen

_OWN = Seen(all=frozenset({"master"}), room=frozenset({"staff", "room"}))

AUDIENCE: Mapping[str, Seen] = {"phones.opened": _OWN, "phones.closed": _OWN, "seat.taken": _OWN, "seat.freed": _OWN}


def project(state: LessonState, who: Audience, _: Lookup) -> dict[str, Any]:
    """`open`: rooms that let devices in; `taken`: room → seats that have one."""
    seats = state.seats
    if who.view == "master":
        return {"open": sorted(seats.open), "taken": {room: sorted(taken) for room, taken in seats.taken.items()}}
    if who.view not in ("staff", "room") or not who.participant:
        return {"open": [], "taken": {}}
    own = who.participant
    return {"open": [own] if own in seats.open else [], "taken": {own: sorted(seats.of(own))} if seats.of(own) else {}}
