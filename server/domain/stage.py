"""The stage: four stable positions. Who is called takes the lowest free one and keeps it until released."""

from __future__ import annotations

from collections.abc import Mapping

POSITIONS = (1, 2, 3, 4)


def free_position(stage: Mapping[int, str]) -> int | None:
    """Lowest free position, None when the stage is full."""
    return next((n for n in POSITIONS if n not in stage), None)


def position_of(stage: Mapping[int, str], participant: str) -> int | None:
    """Where the participant stands, None off stage."""
    return next((n for n, who in sorted(stage.items()) if who == participant), None)
