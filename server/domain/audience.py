"""Who may see what (S16): one table, and the projections made from it. Pages never filter.

| view | who | sees |
|---|---|---|
| `room` | master, classrooms, the wall | every kind of this table |
| `viewer` | plain viewers | the lesson and the stage; of the roster only who is on stage |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from server.domain import events as e
from server.domain.lesson import LessonState
from server.domain.principal import Role

View = Literal["room", "viewer"]
VIEWS: tuple[View, ...] = ("room", "viewer")

_ALL: frozenset[View] = frozenset(VIEWS)
_ROOM: frozenset[View] = frozenset({"room"})

AUDIENCE: Mapping[str, frozenset[View]] = {
    "lesson.opened": _ALL,
    "lesson.live": _ALL,
    "lesson.ended": _ALL,
    "lesson.reopened": _ALL,
    "lesson.paused": _ALL,
    "lesson.cancelled": _ALL,
    "lesson.archived": _ALL,
    "stage.called": _ALL,
    "stage.released": _ALL,
    "participant.joined": _ROOM,
    "participant.left": _ROOM,
    "participant.removed": _ROOM,
}
"""Event kind → the views that may see it."""


def view_of(role: Role) -> View:
    """The view a role looks through."""
    return "viewer" if role == "viewer" else "room"


def sees(view: View, kind: str) -> bool:
    """Whether events of this kind are shown to the view."""
    return view in AUDIENCE[kind]


def last_seen(view: View, log: Iterable[e.Envelope], start: int = 0) -> int:
    """Seq of the last event of `log` that the view may see: the `prev` of the next one."""
    return max((event.seq for event in log if sees(view, event.kind)), default=start)


def project_event(event: e.Envelope, view: View, prev: int, names: Mapping[str, str]) -> dict[str, Any] | None:
    """The `event` message of `docs/protocol.md` for this view, or None if it must not see it."""
    if not sees(view, event.kind):
        return None
    payload = msgspec.to_builtins(event.payload)
    if isinstance(event.payload, e.ParticipantJoined | e.StageCalled):
        payload["name"] = names.get(event.payload.participant, "")
    return {"type": "event", "seq": event.seq, "prev": prev, "at": event.at, "kind": event.kind, "payload": payload}


def project_state(state: LessonState, view: View, names: Mapping[str, str]) -> dict[str, Any]:
    """The `state` of `docs/protocol.md` for this view: JSON-ready."""
    on_stage = set(state.stage.values())
    return {
        "lesson": {
            "id": state.id,
            "name": state.name,
            "phase": state.phase,
            "live_at": state.live_at,
            "ended_at": state.ended_at,
        },
        "stage": {str(position): who for position, who in sorted(state.stage.items())},
        "participants": {
            who.id: _person(state, who.id, view, names) for who in state.participants.values() if view == "room" or who.id in on_stage
        },
    }


def _person(state: LessonState, participant: str, view: View, names: Mapping[str, str]) -> dict[str, Any]:
    who = state.participants[participant]
    shown: dict[str, Any] = {"name": names.get(participant, ""), "role": who.role}
    return shown if view == "viewer" else {**shown, "present": who.present}
