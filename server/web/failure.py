"""The one translation point from exceptions to refusals (style rule 6)."""

from __future__ import annotations

from aiohttp import web

from server import errors
from server.domain.refused import Refused
from server.errors import BY_CODE, AppError
from server.store import passing

_BY_STATUS: dict[int, type[AppError]] = {
    400: errors.BadRequest,
    403: errors.Forbidden,
    404: errors.NoSuchPage,
    405: errors.WrongMethod,
    413: errors.TooLarge,
    415: errors.WrongType,
    429: errors.TooMany,
}


def as_app_error(error: Exception) -> AppError:
    """The refusal an exception stands for; whatever nobody planned is `internal`."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, Refused) and error.code in BY_CODE:
        return BY_CODE[error.code](error.code, **error.params)
    if isinstance(error, web.HTTPException) and error.status in _BY_STATUS:
        return _BY_STATUS[error.status](error.reason)
    if passing(error):
        return errors.StoreUnavailable(type(error).__name__)
    return AppError(f"{type(error).__name__}: {error}")
