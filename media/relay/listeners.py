"""Intake's listeners: who sends and who records hear the same."""

from __future__ import annotations

from media.relay.intake import Listener
from media.relay.received import ReceivedLayer


class Listeners:
    """Tells each of them, in order."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def source_changed(self, key: str, now: int) -> None:
        """See `Listener`."""
        for listener in self._listeners:
            listener.source_changed(key, now)

    def entry(self, layer: ReceivedLayer, seq: int, timestamp: int, now: int) -> None:
        """See `Listener`."""
        for listener in self._listeners:
            listener.entry(layer, seq, timestamp, now)

    def interrupted(self, layer: ReceivedLayer, now: int) -> None:
        """See `Listener`."""
        for listener in self._listeners:
            listener.interrupted(layer, now)

    def deaf(self, layer: ReceivedLayer, now: int) -> None:
        """See `Listener`."""
        for listener in self._listeners:
            listener.deaf(layer, now)
