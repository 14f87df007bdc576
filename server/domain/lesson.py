"""A lesson is a fold of its log. The life of a lesson (S8), first as a table:

    scheduled ─ lesson.opened ─▶ open ─ lesson.live ─▶ live
    live ─ lesson.paused ─▶ break ─ lesson.live ─▶ live
    open, live, break ─ lesson.ended ─▶ ended ─ lesson.reopened, within 10 minutes ─▶ live, or open if it never was live
    scheduled, open ─ lesson.cancelled ─▶ cancelled        ended ─ lesson.archived ─▶ archived

Folding never fails: the log is the truth, rules are applied before an event is written (`decide`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from types import MappingProxyType
from typing import Any, Literal

from server.domain import events as e
from server.domain.board import state as board
from server.domain.checkin import state as checkin
from server.domain.command import IN_CLASS as IN_CLASS
from server.domain.command import Phase as Phase
from server.domain.director import state as director
from server.domain.hands import state as hands
from server.domain.help import state as help_state
from server.domain.mic import state as mic
from server.domain.quiz import state as quiz
from server.domain.record import state as record
from server.domain.seats import state as seats
from server.domain.stage import swapped
from server.domain.talk import state as talk
from server.domain.tools import state as tools

REOPEN_MS = 10 * 60_000
"""An ended lesson may be reopened for this long (S8)."""
STAGE_KEPT_MS = 30_000
"""A room that fell off the net keeps its place on stage for this long (S12)."""

TRANSITIONS: Mapping[tuple[Phase, str], Phase] = {
    ("scheduled", "lesson.opened"): "open",
    ("open", "lesson.live"): "live",
    ("live", "lesson.paused"): "break",
    ("break", "lesson.live"): "live",
    ("open", "lesson.ended"): "ended",
    ("live", "lesson.ended"): "ended",
    ("break", "lesson.ended"): "ended",
    ("ended", "lesson.reopened"): "live",
    ("ended", "lesson.archived"): "archived",
    ("scheduled", "lesson.cancelled"): "cancelled",
    ("open", "lesson.cancelled"): "cancelled",
}
"""(phase, event kind) → next phase; anything else changes no phase and is refused as a command."""

JOINABLE: frozenset[Phase] = frozenset({"scheduled", "open", "live", "break"})
"""Phases in which media sessions may exist."""
ON_AIR: frozenset[Phase] = frozenset({"live"})
"""Phases in which program and stage are forwarded."""

_EMPTY: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Participant:
    """One who takes part, as the log knows it."""

    id: str
    role: Literal["master", "classroom"]
    present: bool = True
    wall: int = 0
    """Place on the master's wall from 1, the lowest free one at joining; 0 while away and for the master."""


@dataclass(frozen=True, slots=True)
class LessonState:
    """Everything the log of one lesson says, up to `seq`."""

    id: str
    name: str
    phase: Phase = "scheduled"
    seq: int = 0
    at: int = 0
    """Lesson time of the last event, ms."""
    live_at: int | None = None
    ended_at: int | None = None
    participants: Mapping[str, Participant] = field(default_factory=lambda: _EMPTY)
    stage: Mapping[int, str] = field(default_factory=lambda: _EMPTY)
    """Position 1–4 → participant."""
    away: Mapping[str, int] = field(default_factory=lambda: _EMPTY)
    """Participants on stage that left: since when, ms."""
    removed: frozenset[str] = frozenset()
    master_left_at: int | None = None
    """When the master was last missed, ms; None while it is here, and if it never came."""
    hands: hands.Hands = field(default_factory=hands.Hands)
    mic: mic.Microphones = field(default_factory=mic.Microphones)
    help: help_state.Help = field(default_factory=help_state.Help)
    checkin: checkin.Checkin = field(default_factory=checkin.Checkin)
    quiz: quiz.Quizzes = field(default_factory=quiz.Quizzes)
    seats: seats.Seats = field(default_factory=seats.Seats)
    talk: talk.Talk = field(default_factory=talk.Talk)
    tools: tools.Tools = field(default_factory=tools.Tools)
    board: board.Board = field(default_factory=board.Board)
    director: director.Director = field(default_factory=director.Director)
    record: record.Record = field(default_factory=record.Record)


def fold(state: LessonState, event: e.Envelope) -> LessonState:
    """The state after one event."""
    applied = _APPLY[event.kind](state, event.payload, event.at) if event.kind in _APPLY else state
    parts = {name: change(getattr(state, name), event.payload, event.at) for name, change in _PARTS.get(event.kind, ())}
    return replace(applied, seq=event.seq, at=event.at, **parts)


def fold_all(state: LessonState, log: Iterable[e.Envelope]) -> LessonState:
    """The state after a whole log."""
    return reduce(fold, log, state)


def _without(mapping: Mapping[Any, Any], key: object) -> Mapping[Any, Any]:
    return MappingProxyType({k: v for k, v in mapping.items() if k != key})


