"""Subjects, weekdays, weeks, special days, links of people."""

from server.web.timetable.courses import SUBJECTS

KEYS = (
    *(f"subject.{code}" for code in SUBJECTS),
    *(f"weekday.{n}" for n in range(1, 8)),
    *(f"weeks.{word}" for word in ("all", "odd", "even")),
    *(f"calendar.day.{kind}" for kind in ("off", "work", "usual")),
    *(f"people.{key}" for key in ("link.invitation", "link.reset", "invite", "reset", "enable", "disable")),
    *(f"feed.{key}" for key in ("draw", "redraw", "cancelled", "substitute")),
)
