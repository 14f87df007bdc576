"""Every deadline of the relay in one heap, so that one `poll_timeout` serves all (no task per subscriber, M1)."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable

Action = Callable[[int], None]


class Timers:
    """Named one-shot deadlines; setting a name again replaces its deadline."""

    __slots__ = ("_current", "_heap", "_next")

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Hashable]] = []
        self._current: dict[Hashable, tuple[int, int, Action]] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._current)

    def __contains__(self, name: Hashable) -> bool:
        return name in self._current

    def at(self, name: Hashable, deadline: int, action: Action) -> None:
        """Call `action(now)` at `deadline` (ns), instead of what this name had before."""
        old = self._current.get(name)
        if old is not None and old[0] == deadline:
            self._current[name] = (deadline, old[1], action)
            return
        self._next += 1
        self._current[name] = (deadline, self._next, action)
        heapq.heappush(self._heap, (deadline, self._next, name))
        if len(self._heap) > 64 + 4 * len(self._current):
            self._compact()

    def sooner(self, name: Hashable, deadline: int, action: Action) -> None:
        """Like `at`, but never later than what the name has already."""
        old = self._current.get(name)
        if old is None or deadline < old[0]:
            self.at(name, deadline, action)

    def cancel(self, name: Hashable) -> None:
        """Forget the name, if it is there."""
        self._current.pop(name, None)

    def deadline(self) -> int | None:
        """The earliest deadline, ns; None if there is none."""
        while self._heap:
            deadline, number, name = self._heap[0]
            current = self._current.get(name)
            if current is not None and current[1] == number:
                return deadline
            heapq.heappop(self._heap)
        return None

    def run(self, now: int) -> None:
        """Call everything that is due; what an action sets for `now` or before runs with the next call."""
        due: list[Action] = []
        while (deadline := self.deadline()) is not None and deadline <= now:
            due.append(self._current.pop(heapq.heappop(self._heap)[2])[2])
        for action in due:
            action(now)

    def _compact(self) -> None:
        self._heap = [(deadline, number, name) for name, (deadline, number, _) in self._current.items()]
        heapq.heapify(self._heap)
