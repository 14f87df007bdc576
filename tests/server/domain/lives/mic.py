"""Commands of `mic` and of the stage's positions, drawn at random."""

from __future__ import annotations

import random

from server.domain import commands as stage
from server.domain.command import Command
from server.domain.mic import commands as c

ROOMS = ("p0", "p1", "p1", "p1")
"""Few, so that commands meet."""


def draw(draw: random.Random) -> Command:
    who = draw.choice(ROOMS)
    kinds = (
        (c.RequestMic(participant=who), 6),
        (c.GrantMic(participant=who), 3),
        (c.MuteMic(participant=who), 3),
        (c.CloseMic(participant=who), 3),
        (c.OpenMic(participant=who), 2),
        (c.ReportEcho(participant=who, correlation=draw.randint(50, 100) / 100, delay_ms=draw.randint(0, 800)), 1),
        (stage.SwapStage(a=draw.randint(1, 4), b=draw.randint(1, 4)), 3),
    )
    return draw.choices([command for command, _ in kinds], [weight for _, weight in kinds])[0]
