"""Commands of `tools`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from server.domain.command import IN_CLASS, Command, Phase
from server.domain.payload import OpaqueId, ParticipantId
from server.domain.principal import Role

_MASTER: frozenset[Role] = frozenset({"master"})

Seat = Annotated[int, Meta(ge=0, le=144)]
"""0: the whole room."""
_Group = Annotated[str, Meta(max_length=64)]


class DrawPick(Command, frozen=True, kw_only=True):
    """Draw somebody by lot."""

    kind: ClassVar[str] = "pick.draw"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    asks_facts: ClassVar[bool] = True
    among: Literal["present", "checked", "group"] = "present"
    group: _Group = ""
    exclude_called: bool = False
    """Leave out who was drawn or called on in this lesson."""


class GivePraise(Command, frozen=True, kw_only=True):
    """A star for a room, one of its seats, or an activity group."""

    kind: ClassVar[str] = "praise.give"
    roles: ClassVar[frozenset[Role]] = frozenset({"master", "assistant"})
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: Annotated[str, Meta(max_length=64)]
    """Empty: a group's."""
    seat: Seat = 0
    group: _Group = ""


class StartTimer(Command, frozen=True, kw_only=True):
    """Count down; one that runs is replaced."""

    kind: ClassVar[str] = "timer.start"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    seconds: Annotated[int, Meta(ge=5, le=7_200)]
    label: Annotated[str, Meta(max_length=60)] = ""


class StopTimer(Command, frozen=True, kw_only=True):
    """Take the timer down, running or rung."""

    kind: ClassVar[str] = "timer.stop"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS


class RingTimer(Command, frozen=True, kw_only=True):
    """A deadline: its time is over."""

    kind: ClassVar[str] = "timer.ring"
    timer: OpaqueId


class GroupAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An activity group as the teacher makes it."""

    id: OpaqueId
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    members: Annotated[tuple[tuple[ParticipantId, Seat], ...], Meta(max_length=600)]
    """Room and seat; seat 0: the whole room."""


class SetGroups(Command, frozen=True, kw_only=True):
    """The activity groups from now on, in place of those before; none: no groups."""

    kind: ClassVar[str] = "groups.set"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    groups: Annotated[tuple[GroupAsked, ...], Meta(max_length=12)]


COMMANDS: tuple[type[Command], ...] = (DrawPick, GivePraise, StartTimer, StopTimer, RingTimer, SetGroups)
