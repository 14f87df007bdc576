"""Commands of `hands`."""

from __future__ import annotations

from typing import ClassVar

from server.domain.command import IN_CLASS, Command, Phase
from server.domain.hands.events import Mode
from server.domain.payload import ParticipantId, SeatNumber
from server.domain.principal import Role
from server.domain.stage import CALLING

_MASTER: frozenset[Role] = frozenset({"master"})
_ROOM: frozenset[Role] = frozenset({"master", "classroom", "assistant", "seat"})


class RaiseHand(Command, frozen=True, kw_only=True):
    """A pupil's hand: a seat number typed, a seat tapped, an own device."""

    kind: ClassVar[str] = "hand.raise"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: ParticipantId
    seat: SeatNumber


class CancelHand(Command, frozen=True, kw_only=True):
    """Take a hand down again."""

    kind: ClassVar[str] = "hand.cancel"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: ParticipantId
    seat: SeatNumber


class ClearHands(Command, frozen=True):
    """Take all hands down: the question is answered."""

    kind: ClassVar[str] = "hand.clear"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS


class OrderHands(Command, frozen=True, kw_only=True):
    """Choose how hands queue."""

    kind: ClassVar[str] = "hand.mode"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    mode: Mode


class CallHand(Command, frozen=True, kw_only=True):
    """Call a pupil, with a raised hand or without; the room comes on stage with it."""

    kind: ClassVar[str] = "hand.call"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = CALLING
    participant: ParticipantId
    seat: SeatNumber


class CallNextHand(Command, frozen=True):
    """Call the head of the queue."""

    kind: ClassVar[str] = "hand.next"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = CALLING


COMMANDS: tuple[type[Command], ...] = (RaiseHand, CancelHand, ClearHands, OrderHands, CallHand, CallNextHand)
