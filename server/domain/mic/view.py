"""Who sees what of `mic` (S16): who is heard concerns everybody, who asks the teacher and the own room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import EVERYBODY, Audience, Seen

_OWN = Seen(all=frozenset({"master"}), room=frozenset({"staff", "room"}))

AUDIENCE: Mapping[str, Seen] = {
    "mic.requested": _OWN,
    "mic.declined": _OWN,
    "mic.opened": Seen(all=EVERYBODY),
    "mic.closed": Seen(all=EVERYBODY),
}


def project(state: LessonState, who: Audience, _: Lookup) -> dict[str, Any]:
    """The part `mic`: `closed` and `requests`."""
    requests = {room: at for room, at in state.mic.requests.items() if _asks(who, room)}
    return {"closed": dict(state.mic.closed), "requests": requests}


def _asks(who: Audience, room: str) -> bool:
    return who.view == "master" or (who.view in ("staff", "room") and who.participant == room)
