"""Commands of `hands`, drawn at random."""

from __future__ import annotations

import random

from server.domain.command import Command
from server.domain.hands import commands as c

ROOMS = ("p0", "p1", "p1", "master")
"""Few, so that hands collide."""


def draw(draw: random.Random) -> Command:
    who, seat = draw.choice(ROOMS), draw.randint(1, 3)
    kinds = (
        (c.RaiseHand(participant=who, seat=seat), 12),
        (c.CancelHand(participant=who, seat=seat), 8),
        (c.ClearHands(), 2),
        (c.OrderHands(mode=draw.choice(("first", "least", "random"))), 2),
        (c.CallHand(participant=who, seat=seat), 3),
        (c.CallNextHand(), 4),
    )
    return draw.choices([command for command, _ in kinds], [weight for _, weight in kinds])[0]
