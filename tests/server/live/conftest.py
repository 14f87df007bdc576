from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.store import Store
from tests.server.live.doubles import FakeClock, FakeWorker, School


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'school.db'}")
    yield opened
    await opened.close()


@pytest.fixture
async def school(store: Store) -> AsyncIterator[School]:
    opened = await School(store, FakeWorker(), FakeClock()).open()
    yield opened
    await opened.lessons.stop()
