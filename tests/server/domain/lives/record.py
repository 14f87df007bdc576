"""Commands of `record`, drawn at random."""

from __future__ import annotations

import random

from server.domain.command import Command
from server.domain.record import commands as c


def draw(draw: random.Random) -> Command:
    return draw.choice((c.StartRecording(), c.PauseRecording(), c.ResumeRecording(), c.StopRecording()))
