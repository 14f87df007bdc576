"""Commands of `director`, drawn at random."""

from __future__ import annotations

import random

from server.domain import commands as c
from server.domain.command import Command


def draw(draw: random.Random) -> Command:
    return c.GoLive()
