"""The bus of a single process."""

from __future__ import annotations

import asyncio
import logging

from server.bus.interface import Listener
from server.bus.notes import AnyNote

log = logging.getLogger(__name__)


class LocalBus:
    """Delivers in the next turn of the event loop, as a network would: never inside `publish`."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    async def start(self) -> None:
        """Nothing to connect."""

    async def stop(self) -> None:
        """Forget the listeners."""
        self._listeners.clear()

    async def publish(self, note: AnyNote) -> None:
        """Tell every listener soon."""
        asyncio.get_running_loop().call_soon(self._deliver, note)

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every note from now on."""
        self._listeners.append(listener)

    def _deliver(self, note: AnyNote) -> None:
        deliver(self._listeners, note)


def deliver(listeners: list[Listener], note: AnyNote) -> None:
    """Give a note to all; one listener's failure is not the others'."""
    for listener in listeners:
        try:
            listener(note)
        except Exception:
            log.exception("a bus listener failed on %s", type(note).__name__)
