from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from media.synthetic.peer import Peer


class Server:
    """Answers every PATCH with a status, or is away."""

    def __init__(self, status: int | None) -> None:
        self.status = status

    def patch(self, *_: Any, **__: Any) -> Server:
        return self

    async def __aenter__(self) -> Server:
        if self.status is None:
            raise aiohttp.ClientConnectionError("away")
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("status", "alive"), [(204, True), (503, True), (None, True), (404, False), (412, False)])
async def test_only_the_server_can_say_that_a_session_is_gone(status: int | None, alive: bool) -> None:
    peer = Peer(Server(status), "http://x/whip/L", "t")  # type: ignore[arg-type]
    await peer.pc.close()
    peer.pc = SimpleNamespace(localDescription=SimpleNamespace(sdp="a=ice-ufrag:u\r\na=ice-pwd:p\r\n"))  # type: ignore[assignment]
    assert await peer.alive() is alive
