from __future__ import annotations

from collections.abc import AsyncIterator

import aioice.ice
import pytest

from tests.harness.node import NodeUnderTest, running


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """aiortc's clients look at no other address of the machine."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.fixture
async def node() -> AsyncIterator[NodeUnderTest]:
    async with running() as opened:
        yield opened
