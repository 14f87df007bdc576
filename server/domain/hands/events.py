"""Events of `hands`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from server.domain.payload import ParticipantId, Payload, SeatNumber

Mode = Literal["first", "least", "random"]
"""How hands queue: first come, least called, by lot (S22)."""
LOT_BITS = 32
Lot = Annotated[int, Meta(ge=0, lt=2**LOT_BITS)]
Count = Annotated[int, Meta(ge=0, lt=2**53)]
"""A number that JavaScript holds exactly."""


class HandRaised(Payload, frozen=True, kw_only=True):
    """A hand is up."""

    kind: ClassVar[str] = "hand.raised"
    participant: ParticipantId
    seat: SeatNumber
    lot: Lot
    """Drawn at random: the order by lot, and among hands that nothing else tells apart."""
    before: Count = 0
    """Calls of this room that count from earlier lessons."""


class HandCancelled(Payload, frozen=True, kw_only=True):
    """A hand went down."""

    kind: ClassVar[str] = "hand.cancelled"
    participant: ParticipantId
    seat: SeatNumber


class HandsCleared(Payload, frozen=True):
    """All hands went down."""

    kind: ClassVar[str] = "hand.cleared"


class HandsOrdered(Payload, frozen=True, kw_only=True):
    """Hands queue in another way."""

    kind: ClassVar[str] = "hand.ordered"
    mode: Mode


class HandCalled(Payload, frozen=True, kw_only=True):
    """A pupil was called; the hand is down."""

    kind: ClassVar[str] = "hand.called"
    participant: ParticipantId
    seat: SeatNumber
    waited: Count | None
    """ms between hand and call; None: called without a hand."""


EVENTS: tuple[type[Payload], ...] = (HandRaised, HandCancelled, HandsCleared, HandsOrdered, HandCalled)
