"""What the log says about `record`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from server.domain.record.events import RecordStarted

Mode = Literal["off", "on", "paused"]


@dataclass(frozen=True, slots=True)
class Record:
    """The one recording of a lesson."""

    recording: str = ""
    """Opaque; empty: nothing was recorded yet."""
    mode: Mode = "off"
    since: int | None = None
    """When what is being recorded now began, lesson time in ms; None: nothing arrives, for a pause, a break or because it is off."""
    before: int = 0
    """Recorded before that, ms."""
    on_air: bool = False
    """The lesson is live: in a break nothing arrives."""
    at_end: Mode = "off"
    """As it was when the lesson ended: a lesson that is reopened goes on so."""


def _flowing(state: Record, at: int) -> Record:
    """Begin or go on to count at `at`, if something arrives now; else what arrived until then is counted up."""
    if state.mode == "on" and state.on_air:
        return state if state.since is not None else replace(state, since=at)
    if state.since is None:
        return state
    return replace(state, since=None, before=state.before + max(0, at - state.since))


def _started(state: Record, event: RecordStarted, at: int) -> Record:
    return _flowing(replace(state, recording=event.recording, mode="on"), at)


def _paused(state: Record, _: Any, at: int) -> Record:
    return _flowing(replace(state, mode="paused"), at)


def _resumed(state: Record, _: Any, at: int) -> Record:
    return _flowing(replace(state, mode="on"), at)


def _stopped(state: Record, _: Any, at: int) -> Record:
    return _flowing(replace(state, mode="off"), at)


def _on_air(state: Record, _: Any, at: int) -> Record:
    return _flowing(replace(state, on_air=True), at)


def _break(state: Record, _: Any, at: int) -> Record:
    return _flowing(replace(state, on_air=False), at)


def _ended(state: Record, _: Any, at: int) -> Record:
    return _flowing(replace(state, on_air=False, at_end=state.mode), at)


FOLD: Mapping[str, Callable[[Record, Any, int], Record]] = {
    "record.started": _started,
    "record.paused": _paused,
    "record.resumed": _resumed,
    "record.stopped": _stopped,
    "lesson.live": _on_air,
    "lesson.reopened": _on_air,
    "lesson.paused": _break,
    "lesson.ended": _ended,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
