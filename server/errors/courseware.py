"""Files that become pages of a board."""

from __future__ import annotations

from server.errors.base import AppError


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
