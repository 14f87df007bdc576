"""Publishing and watching: sessions, SDP, workers."""

from __future__ import annotations

from server.errors.base import AppError


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


class MediaUnavailable(AppError):
    """No media worker answers now; try again in a moment."""

    code = "media.unavailable"
    status = 503
