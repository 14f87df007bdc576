"""Events of `talk`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from server.domain.payload import OpaqueId, ParticipantId, Payload, TextRef

Seat = Annotated[int, Meta(ge=0, le=144)]
"""0: the room's, no seat's."""


class QuestionAsked(Payload, frozen=True, kw_only=True):
    """Held: the own room's assistant and the asking device know it, nobody else."""

    kind: ClassVar[str] = "question.asked"
    id: OpaqueId
    participant: ParticipantId
    seat: Seat
    text: TextRef
    plan: str = ""
    """Seating plan that says who asked, `ID.VERSION` (S1)."""


class QuestionReleased(Payload, frozen=True, kw_only=True):
    """The teacher sees it now."""

    kind: ClassVar[str] = "question.released"
    id: OpaqueId
    participant: ParticipantId
    seat: Seat
    text: TextRef


class QuestionAnswered(Payload, frozen=True, kw_only=True):
    """Everybody in the lesson sees question and answer; other rooms do not learn which seat asked."""

    kind: ClassVar[str] = "question.answered"
    id: OpaqueId
    participant: ParticipantId
    seat: Seat
    text: TextRef
    mode: Literal["spoken", "written"]
    answer: TextRef | None = None


class QuestionDiscarded(Payload, frozen=True, kw_only=True):
    """Put aside."""

    kind: ClassVar[str] = "question.discarded"
    id: OpaqueId
    participant: ParticipantId
    seat: Seat


class AnnouncementMade(Payload, frozen=True, kw_only=True):
    """A line for everybody in the lesson."""

    kind: ClassVar[str] = "announcement.made"
    id: OpaqueId
    text: TextRef


class AnnouncementPosted(Payload, frozen=True, kw_only=True):
    """A line for one room."""

    kind: ClassVar[str] = "announcement.posted"
    id: OpaqueId
    participant: ParticipantId
    text: TextRef


class AnnouncementWithdrawn(Payload, frozen=True, kw_only=True):
    """A line for everybody is taken down."""

    kind: ClassVar[str] = "announcement.withdrawn"
    id: OpaqueId


class AnnouncementCleared(Payload, frozen=True, kw_only=True):
    """A room's line is taken down."""

    kind: ClassVar[str] = "announcement.cleared"
    id: OpaqueId
    participant: ParticipantId


EVENTS: tuple[type[Payload], ...] = (
    QuestionAsked,
    QuestionReleased,
    QuestionAnswered,
    QuestionDiscarded,
    AnnouncementMade,
    AnnouncementPosted,
    AnnouncementWithdrawn,
    AnnouncementCleared,
)
