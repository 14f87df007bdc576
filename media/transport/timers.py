"""Deadlines of many things on one heap, for the loop's single timer. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterator


class Deadlines:
    """The earliest deadline of each key. A key may ring early (its deadline moved back meanwhile): it then sets a new one."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int]] = []
        self._armed: dict[int, int] = {}

    def __len__(self) -> int:
        """Keys that have a deadline."""
        return len(self._armed)

    def set(self, key: int, deadline: int | None) -> None:
        """Ring the key at this time or earlier; a later deadline than the armed one costs nothing. None leaves what is armed."""
        if deadline is None:
            return
        armed = self._armed.get(key)
        if armed is None or deadline < armed:
            self._armed[key] = deadline
            heapq.heappush(self._heap, (deadline, key))

    def discard(self, key: int) -> None:
        """Forget the key."""
        self._armed.pop(key, None)
        if len(self._heap) > 64 and len(self._heap) > 4 * len(self._armed):
            self._heap = [(deadline, known) for known, deadline in self._armed.items()]
            heapq.heapify(self._heap)

    def next(self) -> int | None:
        """The earliest deadline."""
        while self._heap and self._armed.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: int) -> Iterator[int]:
        """Take the keys whose time has come, each once; set them again to ring again."""
        due: list[int] = []
        while (deadline := self.next()) is not None and deadline <= now:
            key = heapq.heappop(self._heap)[1]
            del self._armed[key]
            due.append(key)
        return iter(due)
