"""The time zone in which now is a given hour: a school day whatever the machine's clock says."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def zone_where_it_is(hour: int, now: datetime) -> str:
    """A zone of whole hours where the clock shows `hour` at `now`; `Etc/GMT-8` is eight hours ahead of UTC (POSIX signs)."""
    ahead = (hour - now.astimezone(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}"


SCHOOL_DAY = zone_where_it_is(10, datetime.now(UTC))
"""The zone of every product and web process of the tests: lessons around now are lessons of today, also when the tests run at midnight."""
SCHOOL_ZONE = ZoneInfo(SCHOOL_DAY)
