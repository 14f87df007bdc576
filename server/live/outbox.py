"""What waits to be sent to one page. Bounded: a page that cannot follow is told to come back, and holds nobody up."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

Message = dict[str, Any]

LIMIT = 512
"""Messages waiting for one page."""


class Outbox:
    """Filled by the lesson without waiting, emptied by the socket's writer."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._waiting: deque[Message] = deque()
        self._filled = asyncio.Event()
        self.closed = False
        """Nothing more is taken; what waits is still handed out."""

    def put(self, message: Message) -> None:
        """Add a message. One too many throws all away but a `bye slow`, and closes."""
        if self.closed:
            return
        if len(self._waiting) >= self._limit:
            self._waiting.clear()
            self.bye("slow")
            return
        self._waiting.append(message)
        self._filled.set()

    def bye(self, code: str) -> None:
        """Say goodbye and close."""
        if not self.closed:
            self._waiting.append({"type": "bye", "code": code})
            self.close()

    def close(self) -> None:
        """Take no more; `get` ends after what waits."""
        self.closed = True
        self._filled.set()

    async def get(self) -> Message | None:
        """The next message, None at the end."""
        while not self._waiting:
            if self.closed:
                return None
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.popleft()
