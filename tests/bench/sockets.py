"""Pages of a lesson as the bench plays them: sockets that count what they hear, and rooms that raise and lower hands."""

from __future__ import annotations

import asyncio
import itertools
import time
from array import array
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

HELLO = {"type": "hello", "protocol": 2, "surface": "screen"}
_ids = itertools.count(1)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Tally:
    """What all sockets of one stretch have seen. Times are ms from the sending of the command that made the event."""

    def __init__(self) -> None:
        self.acks = array("d")
        self.events = array("d")
        self.frames = 0
        self.refused = 0
        self.gaps = 0
        """Events whose `prev` was not the last one heard."""
        self.sent: dict[tuple[str, int], float] = {}
        """Lesson and seq → when its command was sent."""


class Page:
    """One socket."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse, tally: Tally, lesson: str) -> None:
        self._ws = ws
        self._tally = tally
        self._lesson = lesson
        self._answers: dict[str, asyncio.Future[int]] = {}
        self._last = -1
        self.participant = ""
        self.heard: list[tuple[int, float]] = []
        """Seq and time of each event."""
        self.ready = asyncio.Event()
        """Its participant takes part."""
        self.task = asyncio.create_task(self._read())

    async def command(self, kind: str, **payload: Any) -> float:
        """Send, and wait for the acknowledgement; the moment of sending."""
        name = f"b{next(_ids)}"
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        sent = time.perf_counter()
        await self._ws.send_frame(_encode({"type": "command", "id": name, "kind": kind, "payload": payload}), aiohttp.WSMsgType.TEXT)
        seq = await answer
        self._tally.acks.append((time.perf_counter() - sent) * 1e3)
        self._tally.sent[self._lesson, seq] = sent
        return sent

    async def _read(self) -> None:
        async for frame in self._ws:
            now = time.perf_counter()
            self._tally.frames += 1
            found = _decode(frame.data)
            for message in found if isinstance(found, list) else (found,):
                self._take(message, now)

    def _take(self, message: dict[str, Any], now: float) -> None:
        kind = message["type"]
        if kind == "event":
            self._tally.gaps += message["prev"] != self._last
            self._last = message["seq"]
            self.heard.append((message["seq"], now))
            if message["kind"] == "participant.joined":
                self._join([message["payload"]["participant"]])
        elif kind == "ack":
            self._answers.pop(message["id"]).set_result(message["seq"])
        elif kind == "refused":
            self._tally.refused += 1
            self._answers.pop(message["id"]).set_exception(RuntimeError(message["error"]["code"]))
        elif kind == "welcome":
            self.participant = message["you"]["participant"]
        elif kind == "state":
            self._last = message["seq"]
            self._join(message["state"]["participants"])

    def _join(self, present: Iterable[str]) -> None:
        if self.participant in present:
            self.ready.set()

    def settle(self) -> int:
        """Count what was heard: how many events."""
        for seq, at in self.heard:
            sent = self._tally.sent.get((self._lesson, seq))
            if sent is not None:
                self._tally.events.append((at - sent) * 1e3)
        return len(self.heard)


@asynccontextmanager
async def pages(doors: Sequence[tuple[str, str, str]], tally: Tally) -> AsyncIterator[list[Page]]:
    """A socket for each (address, token, lesson), all of them up to date."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        opened: list[Page] = []
        for url, token, lesson in doors:
            ws = await http.ws_connect(url, headers={"Authorization": f"Bearer {token}"}, max_msg_size=0)
            await ws.send_str(_encode(HELLO).decode())
            opened.append(Page(ws, tally, lesson))
        async with asyncio.timeout(30):
            await asyncio.gather(*(page.ready.wait() for page in opened))
        try:
            yield opened
        finally:
            await asyncio.gather(*(page._ws.close() for page in opened))


async def raise_and_lower(page: Page, seat: int, until: float, every: float = 0.0) -> int:
    """One pupil's hand goes up and down until then, `every` seconds or as fast as it is answered, and is down at the end; how many
    commands that were."""
    done = 0
    begun = time.perf_counter()
    while time.perf_counter() < until or done % 2:
        await page.command(("hand.raise", "hand.cancel")[done % 2], participant=page.participant, seat=seat)
        done += 1
        if every:
            await asyncio.sleep(max(0.0, begun + done * every - time.perf_counter()))
    return done
