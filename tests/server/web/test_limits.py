from __future__ import annotations

import pytest

from server.errors import TooMany
from server.web.limits import Crowd, RateLimit

SECOND = 1_000_000_000


def test_a_burst_then_the_rate() -> None:
    limit = RateLimit(60)
    for _ in range(60):
        limit.take("a", 0)
    with pytest.raises(TooMany) as refused:
        limit.take("a", 0)
    assert refused.value.params["retry_after"] == 1
    limit.take("b", 0)
    limit.take("a", SECOND)
    with pytest.raises(TooMany):
        limit.take("a", SECOND)


def test_refused_ones_cost_nothing_and_the_bucket_never_overflows() -> None:
    limit = RateLimit(60)
    for _ in range(60):
        limit.take("a", 0)
    for _ in range(100):
        with pytest.raises(TooMany):
            limit.take("a", SECOND // 2)
    limit.take("a", SECOND)
    for _ in range(60):
        limit.take("a", 1000 * SECOND)
    with pytest.raises(TooMany):
        limit.take("a", 1000 * SECOND)


def test_the_table_is_bounded() -> None:
    limit = RateLimit(60, table=10)
    for n in range(1000):
        limit.take(str(n), 0)
    assert len(limit._buckets) == 10


def test_a_crowd() -> None:
    crowd = Crowd(2)
    crowd.enter("a")
    crowd.enter("a")
    crowd.enter("b")
    with pytest.raises(TooMany):
        crowd.enter("a")
    crowd.leave("a")
    crowd.enter("a")
    for key in "aab":
        crowd.leave(key)
    assert not crowd._open
