"""Rules of `director`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.command import Command, Deadline, Decision, Giver, Moment
from server.domain.director import commands as c
from server.domain.director import events as e
from server.domain.lesson import LessonState
from server.domain.rule import Rule


def _choose(state: LessonState, command: c.ChooseLayout, _: Giver | None, __: Moment) -> Decision:
    return Decision() if state.director.mode == command.layout else Decision((e.LayoutChanged(layout=command.layout),))


RULES: Mapping[type[Command], Rule] = {c.ChooseLayout: _choose}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change: nothing."""
    return iter(())
