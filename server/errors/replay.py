"""Recordings and what is watched of them."""

from __future__ import annotations

from server.errors.base import AppError


class RecordingNotReady(AppError):
    """Nothing can be watched of it yet, or nothing was captured; `state` says which."""

    code = "recording.not_ready"
    status = 409


class RecordingBusy(AppError):
    """It is captured or made playable now, the library plays it, or there is nothing of it to do this with."""

    code = "recording.busy"
    status = 409


class RecordingUnreadable(AppError):
    """What was captured could not be made playable, three times."""

    code = "recording.unreadable"
    status = 500


class RecordingGone(AppError):
    """Its time is over, or an office removed it."""

    code = "recording.gone"
    status = 410


class HlsBusy(AppError):
    """HLS is made of as many lessons as this server makes it of at once, or of none; WHEP and the lesson's pages are not touched by it."""

    code = "hls.busy"
    status = 503


class RecordingAway(AppError):
    """It is kept in a store that does not answer now."""

    code = "recording.away"
    status = 503


class RecordingStoreRefused(AppError):
    """It is kept, or should be, in a store that refuses us: the settings name another bucket or other keys than it knows."""

    code = "recording.store_refused"
    status = 503


class RecordingDamaged(AppError):
    """A file of it is not what was kept, or does not open with the keys at hand: nothing of it is given out."""

    code = "recording.damaged"
    status = 500


class RecordingDisk(AppError):
    """The disk that it lies on does not do what is asked of it."""

    code = "recording.disk"
    status = 503


class RecordingNoCapture(AppError):
    """What was captured is deleted since the files made of it were verified: there is nothing to make them from anew."""

    code = "recording.no_capture"
    status = 409


class ReplayOver(AppError):
    """The address of a replay's file is hours old: the page has newer ones."""

    code = "replay.over"
    status = 410
