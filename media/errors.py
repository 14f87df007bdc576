"""The error tree of the media plane. Codes travel to the server in `Refusal`; sentences are the server's matter."""

from __future__ import annotations


class MediaError(Exception):
    """A refusal with a code; the text is English, for the log."""

    code = "media.error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.code)
        self.detail = detail


class MalformedPacket(MediaError):
    """Bytes that are not what their format says: counted and dropped."""

    code = "media.malformed"


class BadSdp(MediaError):
    """An offer or fragment that cannot be read (HTTP 400)."""

    code = "sdp.malformed"


class UnacceptableOffer(MediaError):
    """A readable offer we cannot answer: no BUNDLE, no rtcp-mux, no common codec at all (HTTP 422)."""

    code = "sdp.unacceptable"


class BadSlots(MediaError):
    """Slot or source names that do not fit the offer (HTTP 422)."""

    code = "sdp.names"


class NoSuchSession(MediaError):
    """The session is gone (HTTP 404)."""

    code = "session.unknown"


class StaleEtag(MediaError):
    """If-Match names an older ICE session (HTTP 412)."""

    code = "session.stale"


class BadRecording(MediaError):
    """A recording's name that is no file name, or a track that has no place in a program."""

    code = "recording.names"


class TableFull(MediaError):
    """A bounded table is full (HTTP 503)."""

    code = "media.full"
