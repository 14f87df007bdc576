"""Who speaks: levels of audio streams, and the loudest of several for one slot (M30)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from media.relay.context import MS

ACTIVE = 35
"""−dBov: louder (a smaller number) is speech."""
SILENT = 127.0
HOLD = 300 * MS
TICK = 100 * MS
"""How often slots look who speaks."""
MARGIN = 6.0
"""dB by which a challenger must be louder, for `HOLD`, than who speaks."""


class Level:
    """Smoothed audio level of one stream (RFC 6464)."""

    __slots__ = ("_heard_at", "_loud_at", "_smooth")

    def __init__(self) -> None:
        self._smooth = SILENT
        self._loud_at: int | None = None
        self._heard_at = 0

    def heard(self, level: int, now: int) -> None:
        """A packet of this level (0 loudest … 127) arrived."""
        self._smooth += (level - self._smooth) * 0.2
        self._heard_at = now
        if level <= ACTIVE:
            self._loud_at = now

    def speaking(self, now: int) -> bool:
        """Whether it was loud within the hold."""
        return self._loud_at is not None and now - self._loud_at < HOLD

    def value(self, now: int) -> float:
        """−dBov now; silent if nothing came for the hold."""
        return self._smooth if now - self._heard_at < HOLD else SILENT


class Speaker:
    """Chooses one of several keys: the first whenever it speaks or nobody does, else the loudest, without flapping."""

    __slots__ = ("_challenger", "_since", "current")

    def __init__(self, first: str) -> None:
        self.current = first
        self._challenger: str | None = None
        self._since = 0

    def choose(self, keys: Sequence[str], levels: Mapping[str, Level], now: int) -> str:
        """The key to hear now; `keys` is not empty, the default first; a key without level is silent."""
        speaking = [key for key in keys if key in levels and levels[key].speaking(now)]
        if not speaking or speaking[0] == keys[0]:
            return self._set(keys[0])
        loudest = min(speaking, key=lambda key: levels[key].value(now))
        if self.current not in speaking or self.current == keys[0]:
            return self._set(loudest)
        if loudest == self.current or levels[loudest].value(now) > levels[self.current].value(now) - MARGIN:
            self._challenger = None
        elif loudest != self._challenger:
            self._challenger, self._since = loudest, now
        elif now - self._since >= HOLD:
            return self._set(loudest)
        return self.current

    def _set(self, key: str) -> str:
        self.current, self._challenger = key, None
        return key
