"""Tables that are read in."""

from __future__ import annotations

from server.errors.base import AppError


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
