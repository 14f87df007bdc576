"""Commands of `quiz`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from server.domain.command import IN_CLASS, Command, Phase
from server.domain.payload import OpaqueId, ParticipantId, SeatNumber
from server.domain.principal import Role
from server.domain.quiz.choice import Chosen, Option, QuizType

_MASTER: frozenset[Role] = frozenset({"master"})
_ROOM: frozenset[Role] = frozenset({"master", "classroom", "assistant"})

_Words = Annotated[str, Meta(max_length=200)]


class KeyAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The right answer as the teacher writes it: options, a number with its tolerance, or texts that count."""

    options: Chosen = ()
    number: float | None = None
    tolerance: float = 0.0
    texts: Annotated[tuple[_Words, ...], Meta(max_length=8)] = ()


class OpenQuiz(Command, frozen=True, kw_only=True):
    """Ask everybody, or one activity group."""

    kind: ClassVar[str] = "quiz.open"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    asks_facts: ClassVar[bool] = True  # so that the answers carry today's seating plan
    type: QuizType
    question: Annotated[str, Meta(max_length=500)] = ""
    """Empty: it is asked aloud."""
    options: Annotated[tuple[_Words, ...], Meta(max_length=8)] = ()
    """Empty texts are options known by their letter."""
    key: KeyAsked | None = None
    seconds: Annotated[int, Meta(ge=0, le=3600)] = 0
    """0: until the teacher closes it."""
    group: Annotated[str, Meta(max_length=64)] = ""


class AnswerQuiz(Command, frozen=True, kw_only=True):
    """The answer of one seat; the last one before the close counts."""

    kind: ClassVar[str] = "quiz.answer"
    roles: ClassVar[frozenset[Role]] = _ROOM | {"seat"}
    own: ClassVar[bool] = True
    master_own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    quiz: OpaqueId
    participant: ParticipantId
    seat: SeatNumber
    choice: Chosen | float | _Words


class CountQuiz(Command, frozen=True, kw_only=True):
    """A show of hands: how many for each option; the last count of a room counts."""

    kind: ClassVar[str] = "quiz.count"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    master_own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    quiz: OpaqueId
    participant: ParticipantId
    counts: Annotated[tuple[Annotated[int, Meta(ge=0, le=144)], ...], Meta(max_length=8)]


class ScanQuiz(Command, frozen=True, kw_only=True):
    """What the room's camera read from printed cards: seat → option."""

    kind: ClassVar[str] = "quiz.cards"
    roles: ClassVar[frozenset[Role]] = _ROOM
    own: ClassVar[bool] = True
    master_own: ClassVar[bool] = True
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    quiz: OpaqueId
    participant: ParticipantId
    answers: Annotated[dict[Annotated[str, Meta(pattern="^[1-9][0-9]{0,2}$")], Option], Meta(max_length=144)]


class CloseQuiz(Command, frozen=True, kw_only=True):
    """No more answers."""

    kind: ClassVar[str] = "quiz.close"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    quiz: OpaqueId


class RevealQuiz(Command, frozen=True, kw_only=True):
    """Show the key and the totals, closing first if need be."""

    kind: ClassVar[str] = "quiz.reveal"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    quiz: OpaqueId


class DiscardQuiz(Command, frozen=True, kw_only=True):
    """As if it had not been asked."""

    kind: ClassVar[str] = "quiz.discard"
    roles: ClassVar[frozenset[Role]] = _MASTER
    phases: ClassVar[frozenset[Phase] | None] = IN_CLASS
    quiz: OpaqueId


class ExpireQuiz(Command, frozen=True, kw_only=True):
    """A deadline: its time is over, and the grace with it (S23)."""

    kind: ClassVar[str] = "quiz.expire"
    quiz: OpaqueId


COMMANDS: tuple[type[Command], ...] = (
    OpenQuiz,
    AnswerQuiz,
    CountQuiz,
    ScanQuiz,
    CloseQuiz,
    RevealQuiz,
    DiscardQuiz,
    ExpireQuiz,
)
