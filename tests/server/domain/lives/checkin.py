"""Commands of `checkin`, drawn at random."""

from __future__ import annotations

import random
from typing import get_args

from server.domain.checkin import commands as c
from server.domain.command import Command
from tests.server.domain.lives.quiz import somebody


def draw(draw: random.Random) -> Command:
    who, seat = somebody(draw)
    marks = tuple(
        c.Mark(
            seat=number,
            status=draw.choice(get_args(c.Status)),
            done_at=draw.randint(0, 400_000),
            settles=draw.random() < 0.1,
        )
        for number in (seat, *draw.sample(range(1, 6), 2))
    )
    if draw.random() < 0.3:
        return c.CheckSheet(participant=who, marks=marks)
    mark = marks[0]
    return c.CheckSeat(participant=who, seat=seat, status=mark.status, done_at=mark.done_at, settles=mark.settles)
