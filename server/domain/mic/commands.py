"""Commands of `mic`."""

from __future__ import annotations

from typing import ClassVar

from server.domain.command import Command, Phase
from server.domain.mic.events import Correlation, DelayMs
from server.domain.payload import ParticipantId
from server.domain.principal import Role
from server.domain.stage import CALLING

_MASTER: frozenset[Role] = frozenset({"master"})
_ROOM: frozenset[Role] = frozenset({"classroom", "assistant"})


class RequestMic(Command, frozen=True, kw_only=True):
    """A room asks to be heard, on stage or off."""

    kind: ClassVar[str] = "mic.request"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = CALLING
    participant: ParticipantId


class GrantMic(Command, frozen=True, kw_only=True):
    """Let a room be heard: off stage it comes on stage, there its microphone is opened."""

    kind: ClassVar[str] = "mic.grant"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = CALLING
    participant: ParticipantId


class MuteMic(Command, frozen=True, kw_only=True):
    """Close a room's microphone for it, or say no to its request."""

    kind: ClassVar[str] = "mic.mute"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = CALLING
    participant: ParticipantId


class CloseMic(Command, frozen=True, kw_only=True):
    """A room on stage closes its own microphone, or withdraws its request."""

    kind: ClassVar[str] = "mic.close"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = CALLING
    participant: ParticipantId


class OpenMic(Command, frozen=True, kw_only=True):
    """A room on stage opens again what it closed itself."""

    kind: ClassVar[str] = "mic.open"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = CALLING
    participant: ParticipantId


class ReportEcho(Command, frozen=True, kw_only=True):
    """The echo guard of a room's page heard the stage in its own microphone (S25)."""

    kind: ClassVar[str] = "mic.echo"
    roles: ClassVar[frozenset[Role]] = frozenset({"classroom"})
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = CALLING
    participant: ParticipantId
    correlation: Correlation
    delay_ms: DelayMs


COMMANDS: tuple[type[Command], ...] = (RequestMic, GrantMic, MuteMic, CloseMic, OpenMic, ReportEcho)
