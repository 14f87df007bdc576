"""Rules of `quiz`: command and state → events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.domain.command import Command, Deadline
from server.domain.lesson import LessonState
from server.domain.rule import Rule

RULES: Mapping[type[Command], Rule] = {}


def deadlines(_: LessonState) -> Iterator[Deadline]:
    """What time alone will change."""
    return iter(())
