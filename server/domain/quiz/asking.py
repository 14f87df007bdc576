"""How a card is opened: whether it can be answered at all, and its texts."""

from __future__ import annotations

import math

from server.domain.command import Decision, Giver, Moment, Text
from server.domain.lesson import LessonState
from server.domain.quiz import commands as c
from server.domain.quiz import events as e
from server.domain.quiz.choice import LISTED, PICKED, Key, chosen, options_of
from server.domain.refused import Refused

MOST = 200
"""Cards of one lesson."""


def ask(state: LessonState, command: c.OpenQuiz, _: Giver | None, moment: Moment) -> Decision:
    """The rule of `quiz.open`."""
    if state.quiz.open:
        raise Refused("quiz.busy")
    if state.quiz.made >= MOST:
        raise Refused("quiz.full")
    if command.group and command.group not in state.tools.groups:
        raise Refused("group.unknown")
    listed = len(command.options)
    if (listed < 2) if command.type in LISTED else (listed > 0):
        raise Refused("request.malformed", field="options")
    question = moment.text(command.question, label="question")
    options = [moment.text(words, label=f"option.{n}") for n, words in enumerate(command.options)]
    key, alternatives = _key(command, moment) if command.key else (None, [])
    opened = e.QuizOpened(
        quiz=moment.opaque("quiz"),
        type=command.type,
        question=question.ref,
        options=tuple(text.ref for text in options),
        key=key,
        seconds=command.seconds,
        deadline=moment.at + command.seconds * 1_000 if command.seconds else None,
        group=command.group,
    )
    return Decision((opened,), (question, *options, *alternatives))


def _key(command: c.OpenQuiz, moment: Moment) -> tuple[Key, list[Text]]:
    """The key in the one form of its type, and its texts."""
    asked = command.key or c.KeyAsked()
    if command.type in PICKED and command.type != "poll":
        options = chosen(command.type, options_of(command.type, len(command.options)), asked.options)
        if isinstance(options, tuple):
            return Key(options=options), []
    elif command.type == "number":
        if asked.number is not None and math.isfinite(asked.number) and math.isfinite(asked.tolerance) and asked.tolerance >= 0:
            return Key(number=asked.number, tolerance=asked.tolerance), []
    elif command.type == "text":
        texts = [moment.text(words.strip(), label=f"key.{n}") for n, words in enumerate(asked.texts) if words.strip()]
        if texts:
            return Key(texts=tuple(text.ref for text in texts)), texts
    raise Refused("request.malformed", field="key")
