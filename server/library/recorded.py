"""What the library must know of recordings: which lessons have one that can be played, and a picture of a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from server.domain.recording import CutState
from server.domain.resource import Span

Recordings = Callable[[Collection[str]], Awaitable[Mapping[str, Span]]]
"""Of these lessons those with a recording that can be played → from when to when it reaches on the lesson's clock."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A still picture."""

    data: bytes
    type: str
    """Media type."""


Prepared = Callable[[str, Span], Awaitable[CutState | None]]
"""How what others see of this span of a lesson stands; None: nobody began with it."""
Covers = Callable[[str, Span], Awaitable[Picture | None]]
"""A picture out of this span of the lesson; None: there is none (yet)."""


async def no_recordings(_: Collection[str]) -> Mapping[str, Span]:
    """Where nothing is recorded."""
    return {}


async def no_covers(_: str, __: Span) -> Picture | None:
    """Where no pictures are taken out of recordings."""
    return None


async def all_prepared(_: str, __: Span) -> CutState:
    """Where nothing must be cut."""
    return "ready"
