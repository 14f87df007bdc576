"""Random lives of the parts of a lesson: each module draws one command of its part, whether or not it will be refused."""

from __future__ import annotations

import random
from collections.abc import Callable

from server.domain.command import Command
from tests.server.domain.lives import board, checkin, director, hands, mic, quiz, record, seats, talk, tools
from tests.server.domain.lives import help as help_life

LIVES: list[Callable[[random.Random], Command]] = [
    *(hands.draw, mic.draw, help_life.draw, checkin.draw, quiz.draw, seats.draw),
    *(talk.draw, tools.draw, board.draw, director.draw, record.draw),
]
