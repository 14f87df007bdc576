"""What waits while a UDP socket is full: bounded in time and octets, sound before pictures (M1, M13)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

from media.fanout.interface import Address

MAX_AGE = 50_000_000
"""ns a packet may wait."""
MAX_OCTETS = 4 << 20


class Waiting(NamedTuple):
    """Sealed packets of one destination, equal in size but for the last."""

    since: int
    """Monotonic ns."""
    address: Address
    data: bytes
    size: int
    packets: int
    session: int
    """0 for STUN and DTLS."""
    row: int | None
    """None for RTCP, STUN and DTLS."""
    video: bool


class Backlog:
    """Two queues of one socket. `lost` is told of every entry that was dropped."""

    def __init__(self, lost: Callable[[Waiting], None], max_octets: int = MAX_OCTETS) -> None:
        self._lost = lost
        self._max = max_octets
        self._first: deque[Waiting] = deque()
        self._video: deque[Waiting] = deque()
        self.octets = 0

    def __bool__(self) -> bool:
        return bool(self._first or self._video)

    def push(self, entry: Waiting) -> None:
        """Queue an entry; makes room by age, then by dropping pictures, then the oldest of the rest."""
        self.expire(entry.since)
        (self._video if entry.video else self._first).append(entry)
        self.octets += len(entry.data)
        while self.octets > self._max:
            self._drop(self._video or self._first)

    def expire(self, now: int) -> None:
        """Drop what is too old to be of use."""
        for queue in (self._first, self._video):
            while queue and now - queue[0].since > MAX_AGE:
                self._drop(queue)

    def peek(self) -> Waiting | None:
        """The next entry to send."""
        queue = self._first or self._video
        return queue[0] if queue else None

    def pop(self) -> None:
        """The entry of `peek` is sent."""
        self.octets -= len((self._first or self._video).popleft().data)

    def shorten(self, packets: int) -> None:
        """The first `packets` of the entry of `peek` are sent."""
        queue = self._first or self._video
        entry = queue[0]
        done = packets * entry.size
        self.octets -= done
        queue[0] = entry._replace(data=entry.data[done:], packets=entry.packets - packets)

    def discard(self, unwanted: Callable[[Waiting], bool]) -> int:
        """Drop the entries of a row or session that is gone, without telling; returns how many packets."""
        gone = sum(entry.packets for entry in self._entries() if unwanted(entry))
        if gone:
            self._first = deque(entry for entry in self._first if not unwanted(entry))
            self._video = deque(entry for entry in self._video if not unwanted(entry))
            self.octets = sum(len(entry.data) for entry in self._entries())
        return gone

    def _entries(self) -> Iterator[Waiting]:
        yield from self._first
        yield from self._video

    def _drop(self, queue: deque[Waiting]) -> None:
        entry = queue.popleft()
        self.octets -= len(entry.data)
        self._lost(entry)
