"""What the log says about `director`, and how an event changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from server.domain.director.events import Choice, LayoutChanged


@dataclass(frozen=True, slots=True)
class Director:
    """What the program shows: layouts, by rule and by hand."""

    mode: Choice = "auto"
    """Chosen by hand; `auto`: the rules say (`layout_of`)."""
    latest: Literal["stage", "courseware"] = "courseware"
    """What the teacher turned to last."""


def _changed(state: Director, event: LayoutChanged, _: int) -> Director:
    return replace(state, mode=event.layout)


def _to_stage(state: Director, _: Any, __: int) -> Director:
    return replace(state, latest="stage")


def _to_courseware(state: Director, _: Any, __: int) -> Director:
    return replace(state, latest="courseware")


def _shown(state: Director, event: Any, at: int) -> Director:
    return _to_courseware(state, event, at) if event.on else state


FOLD: Mapping[str, Callable[[Director, Any, int], Director]] = {
    "layout.changed": _changed,
    "stage.called": _to_stage,
    "board.turned": _to_courseware,
    "board.shown": _shown,
}
"""Event kind → the state after it, from the state, the payload and the lesson time. Kinds of other parts may be among them."""
