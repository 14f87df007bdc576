"""One installation and one browser for the stories of a module; each story has a lesson of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.harness.browser import chromium, write_film
from tests.harness.product import Product


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def school(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    async with Product(tmp_path_factory.mktemp("school") / "data") as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    async with chromium(write_film(tmp_path_factory.mktemp("film") / "teacher.y4m")) as running:
        yield running
