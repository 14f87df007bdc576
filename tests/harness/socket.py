"""The page's WebSocket, spoken by a test."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import aiohttp

from tests.harness.product import Link, Product

_ids = itertools.count(1)


def messages_of(frame: Any) -> list[dict[str, Any]]:
    """A frame of the server is one message or an array of them."""
    return frame if isinstance(frame, list) else [frame]


class LessonSocket:
    """Says hello, keeps what comes, sends commands."""

    def __init__(self, product: Product, lesson: str, link: Link, surface: str = "screen", after: int | None = None) -> None:
        self._url = f"{product.url}/ws/{lesson}"
        self._headers = {"Authorization": f"Bearer {link.token}"}
        self._hello: dict[str, Any] = {"type": "hello", "protocol": 2, "build": "", "surface": surface}
        if after is not None:
            self._hello["after"] = after
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.heard: list[dict[str, Any]] = []
        self.frames: list[str] = []
        """Everything that came, as it came."""
        self.closed = asyncio.Event()

    @classmethod
    def of_browser(
        cls, product: Product, lesson: str, admission: str, cookies: dict[str, str], surface: str = "screen", after: int | None = None
    ) -> LessonSocket:
        """As a page opens it: by cookies, from its own origin."""
        socket = cls(product, lesson, Link("", "", "", "", "", ""), surface, after)
        socket._url += f"?a={admission}"
        socket._headers = {"Origin": product.url, "Cookie": "; ".join(f"{key}={value}" for key, value in cookies.items())}
        return socket

    async def __aenter__(self) -> LessonSocket:
        try:
            self._ws = await self._http.ws_connect(self._url, headers=self._headers)
        except BaseException:
            await self._http.close()
            raise
        await self._ws.send_json(self._hello)
        self._task = asyncio.create_task(self._read())
        await self.until(lambda message: message["type"] == ("welcome" if "after" in self._hello else "state"))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._ws.close()
        await self._http.close()
        await self._task

    async def _read(self) -> None:
        async for message in self._ws:
            self.frames.append(message.data)
            for found in messages_of(message.json()):
                self.heard.append(found)
                waiting = self._answers.pop(found.get("id", ""), None) if found["type"] in ("ack", "refused") else None
                if waiting:
                    waiting.set_result(found)
        self.closed.set()
        for lost in self._answers.values():
            if not lost.done():
                lost.set_exception(ConnectionResetError("the socket closed before the answer"))

    async def command(self, kind: str, **payload: Any) -> dict[str, Any]:
        """Send a command; its `ack` or `refused`."""
        return await self.send(f"test-{next(_ids)}", kind, payload)

    async def send(self, name: str, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        """A command of this id. Raises `ConnectionResetError` if the socket closes before the answer."""
        future = self._answers[name] = asyncio.get_running_loop().create_future()
        await self._ws.send_json({"type": "command", "id": name, "kind": kind, "payload": payload})
        return await asyncio.wait_for(future, 10)

    async def push(self, name: str, kind: str, payload: dict[str, Any]) -> None:
        """A command whose answer nobody waits for."""
        await self._ws.send_json({"type": "command", "id": name, "kind": kind, "payload": payload})

    async def speak(self, text: str, to: str = "") -> dict[str, Any]:
        """Say something on the intercom; its `ack` or `refused`."""
        name = f"said-{next(_ids)}"
        future = self._answers[name] = asyncio.get_running_loop().create_future()
        await self._ws.send_json({"type": "intercom", "id": name, "to": to, "text": text})
        return await asyncio.wait_for(future, 10)

    async def ping(self) -> None:
        """As a page does every few seconds: without a word the server takes it for gone."""
        await self._ws.send_json({"type": "ping", "t": 0})

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
