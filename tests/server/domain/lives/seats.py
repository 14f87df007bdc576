"""Commands of `seats`, drawn at random."""

from __future__ import annotations

import random

from server.domain.command import Command
from server.domain.seats import commands as c
from tests.server.domain.logs import PEOPLE


def draw(draw: random.Random) -> Command:
    who = draw.choice(PEOPLE)
    seat = draw.randint(1, 5)
    kinds = (c.OpenPhones(participant=who), c.ClosePhones(participant=who), c.FreeSeat(participant=who, seat=seat))
    return draw.choice(
        (*kinds, c.OpenPhones(participant=who), c.TakeSeat(participant=who, seat=seat), c.TakeSeat(participant=who, seat=seat))
    )
