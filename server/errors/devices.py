"""Pupils' devices, seats, and the assistant's panel."""

from __future__ import annotations

from server.errors.accounts import Unauthenticated
from server.errors.base import AppError


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
