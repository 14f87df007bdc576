"""Subjects, weekdays, weeks, special days, links of people."""

from typing import get_args

from server.school.timetable import What
from server.web.timetable.courses import SUBJECTS

KEYS = (
    *(f"subject.{code}" for code in SUBJECTS),
    *(f"weekday.{n}" for n in range(1, 8)),
    *(f"weeks.{word}" for word in ("all", "odd", "even")),
    *(f"calendar.day.{kind}" for kind in ("off", "work", "usual")),
    *(f"people.{key}" for key in ("link.invitation", "link.reset", "invite", "reset", "enable", "disable")),
    *(f"course.what.{what}" for what in get_args(What)),
    *(f"course.{key}.words" for key in ("close", "reopen")),
    *(f"lesson.teacher.{key}" for key in ("self", "later")),
    *(f"feed.{key}" for key in ("draw", "redraw", "cancelled", "substitute")),
)
