"""The pointer and unfinished ink of whoever draws, passed on to all other pages of the lesson: latest wins, never stored (S17)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from server.bus import Bus, Signalled
from server.errors import Forbidden, PenElsewhere
from server.live.messages import Ink, Pointer
from server.live.outbox import Shared

if TYPE_CHECKING:
    from server.live.connection import Connection

PER_SECOND = 20
"""Of one kind from one page; more are dropped."""


class Relay:
    """Of one lesson in one process. `connections` is the room's own table."""

    def __init__(self, bus: Bus, node: str, lesson: str, connections: Mapping[int, Connection]) -> None:
        self._bus = bus
        self._node = node
        self._lesson = lesson
        self._connections = connections
        self._pace: dict[tuple[int, str], deque[int]] = {}
        self._outgoing: dict[tuple[str, str], Signalled] = {}
        self._task: asyncio.Task[None] | None = None

    def pass_on(self, source: Connection, signal: Pointer | Ink, pen: str | None, now: int) -> None:
        """From a page here, `now` in ms. Raises `Forbidden`, and `PenElsewhere` to a room without the pen."""
        by = _hand(source, pen)
        kind: Literal["pointer", "ink"] = "pointer" if isinstance(signal, Pointer) else "ink"
        if not self._in_time(source.number, kind, now):
            return
        note = Signalled(lesson=self._lesson, node=self._node, kind=kind, by=by, payload=msgspec.to_builtins(signal))
        self._tell(note, source.number)
        self._outgoing[kind, by] = note
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._publish(), name="signals")

    def hear(self, note: Signalled) -> None:
        """From another process."""
        self._tell(note, 0)

    async def stop(self) -> None:
        """Wait until nothing is on its way to the other processes."""
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)

    def forget(self, connection: int) -> None:
        """A page is gone."""
        for kind in ("pointer", "ink"):
            self._pace.pop((connection, kind), None)

    def _tell(self, note: Signalled, source: int) -> None:
        message = Shared({"type": "signal", "kind": note.kind, "by": note.by, "payload": note.payload})
        for number, connection in self._connections.items():
            if number != source:
                connection.outbox.put_latest(message)

    def _in_time(self, connection: int, kind: str, now: int) -> bool:
        """Whether fewer than `PER_SECOND` came in the last second."""
        taken = self._pace.setdefault((connection, kind), deque(maxlen=PER_SECOND))
        if len(taken) == PER_SECOND and now - taken[0] < 1000:
            return False
        taken.append(now)
        return True

    async def _publish(self) -> None:
        """One note after the other; what a newer one replaced meanwhile is never sent."""
        while self._outgoing:
            await self._bus.publish(self._outgoing.pop(next(iter(self._outgoing))))


def _hand(source: Connection, pen: str | None) -> Literal["master", "room"]:
    who = source.principal
    if who.role == "master":
        return "master"
    if who.role != "classroom":
        raise Forbidden("draws nothing")
    if who.participant is None or who.participant != pen:
        raise PenElsewhere
    return "room"
