"""Rules of `help`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.help import commands as c
from server.domain.help import events as e
from server.domain.lesson import LessonState
from server.domain.refused import Refused
from server.domain.rule import Rule


def _signal(state: LessonState, command: c.SignalHelp, _: Giver | None, __: Moment) -> Decision:
    """The assistant's phone may call for help before the room's own PC ever came: the room need not have joined."""
    if command.participant in state.removed:
        raise Refused("participant.unknown")
    last = state.help.signals.get(command.participant)
    waiting = last is not None and last.word == command.word and last.acknowledged is None
    if waiting and command.participant not in state.help.rung:
        return Decision()
    return Decision((e.HelpSignalled(participant=command.participant, word=command.word),))


def _acknowledge(state: LessonState, command: c.AcknowledgeHelp, _: Giver | None, __: Moment) -> Decision:
    last = state.help.signals.get(command.participant)
    if last is None or last.acknowledged is not None:
        return Decision()
    return Decision((e.HelpAcknowledged(participant=command.participant),))


def _ring(state: LessonState, command: c.RingRoom, _: Giver | None, __: Moment) -> Decision:
    """Each ring rings: a room that sleeps on is rung at again."""
    who = state.participants.get(command.participant)
    known = command.participant in state.help.signals or (who is not None and who.role == "classroom")
    if not known:
        raise Refused("participant.unknown")
    return Decision((e.RoomRung(participant=command.participant),))


RULES: Mapping[type[Command], Rule] = {c.SignalHelp: _signal, c.AcknowledgeHelp: _acknowledge, c.RingRoom: _ring}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change: nothing."""
    return iter(())
