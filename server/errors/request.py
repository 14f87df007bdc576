"""What is wrong with a request, whatever it is about, and a database that does not answer."""

from __future__ import annotations

from collections.abc import Mapping

from server.errors.base import AppError


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


class Forbidden(AppError):
    """The principal may not do this."""

    code = "forbidden"
    status = 403


class StoreUnavailable(AppError):
    """The database does not answer now; try again in a moment."""

    code = "store.unavailable"
    status = 503
