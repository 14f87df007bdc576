"""How far each audience has seen: the `prev` of its next event (S16). Plain data."""

from __future__ import annotations

from collections.abc import Iterable

from server.domain.audience import AUDIENCE, about
from server.domain.events import Envelope
from server.domain.seen import Audience, View

Row = tuple[View, str, int, int]
"""View, participant, seat, and the seq that these have seen last."""


class Horizon:
    """The last seq of each audience; audiences nobody belongs to cost nothing."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._last = {Audience(view, participant, seat): seq for view, participant, seat, seq in rows}

    def rows(self) -> tuple[Row, ...]:
        """Everything, to be made again from."""
        return tuple((who.view, who.participant, who.seat, seq) for who, seq in self._last.items())

    def of(self, who: Audience) -> int:
        """Seq of the last event this audience could see."""
        views, room = Audience(who.view), Audience(who.view, who.participant)
        return max(self._last.get(views, 0), self._last.get(room, 0), self._last.get(who, 0))

    def pass_by(self, event: Envelope) -> None:
        """An event was told to whoever may see it."""
        seen = AUDIENCE[event.kind]
        participant, seat = about(event.payload)
        for view in seen.all:
            self._last[Audience(view)] = event.seq
        for view in seen.room - seen.all if participant else ():
            self._last[Audience(view, participant)] = event.seq
        for view in seen.seat - seen.room - seen.all if participant and seat else ():
            self._last[Audience(view, participant, seat)] = event.seq
