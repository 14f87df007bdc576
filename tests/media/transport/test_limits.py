from __future__ import annotations

from media.transport.limits import Bucket, StrangerLimit

SECOND = 1_000_000_000


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(10, 20, 0)
    assert sum(bucket.take(0) for _ in range(100)) == 20
    assert sum(bucket.take(SECOND // 2) for _ in range(100)) == 5
    bucket.give_back()
    assert bucket.take(SECOND // 2)
    assert sum(bucket.take(3600 * SECOND) for _ in range(100)) == 20


def test_one_address_does_not_use_up_anothers() -> None:
    limit = StrangerLimit(0, per_address=10, overall=1000)
    assert sum(limit.admit("192.0.2.1", 0) for _ in range(100)) == 20
    assert limit.admit("192.0.2.2", 0)


def test_all_together_are_limited_and_remembered_boundedly() -> None:
    limit = StrangerLimit(0, per_address=10, overall=50, table=16)
    assert sum(limit.admit(f"192.0.2.{n}", 0) for n in range(250)) == 100
    assert len(limit) == 16


def test_those_who_prove_themselves_cost_nothing() -> None:
    limit = StrangerLimit(0, per_address=2, overall=3)
    for _ in range(100):
        assert limit.admit("192.0.2.1", 0)
        limit.forgive("192.0.2.1")
