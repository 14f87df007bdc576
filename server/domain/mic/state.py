"""What the log says about `mic`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Microphones:
    """Microphones on stage: muted, asked for, granted; the echo guard's word (S12, S25)."""


FOLD: Mapping[str, Callable[[Microphones, Any, int], Microphones]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
