"""Events of `checkin`."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from server.domain.checkin.commands import Status
from server.domain.payload import ParticipantId, Payload, SeatNumber


class Said(Struct, frozen=True, kw_only=True):
    """A mark, as one device made it."""

    status: Status
    done_at: int
    """ms on the lesson clock."""
    by: str
    """Principal."""
    settles: bool = False
    """It was made in sight of all earlier ones: they count no more."""


class Other(Struct, frozen=True, kw_only=True):
    """What another device says of the same seat."""

    status: Status
    done_at: int


class SeatChecked(Payload, frozen=True, kw_only=True):
    """A mark came in; and how its seat stands with it (S24)."""

    kind: ClassVar[str] = "seat.checked"
    participant: ParticipantId
    seat: SeatNumber
    said: Said
    """The mark that came in."""
    status: Status
    """Of the mark done last: what counts."""
    done_at: int
    other: Other | None = None
    """The newest mark of another device that says something else: pages show both."""
    plan: str = ""
    """Seating plan that says who sits there, `ID.VERSION` (S1)."""


EVENTS: tuple[type[Payload], ...] = (SeatChecked,)
