"""Commands of `talk`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from server.domain.command import IN_CLASS, Command, Phase
from server.domain.payload import OpaqueId, ParticipantId
from server.domain.principal import Role

_MASTER: frozenset[Role] = frozenset({"master"})
_STAFF: frozenset[Role] = frozenset({"master", "assistant"})

_Words = Annotated[str, Meta(min_length=1, max_length=300)]


class AskQuestion(Command, frozen=True, kw_only=True):
    """A question of a pupil, or of the room; held until an assistant releases it."""

    kind: ClassVar[str] = "question.ask"
    roles: ClassVar[frozenset[Role]] = frozenset({"classroom", "assistant", "seat"})
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: ParticipantId
    seat: Annotated[int, Meta(ge=0, le=144)]
    """0: the room's, no seat's."""
    text: _Words


class ReleaseQuestion(Command, frozen=True, kw_only=True):
    """Let the teacher see it."""

    kind: ClassVar[str] = "question.release"
    roles: ClassVar[frozenset[Role]] = _STAFF
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    id: OpaqueId


class DiscardQuestion(Command, frozen=True, kw_only=True):
    """Put it aside unanswered."""

    kind: ClassVar[str] = "question.discard"
    roles: ClassVar[frozenset[Role]] = _STAFF
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    id: OpaqueId


class AnswerQuestion(Command, frozen=True, kw_only=True):
    """Answered aloud, or in writing; everybody sees question and answer."""

    kind: ClassVar[str] = "question.answer"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    id: OpaqueId
    mode: Literal["spoken", "written"]
    text: Annotated[str, Meta(max_length=1000)] = ""
    """Of a written answer."""


class MakeAnnouncement(Command, frozen=True, kw_only=True):
    """A line for everybody, or for one room; an assistant's is for the own room."""

    kind: ClassVar[str] = "announcement.make"
    roles: ClassVar[frozenset[Role]] = _STAFF
    own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    participant: Annotated[str, Meta(max_length=64)]
    """Empty: everybody."""
    text: _Words


class WithdrawAnnouncement(Command, frozen=True, kw_only=True):
    """Take it down; an assistant takes down the own room's."""

    kind: ClassVar[str] = "announcement.withdraw"
    roles: ClassVar[frozenset[Role]] = _STAFF
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    id: OpaqueId


COMMANDS: tuple[type[Command], ...] = (
    AskQuestion,
    ReleaseQuestion,
    DiscardQuestion,
    AnswerQuestion,
    MakeAnnouncement,
    WithdrawAnnouncement,
)
