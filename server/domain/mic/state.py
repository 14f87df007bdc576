"""What the log says about `mic`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from server.domain.mic import events as e


@dataclass(frozen=True, slots=True)
class Microphones:
    """Off stage every microphone is closed, on stage open unless it is named here (S12, S25)."""

    closed: Mapping[str, e.By] = field(default_factory=dict)
    """Rooms on stage that are not heard → who closed it."""
    requests: Mapping[str, int] = field(default_factory=dict)
    """Rooms that ask to be heard → since when, ms on the lesson clock."""


def _requested(state: Microphones, event: e.MicRequested, at: int) -> Microphones:
    return replace(state, requests={**state.requests, event.participant: at})


def _answered(state: Microphones, event: Any, _: int) -> Microphones:
    return replace(state, requests=_without(state.requests, event.participant))


def _opened(state: Microphones, event: Any, _: int) -> Microphones:
    return Microphones(_without(state.closed, event.participant), _without(state.requests, event.participant))


def _closed(state: Microphones, event: e.MicClosed, _: int) -> Microphones:
    return Microphones({**state.closed, event.participant: event.by}, _without(state.requests, event.participant))


def _stepped_down(state: Microphones, event: Any, _: int) -> Microphones:
    return replace(state, closed=_without(state.closed, event.participant))


def _over(_: Microphones, __: Any, ___: int) -> Microphones:
    return Microphones()


def _without(rooms: Mapping[str, Any], participant: str) -> dict[str, Any]:
    return {room: value for room, value in rooms.items() if room != participant}


FOLD: Mapping[str, Callable[[Microphones, Any, int], Microphones]] = {
    "mic.requested": _requested,
    "mic.declined": _answered,
    "mic.opened": _opened,
    "mic.closed": _closed,
    "stage.called": _opened,
    "stage.released": _stepped_down,
    "participant.left": _answered,
    "participant.removed": _answered,
    "lesson.paused": _over,
    "lesson.ended": _over,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
