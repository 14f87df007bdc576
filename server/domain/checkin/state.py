"""What the log says about `checkin`, and how an event changes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from server.domain.checkin.commands import Status
from server.domain.checkin.events import Other, Said, SeatChecked

HERE: frozenset[Status] = frozenset({"here", "late"})
"""Who may be called on."""


@dataclass(frozen=True, slots=True)
class Seat:
    """What devices said of one seat. In whatever order marks come in, the same marks make the same seat."""

    said: Mapping[str, Said] = field(default_factory=dict)
    """Principal → its mark done last."""
    settled_at: int = -1
    """Marks done before count no more, ms."""
    plan: str = ""

    @property
    def counts(self) -> Said:
        """The mark done last; of two done in the same millisecond always the same one."""
        return max(self.said.values(), key=_order)

    @property
    def other(self) -> Other | None:
        """The newest mark that says something else."""
        differing = [said for said in self.said.values() if said.status != self.counts.status]
        newest = max(differing, key=_order, default=None)
        return Other(status=newest.status, done_at=newest.done_at) if newest else None

    def hears(self, fresh: Said, plan: str) -> Seat:
        """The seat with a mark more; the same one if it is known, or too old to say anything."""
        own = self.said.get(fresh.by)
        settled_at = max(self.settled_at, fresh.done_at) if fresh.settles else self.settled_at
        said = {**self.said, fresh.by: fresh if own is None else max(own, fresh, key=_order)}
        said = {by: one for by, one in said.items() if one.done_at >= settled_at}
        return self if (said, settled_at) == (self.said, self.settled_at) else Seat(said, settled_at, plan)


def _order(said: Said) -> tuple[int, str, Status]:
    return said.done_at, said.by, said.status


NO_SEAT = Seat()


@dataclass(frozen=True, slots=True)
class Checkin:
    """Who is here, seat by seat, also when it was taken offline (S24)."""

    rooms: Mapping[str, Mapping[int, Seat]] = field(default_factory=dict)
    """Participant → seat → what was said of it."""

    def here(self, participant: str) -> frozenset[int]:
        """Seats of a room that are checked in."""
        return self._that(participant, HERE)

    def absent(self, participant: str) -> frozenset[int]:
        """Seats of a room whose pupils are missing."""
        return self._that(participant, frozenset({"absent"}))

    def counts(self, participant: str) -> dict[Status, int]:
        """How many seats of a room have each status."""
        seen = Counter(seat.counts.status for seat in self.rooms.get(participant, {}).values())
        return {status: seen[status] for status in get_args(Status)}

    def _that(self, participant: str, wanted: frozenset[Status]) -> frozenset[int]:
        seats = self.rooms.get(participant, {})
        return frozenset(number for number, seat in seats.items() if seat.counts.status in wanted)


def _checked(state: Checkin, event: SeatChecked, _: int) -> Checkin:
    seats = state.rooms.get(event.participant, {})
    seat = seats.get(event.seat, NO_SEAT).hears(event.said, event.plan)
    return Checkin({**state.rooms, event.participant: {**seats, event.seat: seat}})


FOLD: Mapping[str, Callable[[Checkin, Any, int], Checkin]] = {"seat.checked": _checked}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
