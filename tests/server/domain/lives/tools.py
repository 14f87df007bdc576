"""Commands of `tools`, drawn at random."""

from __future__ import annotations

import random
from typing import Any

from msgspec.structs import replace

from server.domain.command import Command
from server.domain.lesson import LessonState
from server.domain.tools import commands as c
from tests.server.domain.lives.quiz import somebody
from tests.server.domain.logs import AIMS


def group(draw: random.Random, name: str) -> c.GroupAsked:
    return c.GroupAsked(id=name, name=f"组{name}", members=tuple((who, draw.choice((0, seat))) for who, seat in [somebody(draw)] * 2))


def draw(draw: random.Random) -> Command:
    who, seat = somebody(draw)
    among = draw.choice(("present", "checked", "group"))
    praised = {"participant": "", "group": "g1"} if draw.random() < 0.3 else {"participant": who, "seat": draw.choice((0, seat))}
    groups = tuple(group(draw, name) for name in draw.sample(("g1", "g2", "g3"), draw.randint(0, 3)))
    kinds: tuple[tuple[Command, float], ...] = (
        (c.DrawPick(among=among, group="g1", exclude_called=draw.random() < 0.5), 4),
        (c.GivePraise(**praised), 4),
        (c.StartTimer(seconds=draw.choice((5, 30)), label=draw.choice(("", "讨论"))), 4),
        (c.StopTimer(), 1),
        (c.RingTimer(timer="?"), 3),
        (c.SetGroups(groups=groups), 4),
    )
    return draw.choices([command for command, _ in kinds], [weight for _, weight in kinds])[0]


def aim(state: LessonState, command: Any) -> Command:
    """At the timer there is."""
    timer = state.tools.timer
    aimed: Command = replace(command, timer=timer.started.timer if timer else "none")
    return aimed


AIMS[c.RingTimer] = aim
