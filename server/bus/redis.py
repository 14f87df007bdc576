"""The bus over Redis publish/subscribe, for several web processes."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from server.bus.interface import Listener
from server.bus.local import deliver
from server.bus.notes import AnyNote, decode_note, encode_note

log = logging.getLogger(__name__)

CHANNEL = "shuangshi:notes"
RETRY_SECONDS = 0.5
PUBLISH_SECONDS = 1.0
"""A Redis that hangs must not hold an acknowledgement longer."""
_FAILURES = (RedisError, OSError, TimeoutError)


class RedisBus:
    """Reconnects by itself; notes said meanwhile are lost, which their readers expect."""

    def __init__(self, url: str, channel: str = CHANNEL) -> None:
        self._redis: Redis = Redis.from_url(url, socket_connect_timeout=PUBLISH_SECONDS)
        self._channel = channel
        self._listeners: list[Listener] = []
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.dropped = 0
        """Notes that could not be sent, or were not notes."""

    async def start(self) -> None:
        """Begin to listen; returns when subscribed, or after two seconds without a Redis."""
        self._task = asyncio.create_task(self._run(), name="redis-bus")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ready.wait(), 2)

    async def stop(self) -> None:
        """End deliveries and disconnect."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._listeners.clear()
        await self._redis.aclose()

    async def publish(self, note: AnyNote) -> None:
        """Tell every process, this one included."""
        try:
            await asyncio.wait_for(self._redis.publish(self._channel, encode_note(note)), PUBLISH_SECONDS)
        except _FAILURES as error:
            self.dropped += 1
            log.warning("bus note lost: %r", error)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every note from now on."""
        self._listeners.append(listener)

    async def _run(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(self._channel)
                    await self._listen(pubsub)
            except _FAILURES as error:
                log.warning("bus connection lost: %r", error)
            self._ready.clear()
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self, pubsub: PubSub) -> None:
        async for message in pubsub.listen():
            if message["type"] == "subscribe":
                self._ready.set()
            elif message["type"] == "message":
                self._take(message["data"])

    def _take(self, data: bytes) -> None:
        note = decode_note(data)
        if note is None:
            self.dropped += 1
        else:
            deliver(self._listeners, note)
