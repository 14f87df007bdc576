"""What waits to be sent to one page. Bounded: a page that cannot follow is told to come back, and holds nobody up.

Events may wait for others to share a frame with, `PAUSE_SECONDS` after the last frame at most (S17); an answer waits for
nothing, and takes along what was before it. Signals have a slot each, in which the latest wins.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Any

import msgspec

LIMIT = 512
"""Messages waiting for one page."""
PAUSE_SECONDS = 0.02
SAME = ("type", "kind", "by")
"""Signals alike in these are about the same."""
_PATIENT = frozenset({"event"})
"""Types of messages that may wait for others; so may every signal."""

encode = msgspec.json.Encoder().encode


class Shared:
    """One message for many pages: made into bytes once, when the first of them is sent it."""

    __slots__ = ("_data", "message")

    def __init__(self, message: dict[str, Any]) -> None:
        self.message = message
        self._data: bytes | None = None

    def data(self) -> bytes:
        """JSON."""
        if self._data is None:
            self._data = encode(self.message)
        return self._data


Message = dict[str, Any] | Shared


class Outbox:
    """Filled by the lesson without waiting, emptied by the socket's writer."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._waiting: deque[Message] = deque()
        self._latest: dict[Hashable, Message] = {}
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._sent = -PAUSE_SECONDS
        self.closed = False
        """Nothing more is taken; what waits is still handed out."""
        self.slow = False
        """The page did not keep up."""

    def put(self, message: Message) -> None:
        """Add a message. One too many throws all away but a `bye slow`, and closes."""
        if self.closed:
            return
        if len(self._waiting) >= self._limit:
            self.slow = True
            self._waiting.clear()
            self._latest.clear()
            self.bye("slow")
            return
        self._waiting.append(message)
        self._call(patient=_plain(message)["type"] in _PATIENT)

    def put_latest(self, signal: Message) -> None:
        """Add a signal, in the place of the one about the same that still waits. A page that is behind misses it (S17)."""
        if not self.closed and len(self._waiting) < self._limit:
            message = _plain(signal)
            self._latest[tuple(message.get(name) for name in SAME)] = signal
            self._call(patient=True)

    def bye(self, code: str) -> None:
        """Say goodbye and close."""
        if not self.closed:
            self._waiting.append({"type": "bye", "code": code})
            self._latest.clear()
            self.close()

    def close(self) -> None:
        """Take no more; `batch` ends after what waits."""
        self.closed = True
        self._ring()

    def take(self) -> list[Message]:
        """Everything that waits, in order."""
        taken = [*self._waiting, *self._latest.values()]
        self._waiting.clear()
        self._latest.clear()
        return taken

    async def batch(self) -> list[Message]:
        """What is to be sent next, as soon as it is due; nothing at the end."""
        while True:
            if self._due.is_set() or self.closed:
                self._due.clear()
                taken = self.take()
                if taken or self.closed:
                    self._sent = asyncio.get_running_loop().time()
                    return taken
            await self._due.wait()

    def _call(self, patient: bool) -> None:
        """The writer should come: now, or when the pause after the last frame is over."""
        if not patient:
            self._ring()
        elif self._timer is None and not self._due.is_set():
            loop = asyncio.get_running_loop()
            left = self._sent + PAUSE_SECONDS - loop.time()
            if left <= 0:
                self._ring()
            else:
                self._timer = loop.call_later(left, self._ring)

    def _ring(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._due.set()


def _plain(message: Message) -> dict[str, Any]:
    return message.message if isinstance(message, Shared) else message
