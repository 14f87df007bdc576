"""Rules of `tools`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.lesson import LessonState
from server.domain.principal import MASTER
from server.domain.refused import Refused
from server.domain.rule import Rule
from server.domain.tools import commands as c
from server.domain.tools import events as e
from server.domain.tools import lot

STARS = 2_000
"""Of one lesson."""


def _draw(state: LessonState, command: c.DrawPick, _: Giver | None, moment: Moment) -> Decision:
    if command.among == "group":
        places = list(lot.grouped(state, moment.facts, _group(state, command.group).members))
    else:
        places = list((lot.checked if command.among == "checked" else lot.present)(state, moment.facts))
    if command.exclude_called:
        places = [place for place in places if place not in state.tools.called]
    if not places:
        raise Refused("pick.nobody")
    participant, seat = moment.random().choice(places)
    return Decision((e.PickDrawn(participant=participant, seat=seat, among=len(places)),))


def _group(state: LessonState, group: str) -> e.Group:
    known = state.tools.groups.get(group)
    if known is None:
        raise Refused("group.unknown")
    return known


def _praise(state: LessonState, command: c.GivePraise, giver: Giver | None, moment: Moment) -> Decision:
    who, own = command.participant, giver.participant if giver else None
    if bool(who) == bool(command.group) or (command.seat and not who):
        raise Refused("request.malformed", field="participant")
    if command.group:
        _group(state, command.group)
    elif who not in (own, MASTER) and who not in state.participants:
        raise Refused("participant.unknown")
    if who and command.seat > moment.facts.room(who).seats:
        raise Refused("seat.unknown", seat=command.seat)
    if state.tools.stars.given >= STARS:
        raise Refused("request.too_many")
    return Decision((e.PraiseGiven(participant=who, seat=command.seat, group=command.group),))


def _start(_: LessonState, command: c.StartTimer, __: Giver | None, moment: Moment) -> Decision:
    label = moment.text(command.label)
    ends_at = moment.at + command.seconds * 1_000
    started = e.TimerStarted(timer=moment.opaque("timer"), seconds=command.seconds, ends_at=ends_at, label=label.ref)
    return Decision((started,), (label,))


def _stop(state: LessonState, _: c.StopTimer, __: Giver | None, ___: Moment) -> Decision:
    return Decision((e.TimerStopped(),) if state.tools.timer else ())


def _ring(state: LessonState, command: c.RingTimer, _: Giver | None, moment: Moment) -> Decision:
    timer = state.tools.timer
    own = timer is not None and timer.started.timer == command.timer and not timer.rang
    due = timer is not None and moment.at >= timer.started.ends_at
    return Decision((e.TimerRang(timer=command.timer),) if own and due else ())


def _set(state: LessonState, command: c.SetGroups, _: Giver | None, moment: Moment) -> Decision:
    if len({group.id for group in command.groups}) < len(command.groups):
        raise Refused("request.malformed", field="groups")
    for group in command.groups:
        for who, seat in group.members:
            if who != MASTER and who not in state.participants:
                raise Refused("participant.unknown")
            if seat > moment.facts.room(who).seats:
                raise Refused("seat.unknown", seat=seat)
    names = [moment.text(group.name, label=f"group.{n}") for n, group in enumerate(command.groups)]
    groups = tuple(
        e.Group(id=group.id, name=name.ref, members=tuple(sorted(set(group.members))))
        for group, name in zip(command.groups, names, strict=True)
    )
    return Decision((e.GroupsSet(groups=groups),), tuple(names))


RULES: Mapping[type[Command], Rule] = {
    c.DrawPick: _draw,
    c.GivePraise: _praise,
    c.StartTimer: _start,
    c.StopTimer: _stop,
    c.RingTimer: _ring,
    c.SetGroups: _set,
}


def deadlines(state: LessonState) -> Iterator[Deadline]:
    """What time alone will change: the timer rings."""
    timer = state.tools.timer
    if timer is not None and not timer.rang:
        started = timer.started
        yield Deadline(started.ends_at, c.RingTimer(timer=started.timer), f"timer.ring:{started.timer}")
