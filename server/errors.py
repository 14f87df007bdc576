"""One error tree. A code and parameters travel; sentences come from the catalogue (`client_web/locales`, key `error.<code>`).

The web layer's middleware turns an `AppError` into the one JSON shape of `docs/protocol.md`; sockets use the same shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar


class AppError(Exception):
    """A refusal that a person or a tool may read."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500

    def __init__(self, detail: str = "", **params: str | int | float) -> None:
        super().__init__(detail or self.code)
        self.detail = detail
        """For the log, English; never sent."""
        self.params = params


class BadRequest(AppError):
    """The request cannot be read."""

    code = "request.malformed"
    status = 400


class Invalid(AppError):
    """Fields of a form that do not fit; `fields` holds the code of each, and its words."""

    code = "form.invalid"
    status = 422

    def __init__(self, fields: Mapping[str, str], **params: str | int | float) -> None:
        super().__init__(", ".join(f"{name}: {code}" for name, code in fields.items()), **params)
        self.fields = dict(fields)


class EditConflict(AppError):
    """Somebody else changed it since the form was opened; nothing was written."""

    code = "edit.conflict"
    status = 409


class Taken(AppError):
    """A code, number or name that must be unique is used already; `field` says which."""

    code = "name.taken"
    status = 409


class NotThere(AppError):
    """No such organisation, classroom, class, person or lesson, or none the caller may know of."""

    code = "object.unknown"
    status = 404


class LoginNeeded(AppError):
    """Nobody is logged in; a browser is sent to the login page."""

    code = "login.needed"
    status = 401


class TooLarge(AppError):
    """A body or a frame over its limit."""

    code = "request.too_large"
    status = 413


class TooMany(AppError):
    """A rate or a table is at its limit."""

    code = "request.too_many"
    status = 429


class WrongType(AppError):
    """A content type we do not take."""

    code = "request.content_type"
    status = 415


class NoSuchPage(AppError):
    """Nothing lies at this address."""

    code = "request.path"
    status = 404


class WrongMethod(AppError):
    """The address takes other methods; `Allow` names them."""

    code = "request.method"
    status = 405


class Unauthenticated(AppError):
    """Nobody known is asking."""

    code = "link.missing"
    status = 401


class BadLogin(AppError):
    """Login or password, class, number or PIN, or code is wrong; which of them is not said."""

    code = "login.wrong"
    status = 401


class LoginStale(AppError):
    """A login of a moment ago is needed for this, and this one is older."""

    code = "login.stale"
    status = 401


class OidcRefused(AppError):
    """The login at the OIDC provider was not finished, or its answer does not belong to this browser, or was used before."""

    code = "oidc.refused"
    status = 401


class OidcUnknown(AppError):
    """The OIDC provider knows who it is, and no open account here is bound to them."""

    code = "oidc.unknown"
    status = 403


class OidcTaken(AppError):
    """The identity at the OIDC provider is bound to another account."""

    code = "oidc.taken"
    status = 409


class OidcUnavailable(AppError):
    """The OIDC provider does not answer now, or not as its settings here say."""

    code = "oidc.unavailable"
    status = 503


class StepNeeded(AppError):
    """Logged in, and something must be done first: a new password, a code, a second factor; `step` says which."""

    code = "login.step"
    status = 403


class LinkExpired(Unauthenticated):
    """The link's time is over."""

    code = "link.expired"


class LinkInvalid(Unauthenticated):
    """The link was not made here, was altered, or was revoked."""

    code = "link.invalid"


class Forbidden(AppError):
    """The principal may not do this."""

    code = "forbidden"
    status = 403


class NoSuchLesson(AppError):
    """No lesson of this id or name."""

    code = "lesson.unknown"
    status = 404


class NoSuchSession(AppError):
    """The media session is gone or never was this principal's."""

    code = "media.session_unknown"
    status = 404


class StaleEtag(AppError):
    """If-Match names an older ICE session (RFC 9725 4.3.3)."""

    code = "media.session_stale"
    status = 412


class NeedsEtag(AppError):
    """A PATCH without If-Match."""

    code = "media.session_etag"
    status = 428


class SheetUnreadable(AppError):
    """The file is no table that can be read as XLSX or CSV: damaged, empty, or text that is neither UTF-8 nor GB18030."""

    code = "sheet.unreadable"
    status = 422


class SheetType(AppError):
    """The file is of another type: the old Excel format, a document, a picture, a protected workbook."""

    code = "sheet.type"
    status = 422


