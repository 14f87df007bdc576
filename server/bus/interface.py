"""The bus between web processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from server.bus.notes import AnyNote

Listener = Callable[[AnyNote], None]
"""Gets every note of the other processes and of this one; must not block."""


class Bus(Protocol):
    """Publish and subscribe; delivery is at most once."""

    async def start(self) -> None:
        """Begin to deliver."""

    async def stop(self) -> None:
        """End deliveries."""

    async def publish(self, note: AnyNote) -> None:
        """Tell every process, this one included. Never raises: a lost note is read from the table later."""

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every note from now on."""
