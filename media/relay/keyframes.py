"""Keyframe requests to one stream: throttled, merged over all who wait, repeated (M14)."""

from __future__ import annotations

from media.relay.context import MS, SECOND

LOW_THROTTLE = 500 * MS
THROTTLE = SECOND
RETRY = SECOND
DEAF_AFTER = 2
"""Requests without an answer after which the ring serves those who wait (FFmpeg answers none, M12)."""


class KeyframeRequests:
    """At most one request is pending; `take` says when the next may leave."""

    __slots__ = ("_answered", "_sent_at", "able", "throttle", "unanswered", "wanted")

    def __init__(self, able: bool, low: bool) -> None:
        self.able = able
        """Whether the publisher agreed to answer PLI."""
        self.throttle = LOW_THROTTLE if low else THROTTLE
        self.wanted = False
        self.unanswered = 0
        self._sent_at: int | None = None
        self._answered = True

    @property
    def deaf(self) -> bool:
        """Whether asking is of no use."""
        return not self.able or self.unanswered >= DEAF_AFTER

    def throttled(self, now: int) -> bool:
        """Whether a request would have to wait."""
        return self._sent_at is not None and now < self._sent_at + self.throttle

    def want(self) -> None:
        """Somebody needs a keyframe."""
        self.wanted = self.able

    def unwant(self) -> None:
        """Nobody waits any more."""
        self.wanted = False

    def deadline(self) -> int | None:
        """When the next request may leave; None if none is wanted, 0 for at once."""
        if not self.wanted:
            return None
        if self._sent_at is None:
            return 0
        return self._sent_at + (self.throttle if self._answered else max(RETRY, self.throttle))

    def take(self, now: int) -> bool:
        """Whether to send a request now; if so it counts as sent."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return False
        if not self._answered:
            self.unanswered += 1
        self._sent_at = now
        self._answered = False
        return True

    def keyframe(self) -> None:
        """A keyframe came."""
        if not self._answered:
            self.unanswered = 0
        self._answered = True
        self.wanted = False
