"""Arrivals by transport-wide sequence number, and the feedback messages that report them (M16)."""

from __future__ import annotations

from media.relay.context import MS
from media.wire.seq import Extender
from media.wire.twcc import TransportFeedback

INTERVAL = 60 * MS
MAX_SPAN = 2048
"""Most packets one round of feedback covers: after a longer jump reporting begins anew."""
KEPT = 512
"""Arrivals kept behind the newest, so that a late packet is reported among its neighbours."""


class TransportLog:
    """What arrived on one publisher's transport since the last feedback."""

    __slots__ = ("_arrivals", "_begin", "_count", "_extender")

    def __init__(self) -> None:
        self._extender = Extender(16)
        self._arrivals: dict[int, int] = {}
        self._begin: int | None = None
        self._count = 0

    @property
    def pending(self) -> bool:
        """Whether there is something to report."""
        return self._begin is not None

    def arrived(self, sequence: int, arrival: int) -> None:
        """A packet with this 16-bit transport sequence came at `arrival` ns."""
        before = self._extender.last
        seq = self._extender.extend(sequence)
        if seq in self._arrivals or (before >= 0 and seq < before - KEPT):
            return
        self._arrivals[seq] = arrival
        if before >= 0 and seq > before + MAX_SPAN:
            self._arrivals = {seq: arrival}
            self._begin = seq
        elif self._begin is None:
            # Packets between the last report and this one are reported as lost.
            self._begin = min(seq, before + 1) if before >= 0 else seq
        elif seq < self._begin:
            self._begin = seq

    def take(self, sender_ssrc: int, media_ssrc: int) -> list[TransportFeedback]:
        """Feedback on everything since the last call, oldest first."""
        begin, self._begin = self._begin, None
        if begin is None:
            return []
        end = self._extender.last + 1
        window = [self._arrivals.get(seq) for seq in range(max(begin, end - MAX_SPAN), end)]
        begin = end - len(window)
        result: list[TransportFeedback] = []
        while any(at is not None for at in window):
            feedback = TransportFeedback.from_arrivals(sender_ssrc, media_ssrc, self._count, begin, window)
            self._count = self._count + 1 & 0xFF
            result.append(feedback)
            begin += len(feedback.deltas)
            window = window[len(feedback.deltas) :]
        self._arrivals = {seq: at for seq, at in self._arrivals.items() if seq >= end - KEPT}
        return result
