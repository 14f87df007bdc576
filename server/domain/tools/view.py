"""Who sees what of `tools` (S16)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.domain.lesson import LessonState
from server.domain.lookup import Lookup
from server.domain.seen import Audience, Seen

AUDIENCE: Mapping[str, Seen] = {}


def project(state: LessonState, who: Audience, lookup: Lookup) -> dict[str, Any]:
    """The part `tools` of the state, as this audience sees it."""
    return {}
