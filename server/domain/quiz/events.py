"""Events of `quiz`."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from server.domain.payload import OpaqueId, ParticipantId, Payload, SeatNumber, TextRef
from server.domain.quiz.choice import Choice, Key, Option, QuizType


class Tally(Struct, frozen=True, kw_only=True):
    """How it was answered. Seats and counted hands stand side by side and are never one sum (S23)."""

    answered: int = 0
    """Seats that answered."""
    options: tuple[int, ...] = ()
    """Seats for each option; empty where there are none."""
    right: int | None = None
    """Seats that are right; None: no key, or texts."""
    counted: tuple[int, ...] | None = None
    """Hands that the assistant counted for each option; None: nobody counted."""


class QuizOpened(Payload, frozen=True, kw_only=True):
    """A card is out."""

    kind: ClassVar[str] = "quiz.opened"
    quiz: OpaqueId
    type: QuizType
    question: TextRef
    options: tuple[TextRef, ...] = ()
    key: Key | None = None
    """Told to nobody but the master before it is revealed."""
    seconds: int = 0
    deadline: int | None = None
    """ms on the lesson clock, as shown; it closes two seconds later."""
    group: str = ""
    """Activity group that is asked; empty: everybody."""


class QuizAnswered(Payload, frozen=True, kw_only=True):
    """A seat answered, or changed its answer."""

    kind: ClassVar[str] = "quiz.answered"
    quiz: OpaqueId
    participant: ParticipantId
    seat: SeatNumber
    choice: Choice
    source: Literal["device", "pad"]
    plan: str = ""
    """Seating plan that counts, `ID.VERSION` (S1)."""


class QuizScanned(Payload, frozen=True, kw_only=True):
    """Printed cards were read: the ones that say something new."""

    kind: ClassVar[str] = "quiz.scanned"
    quiz: OpaqueId
    participant: ParticipantId
    seats: tuple[SeatNumber, ...]
    options: tuple[Option, ...]
    """As many as `seats`, in their order."""
    plan: str = ""


class QuizCounted(Payload, frozen=True, kw_only=True):
    """A show of hands was counted in a room; it replaces an earlier count."""

    kind: ClassVar[str] = "quiz.counted"
    quiz: OpaqueId
    participant: ParticipantId
    counts: tuple[int, ...]


class QuizClosed(Payload, frozen=True, kw_only=True):
    """Whatever comes later is late."""

    kind: ClassVar[str] = "quiz.closed"
    quiz: OpaqueId


class QuizRevealed(Payload, frozen=True, kw_only=True):
    """The key and the totals of all rooms."""

    kind: ClassVar[str] = "quiz.revealed"
    quiz: OpaqueId
    key: Key | None
    total: Tally


class QuizTallied(Payload, frozen=True, kw_only=True):
    """With the reveal: one room's own result, for that room and the master."""

    kind: ClassVar[str] = "quiz.tallied"
    quiz: OpaqueId
    participant: ParticipantId
    tally: Tally


class QuizDiscarded(Payload, frozen=True, kw_only=True):
    """As if it had not been asked."""

    kind: ClassVar[str] = "quiz.discarded"
    quiz: OpaqueId


EVENTS: tuple[type[Payload], ...] = (
    QuizOpened,
    QuizAnswered,
    QuizScanned,
    QuizCounted,
    QuizClosed,
    QuizRevealed,
    QuizTallied,
    QuizDiscarded,
)
