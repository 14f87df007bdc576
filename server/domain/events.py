"""What happened in a lesson: typed payloads, one class per kind, and the envelope they travel in (S14).

Payloads hold opaque ids only (S20): names are joined when a projection is made. A payload that changes its shape gets a
higher `v` and an upcaster from the version before (S19); old rows stay as they were written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from server.domain.board.events import EVENTS as BOARD
from server.domain.checkin.events import EVENTS as CHECKIN
from server.domain.director.events import EVENTS as DIRECTOR
from server.domain.hands.events import EVENTS as HANDS
from server.domain.help.events import EVENTS as HELP
from server.domain.mic.events import EVENTS as MIC
from server.domain.payload import ParticipantId, Payload
from server.domain.quiz.events import EVENTS as QUIZ
from server.domain.record.events import EVENTS as RECORD
from server.domain.seats.events import EVENTS as SEATS
from server.domain.talk.events import EVENTS as TALK
from server.domain.tools.events import EVENTS as TOOLS

Position = Annotated[int, Meta(ge=1, le=4)]


class EventError(Exception):
    """A stored event that no known version of the program wrote."""


class LessonOpened(Payload, frozen=True):
    """The waiting room is open (候课): join, device check; nothing is on air."""

    kind: ClassVar[str] = "lesson.opened"


class LessonLive(Payload, frozen=True):
    """On air."""

    kind: ClassVar[str] = "lesson.live"


class LessonEnded(Payload, frozen=True):
    """Over; it may be reopened for ten minutes (S8)."""

    kind: ClassVar[str] = "lesson.ended"


class LessonReopened(Payload, frozen=True):
    """The same lesson goes on: live if it had been live, else open."""

    kind: ClassVar[str] = "lesson.reopened"


class LessonPaused(Payload, frozen=True):
    """A break: nothing is on air until it goes live again (课间)."""

    kind: ClassVar[str] = "lesson.paused"


class LessonCancelled(Payload, frozen=True):
    """It will not be held."""

    kind: ClassVar[str] = "lesson.cancelled"


class LessonArchived(Payload, frozen=True):
    """Nothing is added any more."""

    kind: ClassVar[str] = "lesson.archived"


class ClockAnchored(Payload, frozen=True, kw_only=True):
    """The lesson clock is carried on by a process that was restarted, or joins in (S18)."""

    kind: ClassVar[str] = "clock.anchored"
    utc: int
    """UTC ms as that process has it; the event's `at` is later where the clock before it was ahead: it never goes back."""


class ParticipantJoined(Payload, frozen=True, kw_only=True):
    """A participant is here, for the first time or again."""

    kind: ClassVar[str] = "participant.joined"
    participant: ParticipantId
    role: Literal["master", "classroom"]


class ParticipantLeft(Payload, frozen=True, kw_only=True):
    """No page and no media of it for five seconds (S17)."""

    kind: ClassVar[str] = "participant.left"
    participant: ParticipantId


class ParticipantRemoved(Payload, frozen=True, kw_only=True):
    """Sent out by the master; its links no longer lead in."""

    kind: ClassVar[str] = "participant.removed"
    participant: ParticipantId


class StageCalled(Payload, frozen=True, kw_only=True):
    """On stage: heard and seen by all (上台)."""

    kind: ClassVar[str] = "stage.called"
    participant: ParticipantId
    position: Position


class StageReleased(Payload, frozen=True, kw_only=True):
    """Off stage."""

    kind: ClassVar[str] = "stage.released"
    participant: ParticipantId
    position: Position


class StageSwapped(Payload, frozen=True, kw_only=True):
    """Two positions changed over; one of them may have been empty."""

    kind: ClassVar[str] = "stage.swapped"
    a: Position
    b: Position


_PARTS: tuple[type[Payload], ...] = (*HANDS, *MIC, *HELP, *CHECKIN, *QUIZ, *SEATS, *TALK, *TOOLS, *BOARD, *DIRECTOR, *RECORD)
_LESSON: tuple[type[Payload], ...] = (
    LessonOpened,
    LessonLive,
    LessonEnded,
    LessonReopened,
    LessonPaused,
    LessonCancelled,
    LessonArchived,
    ClockAnchored,
    ParticipantJoined,
    ParticipantLeft,
    ParticipantRemoved,
    StageCalled,
    StageReleased,
    StageSwapped,
)

PAYLOADS: Mapping[str, type[Payload]] = {cls.kind: cls for cls in (*_LESSON, *_PARTS)}

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTERS: Mapping[tuple[str, int], Upcaster] = {}
"""(kind, version) → a function that makes the next version of the raw payload."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event as it lies in the log (S14)."""

    lesson: str
    seq: int
    """1, 2, 3 … without gaps."""
    at: int
    """Milliseconds on the lesson clock; never backwards (S18)."""
    payload: Payload
    actor: str
    """Principal id, or `system`."""
    on_behalf: str | None = None
    """For whom the actor acted, where that is somebody else."""
    command_id: str = ""

    @property
    def kind(self) -> str:
        """The payload's kind."""
        return self.payload.kind

    @property
    def v(self) -> int:
        """The payload's version."""
        return self.payload.v


def encode_payload(payload: Payload) -> str:
    """The payload as JSON text, for the log."""
    return msgspec.json.encode(payload).decode()


def decode_payload(kind: str, v: int, text: str, upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS) -> Payload:
    """A payload from the log, raised to today's version (S19); raises `EventError`."""
    cls = PAYLOADS.get(kind)
    if cls is None or v > cls.v:
        raise EventError(f"unknown event {kind} v{v}")
    try:
        raw = msgspec.json.decode(text, type=dict[str, Any])
        for version in range(v, cls.v):
            raw = upcasters[kind, version](raw)
        return msgspec.convert(raw, cls)
    except (msgspec.MsgspecError, KeyError) as error:
        raise EventError(f"{kind} v{v}: {error}") from error
