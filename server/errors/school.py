"""Timetable, courses, people, and the room's box."""

from __future__ import annotations

from server.errors.base import AppError


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
