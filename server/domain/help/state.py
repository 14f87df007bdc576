"""What the log says about `help`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Help:
    """One-touch signals of a room to the teacher, each acknowledged (S11)."""


FOLD: Mapping[str, Callable[[Help, Any, int], Help]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
