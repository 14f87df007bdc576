from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from server.store import Store


@pytest.fixture
async def store(database: str) -> AsyncIterator[Store]:
    opened = await Store.open(database)
    await opened.create_lesson("L1", "Fractions", 1)
    yield opened
    await opened.close()
