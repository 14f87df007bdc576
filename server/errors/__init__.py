"""One error tree. A code and parameters travel; sentences come from the catalogue (`client_web/locales`, key `error.<code>`).

The web layer's middleware turns an `AppError` into the one JSON shape of `docs/protocol.md`; sockets use the same shape.
"""

from __future__ import annotations

from collections.abc import Iterator

from server.errors.accounts import (
    BadLogin,
    LinkExpired,
    LinkInvalid,
    LoginNeeded,
    LoginStale,
    OidcRefused,
    OidcTaken,
    OidcUnavailable,
    OidcUnknown,
    StepNeeded,
    Unauthenticated,
)
from server.errors.base import AppError
from server.errors.courseware import (
    CoursewareFull,
    CoursewareInUse,
    CoursewareLocked,
    CoursewareNoOffice,
    CoursewarePageSize,
    CoursewareTooLarge,
    CoursewareTooSlow,
    CoursewareType,
    CoursewareUnreadable,
    CoursewareUnsafe,
    NoSuchCourseware,
)
from server.errors.devices import BadPicture, NoPin, PhonesClosed, PhonesForbidden, SeatTaken, SeatTicketOver, SeatUnknown, WrongPin
from server.errors.library import LessonNotOver, NotRecorded, ResourceIncomplete, ResourceState, ResourceWithdrawn
from server.errors.live import (
    AnnouncementUnknown,
    BoardFull,
    GroupUnknown,
    MicAsk,
    NoHand,
    NoSuchBoardPage,
    NoSuchLesson,
    NoSuchParticipant,
    NotRecording,
    PenElsewhere,
    PenOffStage,
    PickNobody,
    PlaceTaken,
    StageFull,
    WrongPhase,
)
from server.errors.media import BadSdp, BadSlots, MediaUnavailable, NeedsEtag, NoSuchSession, StaleEtag, UnacceptableOffer
from server.errors.quiz import (
    QuestionAnswered,
    QuestionsWaiting,
    QuestionUnknown,
    QuizBusy,
    QuizChoice,
    QuizClosed,
    QuizFull,
    QuizGroup,
    QuizUnknown,
)
from server.errors.replay import HlsBusy, RecordingBusy, RecordingGone, RecordingNotReady, RecordingUnreadable, ReplayOver
from server.errors.request import (
    BadRequest,
    EditConflict,
    Forbidden,
    Invalid,
    NoSuchPage,
    NotThere,
    StoreUnavailable,
    Taken,
    TooLarge,
    TooMany,
    WrongMethod,
    WrongType,
)
from server.errors.school import BookingClash, KnockGone, LastAdmin, PairingGone, TooManyLessons
from server.errors.sheets import ImportRefused, SheetTooLarge, SheetType, SheetUnreadable, SheetUnsafe

__all__ = [
    "BY_CODE",
    "AnnouncementUnknown",
    "AppError",
    "BadLogin",
    "BadPicture",
    "BadRequest",
    "BadSdp",
    "BadSlots",
    "BoardFull",
    "BookingClash",
    "CoursewareFull",
    "CoursewareInUse",
    "CoursewareLocked",
    "CoursewareNoOffice",
    "CoursewarePageSize",
    "CoursewareTooLarge",
    "CoursewareTooSlow",
    "CoursewareType",
    "CoursewareUnreadable",
    "CoursewareUnsafe",
    "EditConflict",
    "Forbidden",
    "GroupUnknown",
    "HlsBusy",
    "ImportRefused",
    "Invalid",
    "KnockGone",
    "LastAdmin",
    "LessonNotOver",
    "LinkExpired",
    "LinkInvalid",
    "LoginNeeded",
    "LoginStale",
    "MediaUnavailable",
    "MicAsk",
    "NeedsEtag",
    "NoHand",
    "NoPin",
    "NoSuchBoardPage",
    "NoSuchCourseware",
    "NoSuchLesson",
    "NoSuchPage",
    "NoSuchParticipant",
    "NoSuchSession",
    "NotRecorded",
    "NotRecording",
    "NotThere",
    "OidcRefused",
    "OidcTaken",
    "OidcUnavailable",
    "OidcUnknown",
    "PairingGone",
    "PenElsewhere",
    "PenOffStage",
    "PhonesClosed",
    "PhonesForbidden",
    "PickNobody",
    "PlaceTaken",
    "QuestionAnswered",
    "QuestionUnknown",
    "QuestionsWaiting",
    "QuizBusy",
    "QuizChoice",
    "QuizClosed",
    "QuizFull",
    "QuizGroup",
    "QuizUnknown",
    "RecordingBusy",
    "RecordingGone",
    "RecordingNotReady",
    "RecordingUnreadable",
    "ReplayOver",
    "ResourceIncomplete",
    "ResourceState",
    "ResourceWithdrawn",
    "SeatTaken",
    "SeatTicketOver",
    "SeatUnknown",
    "SheetTooLarge",
    "SheetType",
    "SheetUnreadable",
    "SheetUnsafe",
    "StageFull",
    "StaleEtag",
    "StepNeeded",
    "StoreUnavailable",
    "Taken",
    "TooLarge",
    "TooMany",
    "TooManyLessons",
    "UnacceptableOffer",
    "Unauthenticated",
    "WrongMethod",
    "WrongPhase",
    "WrongPin",
    "WrongType",
]


def _tree(root: type[AppError]) -> Iterator[type[AppError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


BY_CODE: dict[str, type[AppError]] = {cls.code: cls for cls in _tree(AppError)}
"""Every refusal by its code."""
