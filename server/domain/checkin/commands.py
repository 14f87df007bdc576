"""Commands of `checkin`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from server.domain.command import IN_CLASS, Command, Phase
from server.domain.payload import ParticipantId, SeatNumber
from server.domain.principal import Role

Status = Literal["here", "late", "absent", "unknown"]

_ROOM: frozenset[Role] = frozenset({"master", "classroom", "assistant"})
_PHASES: frozenset[Phase] = IN_CLASS | {"ended"}
"""What was done offline comes in after the end too (S15)."""

_Done = Annotated[int, Meta(ge=0, le=2**53)]


class Mark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One seat of a sheet."""

    seat: SeatNumber
    status: Status
    done_at: _Done
    settles: bool = False


class CheckSeat(Command, frozen=True, kw_only=True):
    """Who sits there is here, late or absent."""

    kind: ClassVar[str] = "checkin.mark"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    master_own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = _PHASES
    asks_facts: ClassVar[bool] = True
    participant: ParticipantId
    seat: SeatNumber
    status: Status
    done_at: _Done
    """When it was done, ms on the lesson clock as the device knows it."""
    settles: bool = False
    """Somebody saw that two devices differ, and this is how it was."""


class CheckSheet(Command, frozen=True, kw_only=True):
    """Many seats at once: everybody here but two, or what a device did offline."""

    kind: ClassVar[str] = "checkin.sheet"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    master_own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = _PHASES
    asks_facts: ClassVar[bool] = True
    participant: ParticipantId
    marks: Annotated[tuple[Mark, ...], Meta(max_length=144)]


COMMANDS: tuple[type[Command], ...] = (CheckSeat, CheckSheet)
