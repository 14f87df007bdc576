"""Events of `tools`."""

from __future__ import annotations

from typing import ClassVar

from msgspec import Struct

from server.domain.payload import OpaqueId, ParticipantId, Payload, SeatNumber, TextRef
from server.domain.tools.commands import Seat


class PickDrawn(Payload, frozen=True, kw_only=True):
    """The lot fell on a seat."""

    kind: ClassVar[str] = "pick.drawn"
    participant: ParticipantId
    seat: SeatNumber
    among: int
    """How many seats it could have been."""


class PraiseGiven(Payload, frozen=True, kw_only=True):
    """A star: of a room (seat 0), of a seat, or of a group (without participant)."""

    kind: ClassVar[str] = "praise.given"
    participant: str = ""
    seat: Seat = 0
    group: str = ""


class TimerStarted(Payload, frozen=True, kw_only=True):
    """Everybody sees it count down."""

    kind: ClassVar[str] = "timer.started"
    timer: OpaqueId
    seconds: int
    ends_at: int
    """ms on the lesson clock."""
    label: TextRef


class TimerStopped(Payload, frozen=True, kw_only=True):
    """Taken down."""

    kind: ClassVar[str] = "timer.stopped"


class TimerRang(Payload, frozen=True, kw_only=True):
    """Its time is over."""

    kind: ClassVar[str] = "timer.rang"
    timer: OpaqueId


class Group(Struct, frozen=True, kw_only=True):
    """An activity group (分组)."""

    id: OpaqueId
    name: TextRef
    members: tuple[tuple[ParticipantId, Seat], ...]
    """Room and seat, in order; seat 0: the whole room."""


class GroupsSet(Payload, frozen=True, kw_only=True):
    """The activity groups from now on."""

    kind: ClassVar[str] = "groups.set"
    groups: tuple[Group, ...]


EVENTS: tuple[type[Payload], ...] = (PickDrawn, PraiseGiven, TimerStarted, TimerStopped, TimerRang, GroupsSet)
