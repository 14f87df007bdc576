"""The running lesson: its life, stage, hands, microphones, board, recording, announcements, tools."""

from __future__ import annotations

from server.errors.base import AppError


class NoSuchLesson(AppError):
    """No lesson of this id or name."""

    code = "lesson.unknown"
    status = 404


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
