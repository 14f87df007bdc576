"""The harness finds a zone for every hour, at every hour."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.harness.zones import zone_where_it_is


@pytest.mark.parametrize("now", range(24))
def test_every_hour_has_a_zone(now: int) -> None:
    moment = datetime(2026, 11, 26, now, 59, tzinfo=UTC)
    for hour in range(24):
        assert moment.astimezone(ZoneInfo(zone_where_it_is(hour, moment))).hour == hour
