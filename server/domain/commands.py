"""What a page, a tool or the clock may ask of a lesson: typed commands and their checker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import msgspec

from server.domain.board.commands import COMMANDS as BOARD
from server.domain.checkin.commands import COMMANDS as CHECKIN
from server.domain.command import IN_CLASS, Command, Phase
from server.domain.command import SYSTEM as SYSTEM
from server.domain.command import CommandId as CommandId
from server.domain.director.commands import COMMANDS as DIRECTOR
from server.domain.events import Position
from server.domain.hands.commands import COMMANDS as HANDS
from server.domain.help.commands import COMMANDS as HELP
from server.domain.mic.commands import COMMANDS as MIC
from server.domain.payload import ParticipantId
from server.domain.principal import Role
from server.domain.quiz.commands import COMMANDS as QUIZ
from server.domain.record.commands import COMMANDS as RECORD
from server.domain.refused import Refused
from server.domain.seats.commands import COMMANDS as SEATS
from server.domain.talk.commands import COMMANDS as TALK
from server.domain.tools.commands import COMMANDS as TOOLS

_MASTER: frozenset[Role] = frozenset({"master"})


class OpenLesson(Command, frozen=True):
    """Open the waiting room."""

    kind: ClassVar[str] = "lesson.open"
    roles: ClassVar[frozenset[Role]] = _MASTER


class GoLive(Command, frozen=True):
    """Go on air, opening first if need be: one click (S10)."""

    kind: ClassVar[str] = "lesson.live"
    roles: ClassVar[frozenset[Role]] = _MASTER
    asks_facts: ClassVar[bool] = True  # the lesson before may have ended since the waiting room opened


class PauseLesson(Command, frozen=True):
    """A break; going live ends it."""

    kind: ClassVar[str] = "lesson.pause"
    roles: ClassVar[frozenset[Role]] = _MASTER


class EndLesson(Command, frozen=True):
    """End the class."""

    kind: ClassVar[str] = "lesson.end"
    roles: ClassVar[frozenset[Role]] = _MASTER


class ReopenLesson(Command, frozen=True):
    """Go on with an ended lesson, within ten minutes (S8)."""

    kind: ClassVar[str] = "lesson.reopen"
    roles: ClassVar[frozenset[Role]] = _MASTER


class CallOnStage(Command, frozen=True, kw_only=True):
    """Put a classroom on stage."""

    kind: ClassVar[str] = "stage.call"
    roles: ClassVar[frozenset[Role]] = _MASTER
    participant: ParticipantId


class ReleaseFromStage(Command, frozen=True, kw_only=True):
    """Take a classroom off the stage."""

    kind: ClassVar[str] = "stage.release"
    roles: ClassVar[frozenset[Role]] = _MASTER
    participant: ParticipantId


class SwapStage(Command, frozen=True, kw_only=True):
    """Change over two positions of the stage."""

    kind: ClassVar[str] = "stage.swap"
    roles: ClassVar[frozenset[Role]] = _MASTER
    a: Position
    b: Position


class RemoveParticipant(Command, frozen=True, kw_only=True):
    """Send a classroom out."""

    kind: ClassVar[str] = "participant.remove"
    roles: ClassVar[frozenset[Role]] = _MASTER
    participant: ParticipantId


class Join(Command, frozen=True, kw_only=True):
    """The server saw a participant arrive."""

    kind: ClassVar[str] = "participant.join"
    participant: ParticipantId
    role: Literal["master", "classroom"]


class Leave(Command, frozen=True, kw_only=True):
    """The server missed a participant for five seconds."""

    kind: ClassVar[str] = "participant.leave"
    participant: ParticipantId


class ExpireStage(Command, frozen=True, kw_only=True):
    """A deadline: a room on stage has been away for thirty seconds (S12)."""

    kind: ClassVar[str] = "stage.expire"
    participant: ParticipantId


class EndByItself(Command, frozen=True, kw_only=True):
    """A deadline: the planned end is over and the master is away (S8)."""

    kind: ClassVar[str] = "lesson.expire"
    planned_end: int
    """UTC ms."""


class CancelLesson(Command, frozen=True):
    """The timetable says that it will not be held."""

    kind: ClassVar[str] = "lesson.cancel"


class ArchiveLesson(Command, frozen=True):
    """A deadline: nothing more can come."""

    kind: ClassVar[str] = "lesson.archive"


class AnchorClock(Command, frozen=True, kw_only=True):
    """A process that was restarted, or joins in, carries the lesson's clock on (S18)."""

    kind: ClassVar[str] = "clock.anchor"
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    utc: int
    """UTC ms as it has it."""


_PARTS: tuple[type[Command], ...] = (*HANDS, *MIC, *HELP, *CHECKIN, *QUIZ, *SEATS, *TALK, *TOOLS, *BOARD, *DIRECTOR, *RECORD)
_LESSON: tuple[type[Command], ...] = (
    OpenLesson,
    GoLive,
    PauseLesson,
    EndLesson,
    ReopenLesson,
    CallOnStage,
    ReleaseFromStage,
    SwapStage,
    RemoveParticipant,
    Join,
    Leave,
    ExpireStage,
    EndByItself,
    CancelLesson,
    ArchiveLesson,
    AnchorClock,
)

COMMANDS: Mapping[str, type[Command]] = {cls.kind: cls for cls in (*_LESSON, *_PARTS)}


def parse_command(kind: str, payload: Any) -> Command:
    """A command from outside; raises `Refused("request.malformed")`. Kinds only the server may draw are unknown here."""
    cls = COMMANDS.get(kind)
    if cls is None or not cls.roles:
        raise Refused("request.malformed", field="kind")
    try:
        return msgspec.convert(payload, cls)
    except msgspec.ValidationError as error:
        raise Refused("request.malformed", field="payload") from error
