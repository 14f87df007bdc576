"""Days of the school's time zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def today_of(now: int, zone: str) -> str:
    """`YYYY-MM-DD` of a moment (UTC ms)."""
    return day_of(now, zone).isoformat()


def day_of(now: int, zone: str) -> date:
    """The day of a moment (UTC ms)."""
    return datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()


def start_of(day: str, zone: str) -> int:
    """The first moment of a day, UTC ms. Raises `ValueError`."""
    return int(datetime.combine(date.fromisoformat(day), datetime.min.time(), ZoneInfo(zone)).timestamp() * 1000)
