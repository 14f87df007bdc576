"""What the log says about `board`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Board:
    """Courseware pages, ink and shapes, undo, blank pages, who has the pen."""


FOLD: Mapping[str, Callable[[Board, Any, int], Board]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
