"""Rules of `hands`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain import calling
from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.hands import commands as c
from server.domain.hands import events as e
from server.domain.hands.queue import queue
from server.domain.lesson import LessonState
from server.domain.refused import Refused
from server.domain.rule import Rule
from server.domain.stage import position_of


def _raise(state: LessonState, command: c.RaiseHand, _: Giver | None, moment: Moment) -> Decision:
    _check_seat(state, command, moment)
    if state.hands.hand(command.participant, command.seat) is not None:
        return Decision()
    lot, before = moment.random().getrandbits(e.LOT_BITS), moment.facts.room(command.participant).called
    return Decision((e.HandRaised(participant=command.participant, seat=command.seat, lot=lot, before=before),))


def _cancel(state: LessonState, command: c.CancelHand, _: Giver | None, __: Moment) -> Decision:
    if state.hands.hand(command.participant, command.seat) is None:
        return Decision()
    return Decision((e.HandCancelled(participant=command.participant, seat=command.seat),))


def _clear(state: LessonState, _: c.ClearHands, __: Giver | None, ___: Moment) -> Decision:
    return Decision((e.HandsCleared(),)) if state.hands.raised else Decision()


def _order(state: LessonState, command: c.OrderHands, _: Giver | None, __: Moment) -> Decision:
    return Decision() if state.hands.mode == command.mode else Decision((e.HandsOrdered(mode=command.mode),))


def _call(state: LessonState, command: c.CallHand, _: Giver | None, moment: Moment) -> Decision:
    _check_seat(state, command, moment)
    raised = state.hands.hand(command.participant, command.seat) is not None
    stands_there = position_of(state.stage, command.participant) is not None
    if stands_there and not raised and state.hands.called.get(command.participant) == command.seat:
        return Decision(calling.heard(state, command.participant))  # pressed twice: no second call
    return _called(state, command.participant, command.seat, moment.at)


def _next(state: LessonState, _: c.CallNextHand, __: Giver | None, moment: Moment) -> Decision:
    head = next(iter(queue(state)), None)
    if head is None:
        raise Refused("hand.none")
    return _called(state, head.participant, head.seat, moment.at)


def _called(state: LessonState, participant: str, seat: int, at: int) -> Decision:
    """The own class of the master is heard already; every other room comes on stage."""
    hand = state.hands.hand(participant, seat)
    called = e.HandCalled(participant=participant, seat=seat, waited=None if hand is None else at - hand.at)
    remote = state.participants[participant].role == "classroom"
    return Decision((called, *(calling.heard(state, participant) if remote else ())))


def _check_seat(state: LessonState, command: c.RaiseHand | c.CallHand, moment: Moment) -> None:
    if command.participant not in state.participants:
        raise Refused("participant.unknown")
    if command.seat > moment.facts.room(command.participant).seats:
        raise Refused("seat.unknown", seat=command.seat)


RULES: Mapping[type[Command], Rule] = {
    c.RaiseHand: _raise,
    c.CancelHand: _cancel,
    c.ClearHands: _clear,
    c.OrderHands: _order,
    c.CallHand: _call,
    c.CallNextHand: _next,
}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change: nothing."""
    return iter(())
