"""Which packets of one stream are missing, and when to ask its publisher for them again (M15)."""

from __future__ import annotations

from media.relay.context import MS

FIRST_WAIT = 20 * MS
LATER_PACKETS = 2
"""Reordering: ask only when this many later packets came, and `FIRST_WAIT` passed."""
MAX_TRIES = 10
RETRY = 40 * MS
BACKOFF = 1.25
MAX_GAP = 512
"""A longer gap is an outage: only a keyframe helps."""
MAX_MISSING = 1024


class PublisherLosses:
    """Missing sequences of one stream, each with its tries and the time of the next."""

    __slots__ = ("_highest", "_missing", "given_up")

    def __init__(self) -> None:
        self.given_up = -1
        """Newest sequence that will not come any more, −1 if there is none."""
        self._highest = -1
        self._missing: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._missing)

    def arrived(self, raw_seq: int, now: int) -> bool:
        """A packet came; True if a gap opened just before it."""
        highest = self._highest
        if raw_seq <= highest:
            self._missing.pop(raw_seq, None)
            return False
        self._highest = raw_seq
        if highest < 0 or raw_seq == highest + 1:
            return False
        if raw_seq - highest > MAX_GAP:
            self._missing.clear()
            self.given_up = raw_seq - 1
            return False
        for missing in range(highest + 1, raw_seq):
            self._missing[missing] = (0, now + FIRST_WAIT)
        while len(self._missing) > MAX_MISSING:
            self._give_up(next(iter(self._missing)))
        return True

    def clear(self) -> None:
        """The stream began anew."""
        self._highest = self.given_up = -1
        self._missing.clear()

    def deadline(self) -> int | None:
        """When to call `due` next."""
        return min((at for _, at in self._missing.values()), default=None)

    def due(self, now: int) -> list[int]:
        """Extended sequences to ask for now, ascending; those asked for often enough are given up."""
        asked: list[int] = []
        for seq in sorted(self._missing):
            tries, at = self._missing[seq]
            if at > now:
                continue
            if tries >= MAX_TRIES:
                self._give_up(seq)
            elif self._highest - seq < LATER_PACKETS:
                self._missing[seq] = (tries, now + FIRST_WAIT)
            else:
                self._missing[seq] = (tries + 1, now + int(RETRY * BACKOFF**tries))
                asked.append(seq)
        return asked

    def _give_up(self, seq: int) -> None:
        del self._missing[seq]
        self.given_up = max(self.given_up, seq)
