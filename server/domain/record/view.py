"""Who sees what of `record` (S16): REC is visible in every room (S13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import EVERYBODY, Audience, Seen

_ALL = Seen(all=EVERYBODY)

AUDIENCE: Mapping[str, Seen] = {
    "record.started": _ALL,
    "record.paused": _ALL,
    "record.resumed": _ALL,
    "record.stopped": _ALL,
}


def project(state: LessonState, _: Audience, __: Lookup) -> dict[str, Any]:
    """The part `record`: which one, whether it runs, since when, and how much there was before."""
    record = state.record
    return {"recording": record.recording, "mode": record.mode, "since": record.since, "before": record.before}
