"""The rules: command and state → events, or `Refused`. Pure; the shell supplies the time and stores the result (S15).

An empty tuple means that the lesson is as asked for already: acknowledged, nothing written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from server.domain import commands as c
from server.domain import events as e
from server.domain.lesson import JOINABLE, REOPEN_MS, STAGE_KEPT_MS, TRANSITIONS, LessonState
from server.domain.principal import Role
from server.domain.refused import Refused
from server.domain.stage import free_position, position_of

Events = tuple[e.Payload, ...]


def decide(state: LessonState, command: c.Command, role: Role | None, at: int) -> Events:
    """What `command`, given by `role` (None: the server itself) at `at` ms, makes happen; raises `Refused`."""
    if role is not None and role not in command.roles:
        raise Refused("forbidden")
    return _RULES[type(command)](state, command, at)


def _step(state: LessonState, event: e.Payload) -> e.Payload:
    if (state.phase, event.kind) not in TRANSITIONS:
        raise Refused("lesson.phase", phase=state.phase)
    return event


def _open(state: LessonState, _: c.OpenLesson, __: int) -> Events:
    return () if state.phase == "open" else (_step(state, e.LessonOpened()),)


def _live(state: LessonState, _: c.GoLive, __: int) -> Events:
    if state.phase == "live":
        return ()
    if state.phase == "scheduled":
        return (e.LessonOpened(), e.LessonLive())
    return (_step(state, e.LessonLive()),)


def _end(state: LessonState, _: c.EndLesson, __: int) -> Events:
    if state.phase == "ended":
        return ()
    ended = _step(state, e.LessonEnded())
    return (*(e.StageReleased(participant=who, position=n) for n, who in sorted(state.stage.items())), ended)


def _reopen(state: LessonState, _: c.ReopenLesson, at: int) -> Events:
    if state.ended_at is not None and at - state.ended_at > REOPEN_MS:
        raise Refused("lesson.phase", phase=state.phase)
    return (_step(state, e.LessonReopened()),)


def _call(state: LessonState, command: c.CallOnStage, __: int) -> Events:
    who = state.participants.get(command.participant)
    if who is None or who.role != "classroom":
        raise Refused("participant.unknown")
    if state.phase not in ("live", "break"):
        raise Refused("lesson.phase", phase=state.phase)
    if position_of(state.stage, who.id) is not None:
        return ()
    position = free_position(state.stage)
    if position is None:
        raise Refused("stage.full")
    return (e.StageCalled(participant=who.id, position=position),)


def _off_stage(state: LessonState, participant: str) -> Events:
    position = position_of(state.stage, participant)
    return () if position is None else (e.StageReleased(participant=participant, position=position),)


def _release(state: LessonState, command: c.ReleaseFromStage, __: int) -> Events:
    if command.participant not in state.participants:
        raise Refused("participant.unknown")
    return _off_stage(state, command.participant)


def _remove(state: LessonState, command: c.RemoveParticipant, __: int) -> Events:
    if command.participant in state.removed:
        return ()
    who = state.participants.get(command.participant)
    if who is None or who.role == "master":
        raise Refused("participant.unknown")
    return (*_off_stage(state, who.id), e.ParticipantRemoved(participant=who.id))


def _join(state: LessonState, command: c.Join, __: int) -> Events:
    if command.participant in state.removed:
        raise Refused("forbidden")
    known = state.participants.get(command.participant)
    if (known is not None and known.present) or state.phase not in JOINABLE:
        return ()
    return (e.ParticipantJoined(participant=command.participant, role=command.role),)


def _leave(state: LessonState, command: c.Leave, __: int) -> Events:
    known = state.participants.get(command.participant)
    if known is None or not known.present or state.phase not in JOINABLE:
        return ()
    return (e.ParticipantLeft(participant=command.participant),)


def _expire(state: LessonState, command: c.ExpireStage, at: int) -> Events:
    since = state.away.get(command.participant)
    return () if since is None or at < since + STAGE_KEPT_MS else _off_stage(state, command.participant)


_RULES: Mapping[type[c.Command], Callable[[LessonState, Any, int], Events]] = {
    c.OpenLesson: _open,
    c.GoLive: _live,
    c.EndLesson: _end,
    c.ReopenLesson: _reopen,
    c.CallOnStage: _call,
    c.ReleaseFromStage: _release,
    c.RemoveParticipant: _remove,
    c.Join: _join,
    c.Leave: _leave,
    c.ExpireStage: _expire,
}


@dataclass(frozen=True, slots=True)
class Deadline:
    """A command the clock will give."""

    at: int
    """ms on the lesson clock."""
    command: c.Command
    command_id: str
    """Derived from the state, so that it is carried out exactly once whoever fires it (S15)."""


def next_deadline(state: LessonState) -> Deadline | None:
    """The earliest thing time alone will change, None if nothing."""
    if not state.away:
        return None
    since, who = min((since, who) for who, since in state.away.items())
    return Deadline(since + STAGE_KEPT_MS, c.ExpireStage(participant=who), f"stage.expire:{since}:{who}"[:64])


def admits_media(state: LessonState, participant: str | None) -> bool:
    """Whether sessions of this participant (None: a viewer or the wall) may exist now."""
    return state.phase in JOINABLE and participant not in state.removed
