"""What the log says about `quiz`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Quizzes:
    """Quiz cards and polls: opened, answered by seat, counted, closed, revealed (S23)."""


FOLD: Mapping[str, Callable[[Quizzes, Any, int], Quizzes]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
