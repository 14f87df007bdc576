"""Says what a classroom without a page received, as a page would: the `played` signal of docs/protocol.md, every two seconds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping

import aiohttp

log = logging.getLogger(__name__)

PERIOD = 2.0
RETRY = 2.0


class Played:
    """What came on each m-line since the last look."""

    def __init__(self, totals: Callable[[], Mapping[str, int]]) -> None:
        self._totals = totals
        self._before: dict[str, int] = {}

    def look(self) -> dict[str, bool]:
        """Name → whether more frames came; a counter that went back belongs to a new session."""
        now = dict(self._totals())
        grown = {name: count > 0 and count != self._before.get(name, 0) for name, count in now.items()}
        self._before = now
        return grown


async def keep_reporting(http: aiohttp.ClientSession, url: str, token: str, totals: Callable[[], Mapping[str, int]]) -> None:
    """Report for ever, over a socket that is opened again whenever it ends."""
    played = Played(totals)
    while True:
        with contextlib.suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
            async with http.ws_connect(url, headers={"Authorization": f"Bearer {token}"}) as socket:
                await socket.send_json({"type": "hello", "protocol": 1, "surface": "screen"})
                await _report(socket, played)
        await asyncio.sleep(RETRY)


async def _report(socket: aiohttp.ClientWebSocketResponse, played: Played) -> None:
    """Send a signal each period until the socket closes; what the server says is read and dropped."""
    while not socket.closed:
        await socket.send_json({"type": "signal", "kind": "played", "payload": played.look()})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PERIOD):
                async for _ in socket:
                    pass
                return
