"""Commands of `quiz`, drawn at random."""

from __future__ import annotations

import random
from typing import Any

from msgspec.structs import replace

from server.domain.command import Command
from server.domain.lesson import LessonState
from server.domain.quiz import commands as c
from tests.server.domain.logs import AIMS, PEOPLE

KEYS: dict[str, c.KeyAsked] = {
    "single": c.KeyAsked(options=(1,)),
    "multiple": c.KeyAsked(options=(0, 2)),
    "boolean": c.KeyAsked(options=(0,)),
    "number": c.KeyAsked(number=0.5, tolerance=0.01),
    "text": c.KeyAsked(texts=("分数", "真分数")),
}
CHOICES: tuple[Any, ...] = ((0,), (1,), (2,), (0, 2), 0.5, 2.0, "分数", "整数")


def somebody(draw: random.Random) -> tuple[str, int]:
    """Often the room and the seat that the tests look through."""
    who = "p1" if draw.random() < 0.6 else draw.choice((*PEOPLE, "master"))
    return who, 3 if draw.random() < 0.4 else draw.randint(1, 5)


def opening(draw: random.Random) -> c.OpenQuiz:
    type_ = draw.choice(("single", "single", "boolean", "multiple", "number", "text", "poll"))
    options = tuple("甲乙丙丁"[: draw.randint(2, 4)]) if type_ in ("single", "multiple", "poll") else ()
    key = KEYS.get(type_) if draw.random() < 0.8 else None
    group = "g1" if draw.random() < 0.1 else ""
    return c.OpenQuiz(type=type_, question="1/2?", options=options, key=key, seconds=draw.choice((0, 0, 1, 30)), group=group)


def draw(draw: random.Random) -> Command:
    who, seat = somebody(draw)
    about = {"quiz": "?", "participant": who}
    counts = tuple(draw.randint(0, 9) for _ in range(4))
    cards = {str(number): draw.randint(0, 3) for number in draw.sample(range(1, 6), 3)}
    kinds: tuple[tuple[Command, float], ...] = (
        (opening(draw), 8),
        (c.AnswerQuiz(**about, seat=seat, choice=draw.choice(CHOICES)), 14),
        (c.CountQuiz(**about, counts=counts), 5),
        (c.ScanQuiz(**about, answers=cards), 5),
        (c.CloseQuiz(quiz="?"), 1),
        (c.RevealQuiz(quiz="?"), 3),
        (c.DiscardQuiz(quiz="?"), 1),
        (c.ExpireQuiz(quiz="?"), 1),
    )
    return draw.choices([command for command, _ in kinds], [weight for _, weight in kinds])[0]


def aim(state: LessonState, command: Any) -> Command:
    """At the open card, else at the last one."""
    cards = list(state.quiz.cards)
    quiz = state.quiz.open or (cards[-1] if cards else "none")
    if isinstance(command, c.CountQuiz) and quiz in cards:
        command = replace(command, counts=command.counts[: state.quiz.cards[quiz].options])
    aimed: Command = replace(command, quiz=quiz)
    return aimed


AIMS.update(
    dict.fromkeys((c.AnswerQuiz, c.CountQuiz, c.ScanQuiz, c.CloseQuiz, c.RevealQuiz, c.DiscardQuiz, c.ExpireQuiz), aim),
)
