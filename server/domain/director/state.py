"""What the log says about `director`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Director:
    """What the program shows: layouts, by rule and by hand."""


FOLD: Mapping[str, Callable[[Director, Any, int], Director]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
