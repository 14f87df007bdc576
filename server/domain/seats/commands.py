"""Commands of `seats`."""

from __future__ import annotations

from typing import ClassVar

from server.domain.command import IN_CLASS, Command, Phase
from server.domain.payload import ParticipantId, SeatNumber
from server.domain.principal import Role

_ROOM: frozenset[Role] = frozenset({"classroom", "assistant"})


class OpenPhones(Command, frozen=True, kw_only=True):
    """Let pupils' devices in by the code on the big screen."""

    kind: ClassVar[str] = "phones.open"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    asks_facts: ClassVar[bool] = True
    participant: ParticipantId


class ClosePhones(Command, frozen=True, kw_only=True):
    """Let no more in."""

    kind: ClassVar[str] = "phones.close"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    participant: ParticipantId


class TakeSeat(Command, frozen=True, kw_only=True):
    """A device came in by the code; only the server says so, with the device's paper."""

    kind: ClassVar[str] = "seat.take"
    participant: ParticipantId
    seat: SeatNumber


class FreeSeat(Command, frozen=True, kw_only=True):
    """The device's paper was revoked; only the server says so."""

    kind: ClassVar[str] = "seat.free"
    participant: ParticipantId
    seat: SeatNumber


COMMANDS = (OpenPhones, ClosePhones, TakeSeat, FreeSeat)