class SheetTooLarge(AppError):
    """The file has more bytes, rows, columns or characters in a cell than we take; `what` and `limit` say which."""

    code = "sheet.too_large"
    status = 422


class SheetUnsafe(AppError):
    """The file is built to harm its reader: it unpacks to far more than it is, or declares XML entities."""

    code = "sheet.unsafe"
    status = 422


class ImportRefused(AppError):
    """The table to be imported has bad cells; nothing was written. `cells` says how many."""

    code = "import.refused"
    status = 422


class PairingGone(AppError):
    """The pairing code is over, used, or another room's."""

    code = "pairing.gone"
    status = 409


class KnockGone(AppError):
    """Nobody knocks any more: it was answered, or its time is over."""

    code = "knock.gone"
    status = 409


class BookingClash(AppError):
    """A room, class or teacher is booked by another lesson at that time; `what`, `day` and `time` name it."""

    code = "booking.clash"
    status = 409


class TooManyLessons(AppError):
    """The weekly places of one course are more lessons than a term has room for; `limit` and `count` say how many."""

    code = "course.too_many"
    status = 422


class LastAdmin(AppError):
    """Somebody must remain who may do everything."""

    code = "person.last_admin"
    status = 409


class PlaceTaken(AppError):
    """Another principal already publishes into this place (S4)."""

    code = "place.taken"
    status = 409


class WrongPhase(AppError):
    """The lesson's life does not allow this now (S8)."""

    code = "lesson.phase"
    status = 409


class StageFull(AppError):
    """Four are on stage already."""

    code = "stage.full"
    status = 409


class NoHand(AppError):
    """No hand is up in a room that is here."""

    code = "hand.none"
    status = 409


class MicAsk(AppError):
    """The room cannot open its microphone now: only the teacher can, and may be asked."""

    code = "mic.ask"
    status = 409


class NoSuchParticipant(AppError):
    """Nobody of this id takes part."""

    code = "participant.unknown"
    status = 404


class BadSdp(AppError):
    """The SDP cannot be read."""

    code = "sdp.malformed"
    status = 400


class UnacceptableOffer(AppError):
    """The SDP can be read and not be answered."""

    code = "sdp.unacceptable"
    status = 422


class BadSlots(AppError):
    """Slot or source names that do not fit the offer or the role."""

    code = "sdp.names"
    status = 422


class StoreUnavailable(AppError):
    """The database does not answer now; try again in a moment."""

    code = "store.unavailable"
    status = 503


class MediaUnavailable(AppError):
    """No media worker answers now; try again in a moment."""

    code = "media.unavailable"
    status = 503


class PhonesForbidden(AppError):
    """The school lets no pupils' devices in (S5)."""

    code = "phones.forbidden"
    status = 403


class PhonesClosed(AppError):
    """The room lets no devices in now, or not any more."""

    code = "phones.closed"
    status = 409


class SeatUnknown(AppError):
    """The room has no seat of this number."""

    code = "seat.unknown"
    status = 422


class SeatTaken(AppError):
    """A device sits there already."""

    code = "seat.taken"
    status = 409


class NoPin(AppError):
    """The room has no PIN that would open its assistant's panel."""

    code = "panel.no_pin"
    status = 422


class WrongPin(AppError):
    """Not the room's PIN."""

    code = "panel.wrong_pin"
    status = 422


class SeatTicketOver(Unauthenticated):
    """The code on the big screen has changed meanwhile."""

    code = "seat.ticket"


class BadPicture(AppError):
    """The picture cannot be read."""

    code = "picture.unreadable"
    status = 422


class NoSuchBoardPage(AppError):
    """The board has no such sheet, or the sheet no such page."""

    code = "board.page"
    status = 404


class BoardFull(AppError):
    """The board takes no more; `what` (sheets, pages, items, points, bytes, events) and `limit` say of what."""

    code = "board.full"
    status = 409


class PenElsewhere(AppError):
    """Only the teacher and the one room that has the pen draw and turn pages."""

    code = "pen.elsewhere"
    status = 409


class PenOffStage(AppError):
    """Only a room on stage is given the pen."""

    code = "pen.off_stage"
    status = 409


class NoSuchCourseware(AppError):
    """The lesson has no such courseware, or its pages are not drawn yet."""

    code = "courseware.unknown"
    status = 404


class CoursewareInUse(AppError):
    """The courseware lies on the board: it is taken off there before it is deleted."""

    code = "courseware.in_use"
    status = 409


class CoursewareFull(AppError):
    """The lesson has as many files as it may have; `limit` says how many."""

    code = "courseware.full"
    status = 409


