"""Who sees what of `director` (S16): everybody all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import EVERYBODY, Audience, Seen

AUDIENCE: Mapping[str, Seen] = {"layout.changed": Seen(all=EVERYBODY)}


def project(state: LessonState, _: Audience, __: Lookup) -> dict[str, Any]:
    """The part `director`: what was chosen, and what the teacher turned to last."""
    return {"mode": state.director.mode, "latest": state.director.latest}
