"""Courses whose lessons are not where the calendar, the bells and their weekly places want them now: to be published again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from server.accounts.office import Office
from server.domain.course import Course
from server.domain.replan import Changes, changes
from server.school.occurrences import Days, held
from server.school.terms import calendar
from server.store.courses import CourseStore
from server.store.schedule import MadeLesson

BATCH = 25
"""Courses compared at once: others get their turn in between."""


@dataclass(frozen=True, slots=True)
class Behind:
    """One of them."""

    course: Course
    make: int
    """Lessons that publishing would make."""
    move: int
    cancel: int


async def behind(office: Office, path: str, zone: ZoneInfo) -> list[Behind]:
    """Those that schools under a path teach, by name. A course never published is not behind."""
    now = office.now()
    today = datetime.fromtimestamp(now / 1000, zone).date()
    known = await CourseStore(office.database).under([path])
    homes = await office.orgs.many({one.org for one in known})
    known = [one for one in known if homes[one.org].path.startswith(path)]
    terms = {term: await calendar(office).term(term) for term in {one.term for one in known}}
    running = {term.id: term for term in terms.values() if term is not None and term.last_day >= today}
    known = [one for one in known if one.term in running]
    bells = await calendar(office).bells_of({homes[one.org].path for one in known})
    days = {(one.org, one.term): Days(running[one.term], bells[homes[one.org].path], zone) for one in known}
    found = []
    for begin in range(0, len(known), BATCH):
        batch = known[begin : begin + BATCH]
        made = await office.schedule.made_of([one.id for one in batch])
        found += [_compared(one, days[one.org, one.term], made[one.id], now) for one in batch if one.id in made]
    return [one for one in found if one.make or one.move or one.cancel]


def _compared(course: Course, days: Days, made: Sequence[MadeLesson], now: int) -> Behind:
    todo: Changes[MadeLesson] = changes(held(course, days), made, now)
    return Behind(course, len(todo.fresh), len(todo.shifted), len(todo.stale))
