"""Snapshots are a cache: the newest of one version of the fold, never more than the log has."""

from __future__ import annotations

import asyncio

from server.store import Store
from server.store.tables import lesson
from tests.harness.postgres import both_databases
from tests.server.store.test_group import append

pytestmark = both_databases


async def grow(store: Store, head: int) -> None:
    await store.append(append(0, "c", count=head))


async def test_the_newest_is_kept(store: Store) -> None:
    await grow(store, 9)
    assert await store.snapshot("L1", "v1") is None
    for seq, body in ((5, b"five"), (9, b"\0nine\xff"), (7, b"seven")):
        await store.keep_snapshot("L1", seq, "v1", body)
    assert await store.snapshot("L1", "v1") == b"\0nine\xff"
    assert await store.snapshot("L2", "v1") is None


async def test_one_of_another_version_is_none_and_gives_way(store: Store) -> None:
    await grow(store, 9)
    await store.keep_snapshot("L1", 9, "v1", b"old")
    assert await store.snapshot("L1", "v2") is None
    await store.keep_snapshot("L1", 5, "v2", b"new")
    assert await store.snapshot("L1", "v2") == b"new"
    assert await store.snapshot("L1", "v1") is None


async def test_one_that_knows_more_than_the_log_is_none(store: Store) -> None:
    """The log was cut back by hand, or brought back from somewhere else."""
    await grow(store, 9)
    await store.keep_snapshot("L1", 9, "v1", b"nine")
    await store.database.execute(lesson.update().values(head=8))
    assert await store.snapshot("L1", "v1") is None


async def test_many_at_once(store: Store) -> None:
    await grow(store, 40)
    await asyncio.gather(*(store.keep_snapshot("L1", seq, "v1", str(seq).encode()) for seq in range(1, 41)))
    assert await store.snapshot("L1", "v1") == b"40"
