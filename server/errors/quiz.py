"""Quiz cards and pupils' questions."""

from __future__ import annotations

from server.errors.base import AppError


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
