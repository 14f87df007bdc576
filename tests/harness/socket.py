"""The page's WebSocket, spoken by a test."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import aiohttp

from tests.harness.product import Link, Product

_ids = itertools.count(1)


class LessonSocket:
    """Says hello, keeps what comes, sends commands."""

    def __init__(self, product: Product, lesson: str, link: Link, surface: str = "screen") -> None:
        self._url = f"{product.url}/ws/{lesson}"
        self._headers = {"Authorization": f"Bearer {link.token}"}
        self._surface = surface
        self._http = aiohttp.ClientSession()
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.heard: list[dict[str, Any]] = []
        self.closed = asyncio.Event()

    async def __aenter__(self) -> LessonSocket:
        self._ws = await self._http.ws_connect(self._url, headers=self._headers)
        await self._ws.send_json({"type": "hello", "protocol": 1, "build": "", "surface": self._surface})
        self._task = asyncio.create_task(self._read())
        await self.until(lambda message: message["type"] == "state")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ws.close()
        await self._http.close()
        await self._task

    async def _read(self) -> None:
        async for message in self._ws:
            found = message.json()
            self.heard.append(found)
            waiting = self._answers.pop(found.get("id", ""), None) if found["type"] in ("ack", "refused") else None
            if waiting:
                waiting.set_result(found)
        self.closed.set()

    async def command(self, kind: str, **payload: Any) -> dict[str, Any]:
        """Send a command; its `ack` or `refused`."""
        name = f"test-{next(_ids)}"
        future = self._answers[name] = asyncio.get_running_loop().create_future()
        await self._ws.send_json({"type": "command", "id": name, "kind": kind, "payload": payload})
        return await asyncio.wait_for(future, 10)

    async def signal(self, kind: str, **payload: Any) -> None:
        await self._ws.send_json({"type": "signal", "kind": kind, "payload": payload})

    async def until(self, wanted: Any, seconds: float = 10, after: int = 0) -> dict[str, Any]:
        """The first message, from the `after`-th on, for which `wanted(message)` holds."""
        async with asyncio.timeout(seconds):
            at = after
            while True:
                for message in self.heard[at:]:
                    if wanted(message):
                        return dict(message)
                at = max(at, len(self.heard))
                await asyncio.sleep(0.01)

    @property
    def state(self) -> dict[str, Any]:
        """The last whole state received."""
        return dict(next(m["state"] for m in reversed(self.heard) if m["type"] == "state"))


async def go_live(product: Product, lesson: str, master: Link) -> None:
    """Open the lesson and start class."""
    async with LessonSocket(product, lesson, master) as socket:
        for kind in ("lesson.open", "lesson.live"):
            assert (await socket.command(kind))["type"] == "ack"
