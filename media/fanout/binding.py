"""Asking relay what an unknown SSRC is: rarely, and with a bounded memory (M11, M28)."""

from __future__ import annotations

from collections.abc import Callable

from media.fanout.layer import Tags
from media.wire.rows import Binder

REPEAT = 500_000_000
"""ns until the same unknown SSRC is asked about again."""
SSRC_LIMIT = 64
"""Unknown SSRCs remembered per session."""
ASKS_PER_SECOND = 200


class UnknownSenders:
    """Which unknown SSRCs were asked about, when, and whether they had named themselves."""

    def __init__(self, binder: Callable[[], Binder]) -> None:
        self._binder = binder
        self._asked: dict[int, dict[int, tuple[int, bool]]] = {}
        self._second = -1
        self._asks: dict[int, int] = {}

    def ask(self, session: int, ssrc: int, payload_type: int, tags: Tags, now: int) -> bool:
        """Call the binder if it is time; whether it was called."""
        named = bool(tags.mid or tags.rid or tags.repaired)
        known = self._asked.setdefault(session, {})
        last = known.pop(ssrc, None)
        if last is not None and now - last[0] < REPEAT and (last[1] or not named):
            known[ssrc] = last
            return False
        if not self._budget(session, now):
            return False
        known[ssrc] = (now, named)
        if len(known) > SSRC_LIMIT:
            del known[next(iter(known))]
        self._binder()(session, ssrc, payload_type, tags.mid, tags.rid, tags.repaired)
        return True

    def _budget(self, session: int, now: int) -> bool:
        second = now // 1_000_000_000
        if second != self._second:
            self._second = second
            self._asks.clear()
        self._asks[session] = self._asks.get(session, 0) + 1
        return self._asks[session] <= ASKS_PER_SECOND

    def forget(self, session: int) -> None:
        """The session is gone."""
        self._asked.pop(session, None)
        self._asks.pop(session, None)
