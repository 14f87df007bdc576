"""The stage: four stable positions. Who is called takes the lowest free one and keeps it until released or moved."""

from __future__ import annotations

from collections.abc import Mapping

from server.domain.command import Phase

POSITIONS = (1, 2, 3, 4)
CALLING: frozenset[Phase] = frozenset({"live", "break"})
"""Phases in which somebody may be called."""


def free_position(stage: Mapping[int, str]) -> int | None:
    """Lowest free position, None when the stage is full."""
    return next((n for n in POSITIONS if n not in stage), None)


def position_of(stage: Mapping[int, str], participant: str) -> int | None:
    """Where the participant stands, None off stage."""
    return next((n for n, who in sorted(stage.items()) if who == participant), None)


def swapped(stage: Mapping[int, str], a: int, b: int) -> dict[int, str]:
    """The stage with whoever stands at `a` and `b` changed over; an empty position changes over as well."""
    moved = {a: b, b: a}
    return {moved.get(position, position): who for position, who in stage.items()}
