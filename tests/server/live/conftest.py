from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.store import Store
from tests.server.live.doubles import FakeClock, FakeWorker, School


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    opened = await Store.open(database)
    yield opened
    await opened.close()


@pytest.fixture
async def school(store: Store) -> AsyncIterator[School]:
    opened = await School(store, FakeWorker(), FakeClock()).open()
    yield opened
    await opened.lessons.stop()
