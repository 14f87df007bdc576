"""The Chinese school's calendar (S9): terms with teaching weeks, holidays, make-up days (调休), periods (第几节). Pure.

A make-up day follows the timetable of the day it stands for, week parity included. That day itself must be off, so its lessons are
moved, never doubled: an occurrence is named by the day whose timetable it follows, wherever it is held. Lessons made before the
calendar changed follow when their course is published again (`server.domain.replan`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Literal

DAYS_OF_TERM = 250
"""A longer term is a mistake."""
_RANGE = re.compile(r"(\d{1,2})(?:-(\d{1,2}))?")


class BadWeeks(ValueError):
    """A weeks expression that cannot be read."""


@dataclass(frozen=True, slots=True)
class TermDay:
    """A day that is not what its weekday says."""

    day: date
    kind: Literal["off", "work"]
    stands_for: date | None
    """Of a make-up day: the day whose timetable is followed."""
    name: str


@dataclass(frozen=True, slots=True)
class Term:
    """One school term."""

    id: str
    org: str
    name: str
    first_day: date
    last_day: date
    week_one: date
    """Monday of teaching week 1."""
    version: int
    days: Mapping[date, TermDay] = field(default_factory=dict)

    def week(self, day: date) -> int:
        """Teaching week of a day; below 1 before week 1."""
        return (day - self.week_one).days // 7 + 1

    @property
    def weeks(self) -> int:
        """The last teaching week."""
        return self.week(self.last_day)

    def teaches_as(self, day: date) -> date | None:
        """The day whose timetable is followed on `day`; None: outside the term, or off."""
        if not self.first_day <= day <= self.last_day:
            return None
        special = self.days.get(day)
        if special is None:
            return day
        return special.stands_for if special.kind == "work" else None

    def every_day(self) -> Iterator[date]:
        """All days of the term."""
        return (self.first_day + timedelta(days=n) for n in range((self.last_day - self.first_day).days + 1))


Period = tuple[int, str, str]
"""Number, begin and end (`HH:MM`) of a period."""


@dataclass(frozen=True, slots=True)
class Bell:
    """A school's period table from a day on."""

    id: str
    org: str
    name: str
    valid_from: date
    version: int
    periods: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """Period → begin and end, `HH:MM`."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A weekly place of a course."""

    id: str
    weekday: int
    """1 Monday … 7 Sunday."""
    period: int
    weeks: str
    """`all`, `odd`, `even`, or numbers such as `1-8,10`."""


def parse_weeks(text: str, last: int) -> frozenset[int]:
    """Teaching weeks meant by an expression, from 1 to `last`; raises `BadWeeks`."""
    word, every = text.strip().lower(), range(1, last + 1)
    if word in ("all", "odd", "even"):
        return frozenset(week for week in every if word == "all" or week % 2 == (word == "odd"))
    weeks: set[int] = set()
    for part in word.replace("，", ",").split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None or int(match[1]) < 1 or int(match[2] or match[1]) < int(match[1]):
            raise BadWeeks(text)
        weeks.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return frozenset(weeks) & frozenset(every)


def days_of(term: Term, slot: Slot) -> list[date]:
    """The days on which a slot's lesson is held; raises `BadWeeks`."""
    return [day for day, _ in followed_days(term, slot)]


def followed_days(term: Term, slot: Slot) -> list[tuple[date, date]]:
    """As `days_of`, each with the day whose timetable it follows: two make-up days never follow the same one."""
    weeks = parse_weeks(slot.weeks, max(term.weeks, 1))
    followed = ((day, term.teaches_as(day)) for day in term.every_day())
    return [(day, like) for day, like in followed if like and like.isoweekday() == slot.weekday and term.week(like) in weeks]


def bell_on(bells: Iterable[Bell], day: date) -> Bell | None:
    """The period table that counts on a day: the latest that begins no later."""
    return max((bell for bell in bells if bell.valid_from <= day), key=lambda bell: bell.valid_from, default=None)


def cut(bell: Bell, begins: str, ends: str) -> tuple[Period, ...] | None:
    """The periods that a lesson at `HH:MM` touches without lying inside one of them; None: it lies inside one."""
    touched = tuple((number, *times) for number, times in sorted(bell.periods.items()) if times[0] < ends and times[1] > begins)
    inside = any(first <= begins and ends <= last for _, first, last in touched)
    return None if inside else touched


def moment(day: date, hour: str, zone: tzinfo) -> int:
    """`HH:MM` of a day in the school's time zone, UTC ms."""
    return int(datetime.combine(day, time.fromisoformat(hour), zone).timestamp() * 1000)


def term_problems(term: Term) -> dict[str, str]:
    """Field → code of what is wrong with a term."""
    wrong: dict[str, str] = {}
    if not term.first_day <= term.last_day <= term.first_day + timedelta(days=DAYS_OF_TERM):
        wrong["last_day"] = "low" if term.last_day < term.first_day else "high"
    if term.week_one.isoweekday() != 1 or abs((term.week_one - term.first_day).days) > 31:
        wrong["week_one"] = "choice"
    taken: set[date] = set()
    for special in term.days.values():
        if special.kind != "work":
            continue
        like = special.stands_for
        known = term.days.get(like) if like else None
        if like is None or known is None or known.kind != "off" or like in taken:
            wrong[f"day.{special.day.isoformat()}"] = "choice"
        if like:
            taken.add(like)
    return wrong


def bell_problems(periods: Mapping[int, tuple[str, str]]) -> dict[str, str]:
    """Field → code of what is wrong with a period table: periods follow each other and do not overlap."""
    wrong: dict[str, str] = {}
    before = "00:00"
    for number, (begins, ends) in sorted(periods.items()):
        if begins < before or ends <= begins:
            wrong[f"period.{number}"] = "low"
        before = max(before, ends)
    return wrong