def _with(mapping: Mapping[Any, Any], key: object, value: object) -> Mapping[Any, Any]:
    return MappingProxyType({**mapping, key: value})


def _phase(state: LessonState, kind: str) -> Phase:
    return TRANSITIONS.get((state.phase, kind), state.phase)


def _opened(state: LessonState, _: Any, __: int) -> LessonState:
    return replace(state, phase=_phase(state, "lesson.opened"))


def _live(state: LessonState, _: Any, at: int) -> LessonState:
    live_at = at if state.live_at is None else state.live_at
    return replace(state, phase=_phase(state, "lesson.live"), live_at=live_at)


def _ended(state: LessonState, _: Any, at: int) -> LessonState:
    return replace(state, phase=_phase(state, "lesson.ended"), ended_at=at)


def _reopened(state: LessonState, _: Any, __: int) -> LessonState:
    phase = _phase(state, "lesson.reopened")
    return replace(state, phase="open" if phase == "live" and state.live_at is None else phase, ended_at=None)


def _paused(state: LessonState, _: Any, __: int) -> LessonState:
    return replace(state, phase=_phase(state, "lesson.paused"))


def _cancelled(state: LessonState, _: Any, __: int) -> LessonState:
    return replace(state, phase=_phase(state, "lesson.cancelled"))


def _archived(state: LessonState, _: Any, __: int) -> LessonState:
    return replace(state, phase=_phase(state, "lesson.archived"))


def _free_wall(state: LessonState) -> int:
    taken = {p.wall for p in state.participants.values()}
    return next(n for n in range(1, len(taken) + 2) if n not in taken)


def _joined(state: LessonState, payload: e.ParticipantJoined, _: int) -> LessonState:
    known = state.participants.get(payload.participant)
    wall = 0 if payload.role == "master" else known.wall if known and known.wall else _free_wall(state)
    joined = Participant(payload.participant, payload.role, True, wall)
    return replace(
        state,
        participants=_with(state.participants, payload.participant, joined),
        away=_without(state.away, payload.participant),
        master_left_at=None if payload.role == "master" else state.master_left_at,
    )


def _left(state: LessonState, payload: e.ParticipantLeft, at: int) -> LessonState:
    known = state.participants.get(payload.participant)
    if known is None:
        return state
    on_stage = payload.participant in state.stage.values()
    return replace(
        state,
        participants=_with(state.participants, known.id, replace(known, present=False, wall=0)),
        away=_with(state.away, known.id, at) if on_stage else state.away,
        master_left_at=at if known.role == "master" else state.master_left_at,
    )


def _removed(state: LessonState, payload: e.ParticipantRemoved, _: int) -> LessonState:
    return replace(
        state,
        participants=_without(state.participants, payload.participant),
        removed=state.removed | {payload.participant},
    )


def _called(state: LessonState, payload: e.StageCalled, at: int) -> LessonState:
    known = state.participants.get(payload.participant)
    away = _with(state.away, payload.participant, at) if known and not known.present else state.away
    return replace(state, stage=_with(state.stage, payload.position, payload.participant), away=away)


def _released(state: LessonState, payload: e.StageReleased, _: int) -> LessonState:
    return replace(state, stage=_without(state.stage, payload.position), away=_without(state.away, payload.participant))


def _swapped(state: LessonState, payload: e.StageSwapped, _: int) -> LessonState:
    return replace(state, stage=MappingProxyType(swapped(state.stage, payload.a, payload.b)))


_APPLY: Mapping[str, Callable[[LessonState, Any, int], LessonState]] = {
    "lesson.opened": _opened,
    "lesson.live": _live,
    "lesson.ended": _ended,
    "lesson.reopened": _reopened,
    "lesson.paused": _paused,
    "lesson.cancelled": _cancelled,
    "lesson.archived": _archived,
    "participant.joined": _joined,
    "participant.left": _left,
    "participant.removed": _removed,
    "stage.called": _called,
    "stage.released": _released,
    "stage.swapped": _swapped,
}

_FOLDS: Mapping[str, Mapping[str, Callable[[Any, Any, int], Any]]] = {
    "hands": hands.FOLD,
    "mic": mic.FOLD,
    "help": help_state.FOLD,
    "checkin": checkin.FOLD,
    "quiz": quiz.FOLD,
    "seats": seats.FOLD,
    "talk": talk.FOLD,
    "tools": tools.FOLD,
    "board": board.FOLD,
    "director": director.FOLD,
    "record": record.FOLD,
}

_PARTS: Mapping[str, tuple[tuple[str, Callable[[Any, Any, int], Any]], ...]] = {
    kind: tuple((name, changes[kind]) for name, changes in _FOLDS.items() if kind in changes)
    for kind in {kind for changes in _FOLDS.values() for kind in changes}
}
"""Event kind → the parts that it changes, and how."""
