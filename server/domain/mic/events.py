"""Events of `mic`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from server.domain.payload import ParticipantId, Payload

By = Literal["master", "room", "echo"]
"""Who closed a microphone: the teacher, the room itself, or its echo guard."""
Correlation = Annotated[float, Meta(ge=0, le=1)]
"""Of what the loudspeaker plays and the microphone hears; 1: the same."""
DelayMs = Annotated[int, Meta(ge=0, le=2_000)]
"""From loudspeaker to microphone; the guard looks 800 ms far (S25)."""


class MicRequested(Payload, frozen=True, kw_only=True):
    """A room asks to be heard."""

    kind: ClassVar[str] = "mic.requested"
    participant: ParticipantId


class MicDeclined(Payload, frozen=True, kw_only=True):
    """A request is off the table: the teacher said no, or the room withdrew it."""

    kind: ClassVar[str] = "mic.declined"
    participant: ParticipantId
    by: Literal["master", "room"]


class MicOpened(Payload, frozen=True, kw_only=True):
    """A microphone on stage is open again."""

    kind: ClassVar[str] = "mic.opened"
    participant: ParticipantId
    by: Literal["master", "room"]


class MicClosed(Payload, frozen=True, kw_only=True):
    """A microphone on stage is closed; it opens again when the room next comes on stage."""

    kind: ClassVar[str] = "mic.closed"
    participant: ParticipantId
    by: By
    correlation: Correlation | None = None
    """What the echo guard measured, for whoever looks into it later; None: not its doing."""
    delay_ms: DelayMs | None = None


EVENTS: tuple[type[Payload], ...] = (MicRequested, MicDeclined, MicOpened, MicClosed)
