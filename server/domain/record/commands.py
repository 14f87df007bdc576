"""Commands of `record`."""

from __future__ import annotations

from typing import ClassVar

from server.domain.command import Command, Phase
from server.domain.principal import Role
from server.domain.stage import CALLING


class StartRecording(Command, frozen=True):
    """Record from now on; what was stopped goes on in the same recording."""

    kind: ClassVar[str] = "record.start"
    roles: ClassVar[frozenset[Role]] = frozenset({"master"})
    phases: ClassVar[frozenset[Phase] | None] = CALLING


class PauseRecording(Command, frozen=True):
    """Leave out what comes; a named gap (S13)."""

    kind: ClassVar[str] = "record.pause"
    roles: ClassVar[frozenset[Role]] = frozenset({"master"})
    phases: ClassVar[frozenset[Phase] | None] = CALLING


class ResumeRecording(Command, frozen=True):
    """Go on after a pause."""

    kind: ClassVar[str] = "record.resume"
    roles: ClassVar[frozenset[Role]] = frozenset({"master"})
    phases: ClassVar[frozenset[Phase] | None] = CALLING


class StopRecording(Command, frozen=True):
    """Record no more of this lesson, unless it is started again."""

    kind: ClassVar[str] = "record.stop"
    roles: ClassVar[frozenset[Role]] = frozenset({"master"})
    phases: ClassVar[frozenset[Phase] | None] = CALLING


COMMANDS: tuple[type[Command], ...] = (StartRecording, PauseRecording, ResumeRecording, StopRecording)
