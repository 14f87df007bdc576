"""The county that the home page is measured in is the same at every hour of the day."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from server.school.today import day_bounds
from tests.bench import county
from tests.harness.zones import zone_where_it_is


@pytest.mark.parametrize("hour", range(0, 24, 5))
@pytest.mark.parametrize("minute", [0, 59])
def test_twenty_lessons_are_today_and_one_is_going_on(hour: int, minute: int) -> None:
    moment = datetime(2026, 11, 26, hour, minute, tzinfo=UTC)
    now = int(moment.timestamp() * 1000)
    times = county.times_around(now)
    assert len(times) == len(set(times)) == county.LESSONS
    begin, end = day_bounds(now, ZoneInfo(zone_where_it_is(12, moment)))
    today = [n for n, at in enumerate(times) if begin <= at < end]
    going_on = [n for n in today if times[n] <= now < times[n] + county.LESSON_MS]
    assert (len(today), len(going_on)) == (county.TODAY, 1)
    assert f"s0.t{going_on[0] % county.TEACHERS}" == county.TEACHING
