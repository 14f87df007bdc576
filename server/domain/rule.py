"""The shape of a rule: one for each command, in the `rules.py` of its part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.domain.command import Decision, Giver, Moment
from server.domain.lesson import LessonState

Rule = Callable[[LessonState, Any, Giver | None, Moment], Decision]
"""State, command, who gives it (None: the server itself), time and chance → what happens. Raises `Refused`."""
