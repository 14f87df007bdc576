"""What the log says about `tools`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from server.domain.tools import events as e


@dataclass(frozen=True, slots=True)
class Pick:
    """On whom the lot fell last."""

    participant: str
    seat: int
    at: int


@dataclass(frozen=True, slots=True)
class Timer:
    """The one timer."""

    started: e.TimerStarted
    rang: bool = False


@dataclass(frozen=True, slots=True)
class Stars:
    """Praise, counted."""

    rooms: Mapping[str, int] = field(default_factory=dict)
    """Participant → stars of the room and of its seats."""
    seats: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    """Participant → seat → stars."""
    groups: Mapping[str, int] = field(default_factory=dict)
    """Activity group → stars of its own; they are in no room's."""
    given: int = 0


@dataclass(frozen=True, slots=True)
class Tools:
    """Random pick, praise, timer, activity groups."""

    pick: Pick | None = None
    called: frozenset[tuple[str, int]] = frozenset()
    """Room and seat of everybody who was drawn or called on in this lesson."""
    stars: Stars = field(default_factory=Stars)
    timer: Timer | None = None
    groups: Mapping[str, e.Group] = field(default_factory=dict)


def _drawn(state: Tools, event: e.PickDrawn, at: int) -> Tools:
    return replace(state, pick=Pick(event.participant, event.seat, at), called=state.called | {(event.participant, event.seat)})


def _called(state: Tools, event: Any, _: int) -> Tools:
    """A hand was called on: the lot may pass over that seat."""
    return replace(state, called=state.called | {(event.participant, event.seat)})


def _praised(state: Tools, event: e.PraiseGiven, _: int) -> Tools:
    stars, who = state.stars, event.participant
    groups, rooms, seats = stars.groups, stars.rooms, stars.seats
    if event.group:
        groups = {**groups, event.group: groups.get(event.group, 0) + 1}
    else:
        rooms = {**rooms, who: rooms.get(who, 0) + 1}
    if event.seat:
        own = seats.get(who, {})
        seats = {**seats, who: {**own, event.seat: own.get(event.seat, 0) + 1}}
    return replace(state, stars=Stars(rooms, seats, groups, stars.given + 1))


def _started(state: Tools, event: e.TimerStarted, _: int) -> Tools:
    return replace(state, timer=Timer(event))


def _stopped(state: Tools, _: Any, __: int) -> Tools:
    return replace(state, timer=None)


def _rang(state: Tools, event: e.TimerRang, _: int) -> Tools:
    own = state.timer is not None and state.timer.started.timer == event.timer
    return replace(state, timer=replace(state.timer, rang=True)) if state.timer and own else state


def _grouped(state: Tools, event: e.GroupsSet, _: int) -> Tools:
    groups = {group.id: group for group in event.groups}
    kept = {id_: count for id_, count in state.stars.groups.items() if id_ in groups}
    return replace(state, groups=groups, stars=replace(state.stars, groups=kept))


FOLD: Mapping[str, Callable[[Tools, Any, int], Tools]] = {
    "pick.drawn": _drawn,
    "hand.called": _called,
    "praise.given": _praised,
    "timer.started": _started,
    "timer.stopped": _stopped,
    "timer.rang": _rang,
    "groups.set": _grouped,
    "lesson.ended": _stopped,
    "lesson.cancelled": _stopped,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
