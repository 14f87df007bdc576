"""What pages are told of the log: each audience its projection, made into bytes once for all that are told the same (S16, S17)."""

from __future__ import annotations

from collections.abc import Iterable

from server.domain import audience
from server.domain.events import Envelope
from server.domain.seen import Audience, View
from server.live.connection import Connection
from server.live.log import LessonLog
from server.live.outbox import Shared


class Voice:
    """Of one lesson."""

    def __init__(self, log: LessonLog) -> None:
        self._log = log

    def event(self, event: Envelope, connections: Iterable[Connection]) -> None:
        """Tell an event, which the horizon has not passed yet, to every page that may see it."""
        told: dict[Audience, Shared | None] = {}
        made: dict[tuple[View, int], Shared] = {}
        for connection in connections:
            who = connection.audience
            if who not in told:
                told[who] = self._projected(event, who, made)
            if message := told[who]:
                connection.outbox.put(message)

    def _projected(self, event: Envelope, who: Audience, made: dict[tuple[View, int], Shared]) -> Shared | None:
        """The event for one audience: whoever sees it in the same view is told the same, but for `prev`."""
        if not audience.sees(who, event.payload):
            return None
        key = (who.view, self._log.horizon.of(who))
        if key not in made:
            message = audience.project_event(event, who, key[1], self._log.lookup)
            if message is None:
                return None
            made[key] = Shared(message)
        return made[key]

    def state(self, connection: Connection, after: int | None) -> None:
        """Bring a page up to date: with the events it missed if they are at hand, else with the whole state."""
        who = connection.audience
        if after is None or not self._replay(connection, after):
            shown = audience.project_state(self._log.state, who, self._log.lookup)
            connection.outbox.put({"type": "state", "seq": self._log.horizon.of(who), "state": shown})

    def _replay(self, connection: Connection, after: int) -> bool:
        head, recent = self._log.state.seq, self._log.recent
        if after > head or after < head - len(recent):
            return False  # a page that has seen more than there is comes from before a backup was restored (S19)
        prev = after
        for event in recent:
            if event.seq > after:
                message = audience.project_event(event, connection.audience, prev, self._log.lookup)
                if message:
                    connection.outbox.put(message)
                    prev = event.seq
        return True
