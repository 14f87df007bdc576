"""Events of `director`."""

from __future__ import annotations

from typing import ClassVar, Literal

from server.domain.payload import Payload

Layout = Literal["teacher", "screen", "courseware", "side", "pip", "stage"]
"""The teacher, the shared screen, the courseware, teacher and courseware side by side, the teacher small in its corner, the stage."""
Choice = Literal["auto", "teacher", "screen", "courseware", "side", "pip", "stage"]
"""A layout chosen by hand, or `auto`: by the rules."""


class LayoutChanged(Payload, frozen=True, kw_only=True):
    """The rooms see another layout. Changes by rule need no event: the events that make them say so (`layout_of`)."""

    kind: ClassVar[str] = "layout.changed"
    layout: Choice
    by: Literal["hand"] = "hand"


EVENTS: tuple[type[Payload], ...] = (LayoutChanged,)
