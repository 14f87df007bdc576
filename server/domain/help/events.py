"""Events of `help`."""

from __future__ import annotations

from typing import ClassVar, Literal

from server.domain.payload import ParticipantId, Payload

Word = Literal["ready", "deaf", "blind", "fast", "help"]
"""Ready, cannot hear, cannot see, too fast, need help (S11)."""


class HelpSignalled(Payload, frozen=True, kw_only=True):
    """A room says one word to the teacher; it replaces the room's last one."""

    kind: ClassVar[str] = "help.signalled"
    participant: ParticipantId
    word: Word


class HelpAcknowledged(Payload, frozen=True, kw_only=True):
    """The teacher has seen the room's word."""

    kind: ClassVar[str] = "help.acknowledged"
    participant: ParticipantId


class RoomRung(Payload, frozen=True, kw_only=True):
    """The teacher rings at a room."""

    kind: ClassVar[str] = "help.rung"
    participant: ParticipantId


EVENTS: tuple[type[Payload], ...] = (HelpSignalled, HelpAcknowledged, RoomRung)
