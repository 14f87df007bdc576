"""A term with bells and a course in the tests' counties: Mondays, third period, from x1.r1 to x1p.r1 and x2.r1."""

from __future__ import annotations

import datetime as dt
from typing import Any

from server.domain.calendar import Term
from server.domain.course import Course
from server.domain.schedule import ScheduledLesson
from server.school import courses, terms, timetable
from tests.server.services import ZONE, Services

BELL = "08:00-08:40 08:50-09:30 10:00-10:40 10:50-11:30"


async def make_term(process: Services, org: str = "x", **dates: str) -> Term:
    """From 1 September 2026, a Tuesday, to 20 January; the tests' now is Monday of week 4, in the evening."""
    given = {"first_day": "2026-09-01", "last_day": "2027-01-20", "week_one": "2026-08-31"} | dates
    return await terms.create_term(process.office, await process.caller("n.admin"), org, terms.NewTerm(name="T", **given))


async def make_bell(process: Services, org: str = "x", lines: str = BELL, since: str = "2026-09-01") -> str:
    """A period table; its id."""
    form = terms.NewBell(name="B", valid_from=since, lines=lines)
    return (await terms.create_bell(process.office, await process.caller("n.admin"), org, form)).id


def form(term: str, **values: Any) -> courses.NewCourse:
    """A course of mathematics."""
    usual: dict[str, Any] = {
        "name": "三年级数学",
        "subject": "maths",
        "stage": "primary",
        "grade": "3",
        "edition": "人教版",
        "volume": "上册",
    }
    who = {"teacher": "x1.teacher", "standing_group": "g.x", "school_class": "x1.c1"}
    return courses.NewCourse(term=term, **(usual | who | values))


async def make_course(process: Services, *slots: tuple[int, int, str], term: str = "", **values: Any) -> Course:
    """A course with weekly places (weekday, period, weeks); with its term and bells, unless a term is given."""
    if not term:
        term = (await make_term(process)).id
        await make_bell(process)
    who = await process.caller("x.admin")
    course = await courses.create(process.office, who, "x1", form(term, **values))
    for number, (weekday, period, weeks) in enumerate(slots, 1):
        slot = courses.AddSlot(weekday=weekday, period=period, weeks=weeks, version=number)
        await courses.slot_added(process.office, who, course.id, slot)
    return course


async def publish(process: Services, course: Course, who: str = "x.admin") -> int:
    """Make its lessons; how many were made."""
    return (await published(process, course, who)).made


async def published(process: Services, course: Course, who: str = "x.admin") -> timetable.Published:
    """Make, move and cancel its lessons; how many of each."""
    return await timetable.publish(process.office, await process.caller(who), course.id, ZONE)


async def lessons_of(process: Services, course: Course) -> list[ScheduledLesson]:
    """Its lessons, by time."""
    return await process.office.schedule.of_course(course.id)


def local(lesson: ScheduledLesson) -> str:
    """When a lesson begins, as the school says it: `09-28 10:00`."""
    return dt.datetime.fromtimestamp((lesson.starts_at or 0) / 1000, ZONE).strftime("%m-%d %H:%M")
