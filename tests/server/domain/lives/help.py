"""Commands of `help`, drawn at random."""

from __future__ import annotations

import random

from server.domain.command import Command
from server.domain.help import commands as c

ROOMS = ("p0", "p1", "p1", "p2")
"""Few, so that commands meet."""


def draw(draw: random.Random) -> Command:
    who = draw.choice(ROOMS)
    word = draw.choice(("ready", "deaf", "blind", "fast", "help"))
    return draw.choice((c.SignalHelp(participant=who, word=word), c.AcknowledgeHelp(participant=who), c.RingRoom(participant=who)))
