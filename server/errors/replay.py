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


class ReplayOver(AppError):
    """The address of a replay's file is hours old: the page has newer ones."""

    code = "replay.over"
    status = 410
