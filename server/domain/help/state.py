"""What the log says about `help`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from server.domain.help import events as e


@dataclass(frozen=True, slots=True)
class Signal:
    """A room's last word."""

    word: e.Word
    at: int
    """ms on the lesson clock."""
    acknowledged: int | None = None
    """When the teacher saw it, ms; None: not yet."""


@dataclass(frozen=True, slots=True)
class Help:
    """One-touch signals of a room to the teacher, each acknowledged (S11)."""

    signals: Mapping[str, Signal] = field(default_factory=dict)
    """Room → its last word."""
    rung: Mapping[str, int] = field(default_factory=dict)
    """Room → when the teacher rang, ms, until the room says something."""


def _signalled(state: Help, event: e.HelpSignalled, at: int) -> Help:
    return Help({**state.signals, event.participant: Signal(event.word, at)}, _without(state.rung, event.participant))


def _acknowledged(state: Help, event: e.HelpAcknowledged, at: int) -> Help:
    signal = state.signals.get(event.participant)
    if signal is None:
        return state
    return replace(state, signals={**state.signals, event.participant: replace(signal, acknowledged=at)})


def _rung(state: Help, event: e.RoomRung, at: int) -> Help:
    return replace(state, rung={**state.rung, event.participant: at})


def _gone(state: Help, event: Any, _: int) -> Help:
    """A room that comes back is asked afresh: what it said may no longer hold."""
    return Help(_without(state.signals, event.participant), _without(state.rung, event.participant))


def _paused(state: Help, _: Any, __: int) -> Help:
    """Pupils run out: nobody is ready any more; who needs help still does."""
    return replace(state, signals={room: signal for room, signal in state.signals.items() if signal.word != "ready"})


def _over(_: Help, __: Any, ___: int) -> Help:
    return Help()


def _without(rooms: Mapping[str, Any], participant: str) -> dict[str, Any]:
    return {room: value for room, value in rooms.items() if room != participant}


FOLD: Mapping[str, Callable[[Help, Any, int], Help]] = {
    "help.signalled": _signalled,
    "help.acknowledged": _acknowledged,
    "help.rung": _rung,
    "participant.left": _gone,
    "participant.removed": _gone,
    "lesson.paused": _paused,
    "lesson.ended": _over,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
