"""When the weekly places of a course are held in its term (S9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from server.domain.calendar import Bell, Slot, Term, bell_on, followed_days, moment
from server.domain.course import Course
from server.domain.replan import Held


@dataclass(frozen=True, slots=True)
class Days:
    """A term and the period tables that count in it; courses of one school share what is found out."""

    term: Term
    bells: Sequence[Bell]
    zone: ZoneInfo
    _known: dict[tuple[int, int, str], list[tuple[str, str, tuple[int, int] | None]]] = field(default_factory=dict)

    def of(self, slot: Slot) -> list[tuple[str, str, tuple[int, int] | None]]:
        """Day followed, day held, begin and end (None: no period table counts then) of a slot; not: days without its period."""
        shape = (slot.weekday, slot.period, slot.weeks)
        if shape not in self._known:
            self._known[shape] = list(self._find(slot))
        return self._known[shape]

    def _find(self, slot: Slot) -> Iterator[tuple[str, str, tuple[int, int] | None]]:
        for day, like in followed_days(self.term, slot):
            bell = bell_on(self.bells, day)
            if bell is None:
                yield like.isoformat(), day.isoformat(), None
            elif times := bell.periods.get(slot.period):
                begins, ends = (moment(day, hour, self.zone) for hour in times)
                yield like.isoformat(), day.isoformat(), (begins, ends)


def held(course: Course, days: Days) -> dict[str, Held | None]:
    """Occurrence → when it is held; None: no period table counts on its day. A closed course has none."""
    found: dict[str, Held | None] = {}
    for slot in course.slots if course.closed_at is None else ():
        for like, day, times in days.of(slot):
            key = f"{slot.id}@{like}"
            found[key] = Held(key, day, slot.period, *times) if times else None
    return found
