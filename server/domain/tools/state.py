"""What the log says about `tools`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tools:
    """Random pick, praise, timer, activity groups."""


FOLD: Mapping[str, Callable[[Tools, Any, int], Tools]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
