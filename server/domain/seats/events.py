"""Events of `seats`."""

from __future__ import annotations

from typing import ClassVar

from server.domain.payload import ParticipantId, Payload, SeatNumber


class PhonesOpened(Payload, frozen=True, kw_only=True):
    """The room shows the code by which devices come in."""

    kind: ClassVar[str] = "phones.opened"
    participant: ParticipantId


class PhonesClosed(Payload, frozen=True, kw_only=True):
    """No more devices come in; those inside stay."""

    kind: ClassVar[str] = "phones.closed"
    participant: ParticipantId


class SeatTaken(Payload, frozen=True, kw_only=True):
    """A device sits down."""

    kind: ClassVar[str] = "seat.taken"
    participant: ParticipantId
    seat: SeatNumber


class SeatFreed(Payload, frozen=True, kw_only=True):
    """The device of a seat was sent out."""

    kind: ClassVar[str] = "seat.freed"
    participant: ParticipantId
    seat: SeatNumber


EVENTS = (PhonesOpened, PhonesClosed, SeatTaken, SeatFreed)
