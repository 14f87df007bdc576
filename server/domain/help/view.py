"""Who sees what of `help` (S16): it lies between the teacher and the room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.help.events import EVENTS
from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import Audience, Seen

_OWN = Seen(all=frozenset({"master"}), room=frozenset({"staff", "room"}))

AUDIENCE: Mapping[str, Seen] = {event.kind: _OWN for event in EVENTS}


def project(state: LessonState, who: Audience, _: Lookup) -> dict[str, Any]:
    """The part `help`: `signals` and `rung` of the rooms that this audience hears of."""
    return {
        "signals": {
            room: {"word": signal.word, "at": signal.at, "acknowledged": signal.acknowledged}
            for room, signal in state.help.signals.items()
            if _hears(who, room)
        },
        "rung": {room: at for room, at in state.help.rung.items() if _hears(who, room)},
    }


def _hears(who: Audience, room: str) -> bool:
    return who.view == "master" or (who.view in ("staff", "room") and who.participant == room)
