"""Rules of `mic`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain import calling
from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.lesson import LessonState
from server.domain.mic import commands as c
from server.domain.mic import events as e
from server.domain.refused import Refused
from server.domain.rule import Rule
from server.domain.stage import position_of


def _request(state: LessonState, command: c.RequestMic, _: Giver | None, __: Moment) -> Decision:
    room = calling.classroom(state, command.participant)
    if _open(state, room) or room in state.mic.requests:
        return Decision()
    return Decision((e.MicRequested(participant=room),))


def _grant(state: LessonState, command: c.GrantMic, _: Giver | None, __: Moment) -> Decision:
    return Decision(calling.heard(state, calling.classroom(state, command.participant)))


def _mute(state: LessonState, command: c.MuteMic, _: Giver | None, __: Moment) -> Decision:
    """What the room or its echo guard closed, the teacher closes as well: the room cannot open it again."""
    room = calling.classroom(state, command.participant)
    if position_of(state.stage, room) is not None and state.mic.closed.get(room) != "master":
        return Decision((e.MicClosed(participant=room, by="master"),))
    return _decline(state, e.MicDeclined(participant=room, by="master"))


def _close(state: LessonState, command: c.CloseMic, _: Giver | None, __: Moment) -> Decision:
    room = calling.classroom(state, command.participant)
    if _open(state, room):
        return Decision((e.MicClosed(participant=room, by="room"),))
    return _decline(state, e.MicDeclined(participant=room, by="room"))


def _reopen(state: LessonState, command: c.OpenMic, _: Giver | None, __: Moment) -> Decision:
    room = calling.classroom(state, command.participant)
    if _open(state, room):
        return Decision()
    if state.mic.closed.get(room) != "room":
        raise Refused("mic.ask")
    return Decision((e.MicOpened(participant=room, by="room"),))


def _echo(state: LessonState, command: c.ReportEcho, _: Giver | None, __: Moment) -> Decision:
    room = calling.classroom(state, command.participant)
    if not _open(state, room):
        return Decision()
    return Decision((e.MicClosed(participant=room, by="echo", correlation=command.correlation, delay_ms=command.delay_ms),))


def _open(state: LessonState, room: str) -> bool:
    return position_of(state.stage, room) is not None and room not in state.mic.closed


def _decline(state: LessonState, event: e.MicDeclined) -> Decision:
    return Decision((event,)) if event.participant in state.mic.requests else Decision()


RULES: Mapping[type[Command], Rule] = {
    c.RequestMic: _request,
    c.GrantMic: _grant,
    c.MuteMic: _mute,
    c.CloseMic: _close,
    c.OpenMic: _reopen,
    c.ReportEcho: _echo,
}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change: nothing; a microphone that the echo guard closed stays closed until the teacher opens it."""
    return iter(())
