"""Commands of `talk`, drawn at random."""

from __future__ import annotations

import random
from typing import Any
from zlib import crc32

from msgspec.structs import replace

from server.domain.command import Command
from server.domain.lesson import LessonState
from server.domain.talk import commands as c
from tests.server.domain.lives.quiz import somebody
from tests.server.domain.logs import AIMS


def draw(draw: random.Random) -> Command:
    who, seat = somebody(draw)
    words = draw.choice(("为什么?", "再讲一遍", "1/2 和 2/4"))
    kinds: tuple[tuple[Command, float], ...] = (
        (c.AskQuestion(participant=who, seat=draw.choice((0, seat, seat)), text=words), 8),
        (c.ReleaseQuestion(id=str(draw.random())), 3),
        (c.AnswerQuestion(id=str(draw.random()), mode=draw.choice(("spoken", "written")), text=words), 3),
        (c.DiscardQuestion(id=str(draw.random())), 2),
        (c.MakeAnnouncement(participant=draw.choice(("", who)), text=words), 4),
        (c.WithdrawAnnouncement(id=str(draw.random())), 3),
    )
    return draw.choices([command for command, _ in kinds], [weight for _, weight in kinds])[0]


def aim(state: LessonState, command: Any) -> Command:
    """At any question or announcement there is."""
    known = list(state.talk.announcements if isinstance(command, c.WithdrawAnnouncement) else state.talk.questions)
    aimed: Command = replace(command, id=known[crc32(command.id.encode()) % len(known)] if known else "none")
    return aimed


AIMS.update(dict.fromkeys((c.ReleaseQuestion, c.AnswerQuestion, c.DiscardQuestion, c.WithdrawAnnouncement), aim))
