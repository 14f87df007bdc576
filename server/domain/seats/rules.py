"""Rules of `seats`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.lesson import IN_CLASS, LessonState
from server.domain.refused import Refused
from server.domain.rule import Rule
from server.domain.seats import commands as c
from server.domain.seats import events as e


def _open(state: LessonState, command: c.OpenPhones, _: Giver | None, moment: Moment) -> Decision:
    if not moment.facts.room(command.participant).phones:
        raise Refused("phones.forbidden")
    if command.participant in state.seats.open:
        return Decision()
    return Decision((e.PhonesOpened(participant=command.participant),))


def _close(state: LessonState, command: c.ClosePhones, _: Giver | None, __: Moment) -> Decision:
    if command.participant not in state.seats.open:
        return Decision()
    return Decision((e.PhonesClosed(participant=command.participant),))


def _take(state: LessonState, command: c.TakeSeat, _: Giver | None, moment: Moment) -> Decision:
    if state.phase not in IN_CLASS:
        raise Refused("lesson.phase", phase=state.phase)
    if command.participant not in state.seats.open:
        raise Refused("phones.closed")
    if command.seat > moment.facts.room(command.participant).seats:
        raise Refused("seat.unknown", seat=command.seat)
    if command.seat in state.seats.of(command.participant):
        raise Refused("seat.taken", seat=command.seat)
    return Decision((e.SeatTaken(participant=command.participant, seat=command.seat),))


def _free(state: LessonState, command: c.FreeSeat, _: Giver | None, __: Moment) -> Decision:
    if command.seat not in state.seats.of(command.participant):
        return Decision()
    return Decision((e.SeatFreed(participant=command.participant, seat=command.seat),))


RULES: Mapping[type[Command], Rule] = {c.OpenPhones: _open, c.ClosePhones: _close, c.TakeSeat: _take, c.FreeSeat: _free}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change."""
    return iter(())
