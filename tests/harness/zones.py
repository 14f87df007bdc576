"""The time zone in which now is a given hour: a school day whatever the machine's clock says."""

from __future__ import annotations

from datetime import UTC, datetime


def zone_where_it_is(hour: int, now: datetime) -> str:
    """A zone of whole hours where the clock shows `hour` at `now`; `Etc/GMT-8` is eight hours ahead of UTC (POSIX signs)."""
    ahead = (hour - now.astimezone(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"
