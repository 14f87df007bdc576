"""What the log says about `hands`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hands:
    """Raised hands, by room and seat, and who is called next (S22)."""


FOLD: Mapping[str, Callable[[Hands, Any, int], Hands]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
