"""Events of `record`."""

from __future__ import annotations

from typing import ClassVar

from server.domain.payload import OpaqueId, Payload


class RecordStarted(Payload, frozen=True, kw_only=True):
    """It is being recorded. A lesson has one recording, whatever stopped it in between."""

    kind: ClassVar[str] = "record.started"
    recording: OpaqueId


class RecordPaused(Payload, frozen=True):
    """What comes is left out."""

    kind: ClassVar[str] = "record.paused"


class RecordResumed(Payload, frozen=True):
    """It goes on."""

    kind: ClassVar[str] = "record.resumed"


class RecordStopped(Payload, frozen=True):
    """By hand, or by the lesson's end."""

    kind: ClassVar[str] = "record.stopped"


EVENTS: tuple[type[Payload], ...] = (RecordStarted, RecordPaused, RecordResumed, RecordStopped)