class CoursewareType(AppError):
    """The file is no PDF, PPTX, PNG, JPEG or WebP: an old presentation, a document, SVG, one with macros."""

    code = "courseware.type"
    status = 422


class CoursewareTooLarge(AppError):
    """The file has more bytes, pages, pixels or parts than we take; `what` and `limit` say which."""

    code = "courseware.too_large"
    status = 422


class CoursewareUnreadable(AppError):
    """The file is damaged, or empty."""

    code = "courseware.unreadable"
    status = 422


class CoursewareUnsafe(AppError):
    """The file is built to harm its reader: it unpacks to far more than it is, or declares XML entities."""

    code = "courseware.unsafe"
    status = 422


class CoursewareLocked(AppError):
    """The file cannot be opened without a password."""

    code = "courseware.locked"
    status = 422


class CoursewarePageSize(AppError):
    """A page is far too large, or far too narrow; `page` says which."""

    code = "courseware.page_size"
    status = 422


class CoursewareTooSlow(AppError):
    """Drawing a page takes too much time or memory; `page` says which, 0: already opening the file."""

    code = "courseware.too_slow"
    status = 422


class CoursewareNoOffice(AppError):
    """Presentations cannot be turned into pages here: LibreOffice is not installed."""

    code = "courseware.no_office"
    status = 422


class QuizUnknown(AppError):
    """No such quiz card; it may have been discarded."""

    code = "quiz.unknown"
    status = 404


class QuizClosed(AppError):
    """The quiz card takes no more answers."""

    code = "quiz.closed"
    status = 409


class QuizBusy(AppError):
    """Another quiz card is open: one at a time."""

    code = "quiz.busy"
    status = 409


class QuizFull(AppError):
    """The lesson has had as many quiz cards as it may."""

    code = "quiz.full"
    status = 409


class QuizChoice(AppError):
    """The quiz card cannot be answered so: another type, or an option it does not have."""

    code = "quiz.choice"
    status = 422


class QuizGroup(AppError):
    """The quiz card asks an activity group that the seat is not in."""

    code = "quiz.group"
    status = 403


class QuestionUnknown(AppError):
    """No such question, or none the caller may know of."""

    code = "question.unknown"
    status = 404


class QuestionAnswered(AppError):
    """The question is answered already."""

    code = "question.answered"
    status = 409


class QuestionsWaiting(AppError):
    """The seat has `most` questions that nobody answered yet."""

    code = "question.waiting"
    status = 429


class NotRecording(AppError):
    """Nothing is being recorded that could be paused or go on."""

    code = "record.off"
    status = 409


class AnnouncementUnknown(AppError):
    """No such announcement, or another room's."""

    code = "announcement.unknown"
    status = 404


class GroupUnknown(AppError):
    """No such activity group."""

    code = "group.unknown"
    status = 404


class PickNobody(AppError):
    """There is nobody left to be drawn by lot."""

    code = "pick.nobody"
    status = 409


class RecordingNotReady(AppError):
    """Nothing can be watched of it yet, or nothing was captured; `state` says which."""

    code = "recording.not_ready"
    status = 409


class RecordingBusy(AppError):
    """It is captured or made playable now, the library plays it, or there is nothing of it to do this with."""

    code = "recording.busy"
    status = 409


class RecordingUnreadable(AppError):
    """What was captured could not be made playable, three times."""

    code = "recording.unreadable"
    status = 500


class RecordingGone(AppError):
    """Its time is over, or an office removed it."""

    code = "recording.gone"
    status = 410


class ReplayOver(AppError):
    """The address of a replay's file is hours old: the page has newer ones."""

    code = "replay.over"
    status = 410


class LessonNotOver(AppError):
    """A resource is made of a lesson that has ended."""

    code = "resource.not_over"
    status = 409


class NotRecorded(AppError):
    """Of this lesson there is no recording that can be played, or not (any more) of this part."""

    code = "resource.not_recorded"
    status = 409


class ResourceState(AppError):
    """The resource stands elsewhere (`state`) than where this can be done."""

    code = "resource.state"
    status = 409


class ResourceIncomplete(AppError):
    """Something that a public resource must say is not said yet."""

    code = "resource.incomplete"
    status = 422


class ResourceWithdrawn(AppError):
    """The resource was public and is not any more."""

    code = "resource.withdrawn"
    status = 410


def _tree(root: type[AppError]) -> Iterator[type[AppError]]:
    yield root
    for child in root.__subclasses__():
        yield from _tree(child)


BY_CODE: dict[str, type[AppError]] = {cls.code: cls for cls in _tree(AppError)}
"""Every refusal by its code."""
