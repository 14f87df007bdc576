"""Commands of `director`, drawn at random."""

from __future__ import annotations

import random
from typing import get_args

from server.domain.command import Command
from server.domain.director import commands as c
from server.domain.director.events import Choice


def draw(draw: random.Random) -> Command:
    return c.ChooseLayout(layout=draw.choice(("auto", *get_args(Choice))))
