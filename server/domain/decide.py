"""The rules: command and state → events, or `Refused`. Pure; the shell supplies the time and stores the result (S15).

An empty tuple means that the lesson is as asked for already: acknowledged, nothing written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from server.domain import calling
from server.domain import commands as c
from server.domain import events as e
from server.domain.board import rules as board
from server.domain.checkin import rules as checkin
from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.director import rules as director
from server.domain.hands import rules as hands
from server.domain.help import rules as help_rules
from server.domain.lesson import IN_CLASS, JOINABLE, REOPEN_MS, STAGE_KEPT_MS, TRANSITIONS, LessonState
from server.domain.mic import rules as mic
from server.domain.payload import Payload
from server.domain.plan import ENDS_MS, KEPT_MS, NO_PLAN, OPENS_MS, Plan
from server.domain.principal import MASTER
from server.domain.quiz import rules as quiz
from server.domain.record import rules as record
from server.domain.refused import Refused
from server.domain.rule import Rule
from server.domain.seats import rules as seats
from server.domain.stage import CALLING, position_of
from server.domain.talk import rules as talk
from server.domain.tools import rules as tools

Events = tuple[Payload, ...]


def decide(state: LessonState, command: Command, giver: Giver | None, moment: Moment) -> Decision:
    """What `command`, given by `giver` (None: the server itself), makes happen; raises `Refused`."""
    _entitled(state, command, giver)
    rule = _PARTS.get(type(command))
    if rule is not None:
        return rule(state, command, giver, moment)
    return Decision(record.along(state, _RULES[type(command)](state, command, moment.at), moment))


def _entitled(state: LessonState, command: Command, giver: Giver | None) -> None:
    if giver is not None:
        if giver.role not in command.roles:
            raise Refused("forbidden")
        bound = giver.role != "master" or command.master_own
        foreign = bound and getattr(command, "participant", None) != giver.participant
        elsewhere = giver.role == "seat" and getattr(command, "seat", giver.seat) != giver.seat
        if command.own and (foreign or elsewhere):
            raise Refused("forbidden")
    if command.phases is not None and state.phase not in command.phases:
        raise Refused("lesson.phase", phase=state.phase)


def _step(state: LessonState, event: Payload) -> Payload:
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


def _clear_stage(state: LessonState) -> Events:
    return tuple(e.StageReleased(participant=who, position=n) for n, who in sorted(state.stage.items()))


def _pause(state: LessonState, _: c.PauseLesson, __: int) -> Events:
    if state.phase == "break":
        return ()
    return (*_clear_stage(state), _step(state, e.LessonPaused()))


def _end(state: LessonState, _: c.EndLesson, __: int) -> Events:
    if state.phase == "ended":
        return ()
    return (*_clear_stage(state), _step(state, e.LessonEnded()))


def _end_by_itself(state: LessonState, command: c.EndByItself, at: int) -> Events:
    if state.phase not in IN_CLASS or master_here(state) or at < ends_by_itself(state, command.planned_end):
        return ()
    return (*_clear_stage(state), e.LessonEnded())


def _cancel(state: LessonState, _: c.CancelLesson, __: int) -> Events:
    return (e.LessonCancelled(),) if (state.phase, "lesson.cancelled") in TRANSITIONS else ()


def _archive(state: LessonState, _: c.ArchiveLesson, at: int) -> Events:
    over = state.phase == "ended" and state.ended_at is not None and at >= state.ended_at + KEPT_MS
    return (e.LessonArchived(),) if over else ()


def _anchor(_: LessonState, command: c.AnchorClock, __: int) -> Events:
    return (e.ClockAnchored(utc=command.utc),)


def _reopen(state: LessonState, _: c.ReopenLesson, at: int) -> Events:
    if state.ended_at is not None and at - state.ended_at > REOPEN_MS:
        raise Refused("lesson.phase", phase=state.phase)
    return (_step(state, e.LessonReopened()),)


def _call(state: LessonState, command: c.CallOnStage, __: int) -> Events:
    room = calling.classroom(state, command.participant)
    if state.phase not in CALLING:
        raise Refused("lesson.phase", phase=state.phase)
    return calling.on_stage(state, room)


def _off_stage(state: LessonState, participant: str) -> Events:
    position = position_of(state.stage, participant)
    return () if position is None else (e.StageReleased(participant=participant, position=position),)


def _release(state: LessonState, command: c.ReleaseFromStage, __: int) -> Events:
    if command.participant not in state.participants:
        raise Refused("participant.unknown")
    return _off_stage(state, command.participant)


def _swap(state: LessonState, command: c.SwapStage, __: int) -> Events:
    taken = command.a in state.stage or command.b in state.stage
    return (e.StageSwapped(a=command.a, b=command.b),) if taken and command.a != command.b else ()


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


_RULES: Mapping[type[Command], Callable[[LessonState, Any, int], Events]] = {
    c.OpenLesson: _open,
    c.GoLive: _live,
    c.PauseLesson: _pause,
    c.EndLesson: _end,
    c.ReopenLesson: _reopen,
    c.CallOnStage: _call,
    c.ReleaseFromStage: _release,
    c.SwapStage: _swap,
    c.RemoveParticipant: _remove,
    c.Join: _join,
    c.Leave: _leave,
    c.ExpireStage: _expire,
    c.EndByItself: _end_by_itself,
    c.CancelLesson: _cancel,
    c.ArchiveLesson: _archive,
    c.AnchorClock: _anchor,
}

_PARTS: Mapping[type[Command], Rule] = {
    **hands.RULES,
    **mic.RULES,
    **help_rules.RULES,
    **checkin.RULES,
    **quiz.RULES,
    **seats.RULES,
    **talk.RULES,
    **tools.RULES,
    **board.RULES,
    **director.RULES,
    **record.RULES,
}

_DEADLINES: tuple[Callable[[LessonState], Iterator[Deadline]], ...] = (
    *(hands.deadlines, mic.deadlines, help_rules.deadlines, checkin.deadlines, quiz.deadlines, seats.deadlines),
    *(talk.deadlines, tools.deadlines, board.deadlines, director.deadlines, record.deadlines),
)


def next_deadline(state: LessonState, plan: Plan = NO_PLAN) -> Deadline | None:
    """The earliest thing time alone will change, None if nothing."""
    parts = (due for deadlines in _DEADLINES for due in deadlines(state))
    return min((*_stage_deadlines(state), *_plan_deadlines(state, plan), *parts), key=lambda due: due.at, default=None)


def _stage_deadlines(state: LessonState) -> Iterator[Deadline]:
    for who, since in state.away.items():
        yield Deadline(since + STAGE_KEPT_MS, c.ExpireStage(participant=who), f"stage.expire:{since}:{who}"[:64])


def _plan_deadlines(state: LessonState, plan: Plan) -> Iterator[Deadline]:
    if plan.cancelled and state.phase in ("scheduled", "open"):
        yield Deadline(0, c.CancelLesson(), f"lesson.cancel:{state.seq}")
    elif state.phase == "scheduled" and plan.starts_at is not None:
        yield Deadline(plan.starts_at - OPENS_MS, c.OpenLesson(), f"lesson.open:{plan.starts_at}", plan.ends_at)
    if state.phase in IN_CLASS and plan.ends_at is not None and not master_here(state):
        at = ends_by_itself(state, plan.ends_at)
        yield Deadline(at, c.EndByItself(planned_end=plan.ends_at), f"lesson.expire:{at}")
    if state.phase == "ended" and state.ended_at is not None:
        yield Deadline(state.ended_at + KEPT_MS, c.ArchiveLesson(), f"lesson.archive:{state.ended_at}")


def master_here(state: LessonState) -> bool:
    """The master takes part now."""
    master = state.participants.get(MASTER)
    return master is not None and master.present


def ends_by_itself(state: LessonState, planned_end: int) -> int:
    """When a lesson without its master ends: a quarter of an hour after the planned end, and after the master was last here."""
    return max(planned_end, state.master_left_at or 0) + ENDS_MS


def admits_media(state: LessonState, participant: str | None) -> bool:
    """Whether sessions of this participant (None: a viewer or the wall) may exist now."""
    return state.phase in JOINABLE and participant not in state.removed
