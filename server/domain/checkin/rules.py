"""Rules of `checkin`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.checkin import commands as c
from server.domain.checkin.events import Said, SeatChecked
from server.domain.checkin.state import NO_SEAT, Seat
from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.lesson import LessonState
from server.domain.plan import KEPT_MS
from server.domain.refused import Refused
from server.domain.rule import Rule

AHEAD_MS = 60_000
"""A device's clock may be this far ahead; beyond it the time of arrival counts."""


def _mark(state: LessonState, command: c.CheckSeat, giver: Giver | None, moment: Moment) -> Decision:
    mark = c.Mark(seat=command.seat, status=command.status, done_at=command.done_at, settles=command.settles)
    return _take(state, command.participant, (mark,), giver, moment)


def _sheet(state: LessonState, command: c.CheckSheet, giver: Giver | None, moment: Moment) -> Decision:
    return _take(state, command.participant, command.marks, giver, moment)


def _take(state: LessonState, participant: str, marks: tuple[c.Mark, ...], giver: Giver | None, moment: Moment) -> Decision:
    if state.ended_at is not None and moment.at > state.ended_at + KEPT_MS:
        raise Refused("lesson.phase", phase=state.phase)
    room, by = moment.facts.room(participant), giver.principal if giver else ""
    known = state.checkin.rooms.get(participant, {})
    events = []
    for mark in _last(marks, moment.at):
        if mark.seat > room.seats:
            raise Refused("seat.unknown", seat=mark.seat)
        before = known.get(mark.seat, NO_SEAT)
        said = Said(status=mark.status, done_at=mark.done_at, by=by, settles=mark.settles)
        after = before.hears(said, room.plan)
        if after is not before:
            events.append(_event(participant, mark.seat, said, after))
    return Decision(tuple(events))


def _last(marks: tuple[c.Mark, ...], at: int) -> list[c.Mark]:
    """Of each seat the mark done last, by seat; none of them ahead of time."""
    last: dict[int, c.Mark] = {}
    for mark in marks:
        done_at = mark.done_at if mark.done_at <= at + AHEAD_MS else at
        if mark.seat not in last or last[mark.seat].done_at <= done_at:
            last[mark.seat] = c.Mark(seat=mark.seat, status=mark.status, done_at=done_at, settles=mark.settles)
    return [mark for _, mark in sorted(last.items())]


def _event(participant: str, number: int, said: Said, seat: Seat) -> SeatChecked:
    return SeatChecked(
        participant=participant,
        seat=number,
        said=said,
        status=seat.counts.status,
        done_at=seat.counts.done_at,
        other=seat.other,
        plan=seat.plan,
    )


RULES: Mapping[type[Command], Rule] = {c.CheckSeat: _mark, c.CheckSheet: _sheet}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change: nothing."""
    return iter(())
