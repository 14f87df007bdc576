"""Index estimate and replay protection of a receiver (RFC 3711 3.3.1, 3.3.2)."""

from __future__ import annotations

WINDOW = 2048
"""Packets; RFC 3711 asks for at least 64, a publisher's retransmissions come up to a second late."""
_MASK = (1 << WINDOW) - 1


def estimate(highest: int, sequence: int) -> int:
    """The 48-bit index nearest to `highest` with these 16 low bits; negative if there is none (before the first packet)."""
    if highest < 0:
        return sequence
    return highest + ((sequence - highest + 0x8000) & 0xFFFF) - 0x8000


class ReplayWindow:
    """Which of the last `WINDOW` indices were accepted."""

    __slots__ = ("_seen", "highest")

    def __init__(self) -> None:
        self.highest = -1
        """Highest accepted index, −1 before the first."""
        self._seen = 0

    def fresh(self, index: int) -> bool:
        """Whether the index is neither accepted already nor too old to know."""
        age = self.highest - index
        if age < 0:
            return True
        return index >= 0 and age < WINDOW and not self._seen >> age & 1

    def accept(self, index: int) -> None:
        """Remember a fresh index whose packet was authentic."""
        ahead = index - self.highest
        if ahead <= 0:
            self._seen |= 1 << -ahead
            return
        # A jump past the window must not build a number of that many bits.
        self._seen = (self._seen << ahead | 1) & _MASK if ahead < WINDOW else 1
        self.highest = index


class WindowTable:
    """Replay windows by SSRC, bounded: beyond the limit the oldest one that nobody pinned gives way."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._windows: dict[int, ReplayWindow] = {}
        self._pinned: set[int] = set()

    def __len__(self) -> int:
        return len(self._windows)

    def get(self, ssrc: int) -> ReplayWindow | None:
        """The window, if this SSRC was ever accepted."""
        return self._windows.get(ssrc)

    def open(self, ssrc: int, index: int) -> bool:
        """Begin a window with an authentic first packet; False if the table is full of pinned ones."""
        if len(self._windows) >= self._limit:
            victim = next((known for known in self._windows if known not in self._pinned), None)
            if victim is None:
                return False
            del self._windows[victim]
        self._windows[ssrc] = window = ReplayWindow()
        window.accept(index)
        return True

    def pin(self, ssrc: int) -> None:
        """Keep this SSRC's window for good: forgetting it would also forget its rollover counter."""
        if len(self._pinned) < self._limit:
            self._pinned.add(ssrc)

    def unpin(self, ssrc: int) -> None:
        """Its layer is gone: others may need the room."""
        self._pinned.discard(ssrc)
