"""What the log says about `talk`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Talk:
    """Questions held until an assistant releases them, and announcements."""


FOLD: Mapping[str, Callable[[Talk, Any, int], Talk]] = {}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
