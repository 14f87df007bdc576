"""What the log says about `checkin`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Checkin:
    """Who is here, seat by seat, also when it was taken offline (S24)."""


FOLD: Mapping[str, Callable[[Checkin, Any, int], Checkin]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
