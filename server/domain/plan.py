"""What the timetable wants of a lesson, and what the clock therefore does (S8)."""

from __future__ import annotations

from dataclasses import dataclass

OPENS_MS = 10 * 60_000
"""The waiting room opens this long before the start."""
ENDS_MS = 15 * 60_000
"""A lesson without its master ends itself this long after the planned end."""
KEPT_MS = 7 * 24 * 3_600_000
"""An ended lesson takes what was done offline for this long, then it is archived (S15: check-in, 7 days)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The planned part of one lesson; empty for a lesson made by hand."""

    starts_at: int | None = None
    """UTC ms."""
    ends_at: int | None = None
    rehearsal: bool = False
    cancelled: bool = False


NO_PLAN = Plan()
