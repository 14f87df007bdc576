"""Commands of `help`."""

from __future__ import annotations

from typing import ClassVar

from server.domain.command import IN_CLASS, Command, Phase
from server.domain.help.events import Word
from server.domain.payload import ParticipantId
from server.domain.principal import Role

_MASTER: frozenset[Role] = frozenset({"master"})


class SignalHelp(Command, frozen=True, kw_only=True):
    """One touch of a room: ready, cannot hear, cannot see, too fast, help."""

    kind: ClassVar[str] = "help.signal"
    roles: ClassVar[frozenset[Role]] = frozenset({"classroom", "assistant"})
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: ParticipantId
    word: Word


class AcknowledgeHelp(Command, frozen=True, kw_only=True):
    """The teacher has seen it."""

    kind: ClassVar[str] = "help.acknowledge"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: ParticipantId


class RingRoom(Command, frozen=True, kw_only=True):
    """Wake a silent room."""

    kind: ClassVar[str] = "help.ring"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: ParticipantId


COMMANDS: tuple[type[Command], ...] = (SignalHelp, AcknowledgeHelp, RingRoom)
