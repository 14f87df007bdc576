"""What became of a course's lessons when its calendar, bells or weekly places changed after they were made. Pure.

| a made lesson, not begun, not moved by hand, still to come | publishing again |
|---|---|
| its occurrence is held at another time: make-up day, other bell | moves it there |
| its occurrence is held no more: day off, no such weekly place, no such period | cancels it |
| its occurrence is held, and no period table says when | leaves it |

An occurrence whose lesson was over or cancelled on another day than the one it is held on now is made afresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from server.domain.lesson import Phase

NOT_BEGUN: frozenset[Phase] = frozenset({"scheduled", "open"})


@dataclass(frozen=True, slots=True)
class Held:
    """When one occurrence of a course is held."""

    slot: str
    """`SLOT@DAY`, DAY being the day whose timetable it follows."""
    day: str
    period: int
    starts_at: int
    """UTC ms."""
    ends_at: int


class Made(Protocol):
    """As much of a lesson as is compared."""

    @property
    def slot(self) -> str | None:
        """As `Held.slot`."""

    @property
    def day(self) -> str | None:
        """As `Held.day`."""

    @property
    def starts_at(self) -> int | None:
        """UTC ms."""

    @property
    def ends_at(self) -> int | None:
        """UTC ms."""

    @property
    def phase(self) -> Phase:
        """As lists show it."""

    @property
    def moved(self) -> bool:
        """By hand."""

    @property
    def live_at(self) -> int | None:
        """Of a lesson that was held."""


L = TypeVar("L", bound=Made)


@dataclass(frozen=True, slots=True)
class Changes(Generic[L]):
    """What publishing does; every list is in the order of time."""

    fresh: tuple[Held, ...] = ()
    """Made."""
    shifted: tuple[tuple[L, Held], ...] = ()
    """Moved."""
    stale: tuple[L, ...] = ()
    """Cancelled."""
    freed: tuple[L, ...] = ()
    """Their occurrence is made afresh: they are no longer its lesson."""
    kept: tuple[L, ...] = ()
    """Left as they are."""


def changes(held: Mapping[str, Held | None], made: Iterable[L], now: int) -> Changes[L]:
    """Compare the occurrences of a course (None: held, but nobody knows when) with the lessons made of it. `now`: UTC ms."""
    shifted: list[tuple[L, Held]] = []
    stale: list[L] = []
    freed: list[L] = []
    kept: list[L] = []
    for one in sorted(made, key=lambda lesson: lesson.starts_at or 0):
        wanted = held.get(one.slot or "")
        if wanted is not None and _elsewhere(one, wanted, now):
            freed.append(one)
        elif not _movable(one, now) or (wanted is None and one.slot in held):
            kept.append(one)
        elif wanted is None:
            stale.append(one)
        elif (one.starts_at, one.ends_at) == (wanted.starts_at, wanted.ends_at) or wanted.starts_at <= now:
            kept.append(one)
        else:
            shifted.append((one, wanted))
    there = {one.slot for one in (*kept, *(old for old, _ in shifted))}
    coming = (one for one in held.values() if one is not None and one.starts_at > now and one.slot not in there)
    fresh = sorted(coming, key=lambda one: (one.starts_at, one.slot))
    return Changes(tuple(fresh), tuple(shifted), tuple(stale), tuple(freed), tuple(kept))


def _movable(one: Made, now: int) -> bool:
    return one.phase in NOT_BEGUN and not one.moved and one.slot is not None and (one.starts_at or 0) > now


def _elsewhere(one: Made, wanted: Held, now: int) -> bool:
    """It was never held, cannot be any more, and its occurrence has been put on another day that is still to come."""
    over = one.phase not in (*NOT_BEGUN, "live", "break") or (one.ends_at or 0) <= now
    return over and one.live_at is None and not one.moved and one.day != wanted.day and wanted.starts_at > now
