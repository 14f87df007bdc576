"""Who may see what (S16): one table, merged of the parts' `view.py`, and the projections made from it.

| view | who | sees |
|---|---|---|
| `master` | the master's console | every kind of this table |
| `staff` | an assistant's console | the lesson, and what is private to the own room |
| `room` | a classroom's public screen, the wall | the lesson, nothing private |
| `seat` | one student's device | the lesson, and what is its own |
| `viewer` | plain viewers, inspectors | the lesson and the stage; of the roster only who is on stage |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from server.domain import events as e
from server.domain.board import view as board
from server.domain.checkin import view as checkin
from server.domain.director import view as director
from server.domain.hands import view as hands
from server.domain.help import view as help_view
from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.mic import view as mic
from server.domain.payload import Payload
from server.domain.quiz import view as quiz
from server.domain.record import view as record
from server.domain.seats import view as seats
from server.domain.seen import EVERYBODY, IN_THE_LESSON, Audience, Seen
from server.domain.talk import view as talk
from server.domain.tools import view as tools

_ALL = Seen(all=EVERYBODY)
_ROOMS = Seen(all=IN_THE_LESSON)

AUDIENCE: Mapping[str, Seen] = {
    "lesson.opened": _ALL,
    "lesson.live": _ALL,
    "lesson.ended": _ALL,
    "lesson.reopened": _ALL,
    "lesson.paused": _ALL,
    "lesson.cancelled": _ALL,
    "lesson.archived": _ALL,
    "clock.anchored": Seen(all=frozenset({"master"})),
    "stage.called": _ALL,
    "stage.released": _ALL,
    "stage.swapped": _ALL,
    "participant.joined": _ROOMS,
    "participant.left": _ROOMS,
    "participant.removed": _ROOMS,
    **hands.AUDIENCE,
    **mic.AUDIENCE,
    **help_view.AUDIENCE,
    **checkin.AUDIENCE,
    **quiz.AUDIENCE,
    **seats.AUDIENCE,
    **talk.AUDIENCE,
    **tools.AUDIENCE,
    **board.AUDIENCE,
    **director.AUDIENCE,
    **record.AUDIENCE,
}
"""Event kind → who sees it."""

_NAMED = (e.ParticipantJoined, e.StageCalled)


def about(payload: Payload) -> tuple[str, int]:
    """Room and seat an event is about; empty and 0: none."""
    return getattr(payload, "participant", ""), getattr(payload, "seat", 0)


def sees(who: Audience, payload: Payload) -> bool:
    """Whether this audience is shown the event."""
    return AUDIENCE[payload.kind].reaches(who, *about(payload))


def last_seen(who: Audience, log: Iterable[e.Envelope], start: int = 0) -> int:
    """Seq of the last event of `log` that the audience may see: the `prev` of the next one."""
    return max((event.seq for event in log if sees(who, event.payload)), default=start)


def project_payload(payload: Payload, who: Audience, lookup: Lookup) -> dict[str, Any] | None:
    """The payload as this audience is told it, or None if it must not see it."""
    seen = AUDIENCE[payload.kind]
    if not seen.reaches(who, *about(payload)):
        return None
    hidden = seen.hidden.get(who.view, frozenset())
    shown = {name: lookup.plain(getattr(payload, name)) for name in payload.__struct_fields__ if name not in hidden}
    if isinstance(payload, _NAMED):
        shown["name"] = lookup.name(payload.participant)
    return shown


def project_event(event: e.Envelope, who: Audience, prev: int, lookup: Lookup) -> dict[str, Any] | None:
    """The `event` message of `docs/protocol.md` for this audience, or None if it must not see it."""
    payload = project_payload(event.payload, who, lookup)
    if payload is None:
        return None
    return {"type": "event", "seq": event.seq, "prev": prev, "at": event.at, "kind": event.kind, "payload": payload}


_PARTS = {
    "hands": hands.project,
    "mic": mic.project,
    "help": help_view.project,
    "checkin": checkin.project,
    "quiz": quiz.project,
    "seats": seats.project,
    "talk": talk.project,
    "tools": tools.project,
    "board": board.project,
    "director": director.project,
    "record": record.project,
}


def project_state(state: LessonState, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """The `state` of `docs/protocol.md` for this audience: JSON-ready."""
    on_stage = set(state.stage.values())
    everybody = who.view in IN_THE_LESSON
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
            one.id: _person(state, one.id, everybody, lookup) for one in state.participants.values() if everybody or one.id in on_stage
        },
        **{name: project(state, who, lookup) for name, project in _PARTS.items()},
    }


def _person(state: LessonState, participant: str, everybody: bool, lookup: Lookup) -> dict[str, Any]:
    who = state.participants[participant]
    shown: dict[str, Any] = {"name": lookup.name(participant), "role": who.role}
    return {**shown, "present": who.present} if everybody else shown
