"""Commands of `board`, drawn at random."""

from __future__ import annotations

import random

from server.domain.board import commands as c
from server.domain.board.codec import encode
from server.domain.command import Command
from tests.server.domain.logs import PEOPLE

SHEETS = ("c1", "c2")
"""Courseware of the school that the lives know (`logs.FACTS`)."""
ITEMS = ("i1", "i2", "i3", "i4")


def points(draw: random.Random, count: int) -> str:
    return encode([[(draw.randint(0, 10_000), draw.randint(0, 5_600)) for _ in range(count)]])


def draw(draw: random.Random) -> Command:
    page = {"sheet": draw.choice(SHEETS), "page": draw.randint(1, 2)}
    ink = {**page, "item": draw.choice(ITEMS), "color": "#d02030"}
    kinds: tuple[tuple[Command, float], ...] = (
        (c.AttachCourseware(courseware=draw.choice(SHEETS)), 6),
        (c.DetachSheet(sheet=page["sheet"]), 1.5),
        (c.AddBlank(), 1),
        (c.TurnPage(**page), 3),
        (c.DrawStroke(**ink, points=points(draw, draw.randint(1, 5)), width=20, tool=draw.choice(("pen", "marker"))), 8),
        (c.DrawShape(**ink, shape=draw.choice(("line", "arrow", "rect", "ellipse")), points=points(draw, 2), width=30), 3),
        (c.WriteText(**ink, x=1, y=2, size=300, text=draw.choice(("一半", "1/2"))), 3),
        (c.Undo(**page), 3),
        (c.Erase(**page, items=(draw.choice(ITEMS),)), 3),
        (c.ClearPage(**page), 2),
        (c.ShowBoard(on=draw.random() < 0.5), 2),
        (c.GivePen(participant=draw.choice(PEOPLE)), 12),
        (c.TakePen(), 8),
    )
    return draw.choices([command for command, _ in kinds], [weight for _, weight in kinds])[0]
