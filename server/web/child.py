"""`/child`: a parent's home: the own child's week."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from server.errors import Invalid
from server.school.child import DAYS, ChildLesson, weeks
from server.web.answers import page
from server.web.callers import caller_of
from server.web.doors import Doors
from server.web.keys import OFFICE, SETTINGS
from server.web.local import day_of, start_of

YEARS_DAYS = 3660


async def show(request: web.Request) -> web.Response:
    """`GET /child[?day=YYYY-MM-DD]`: the week of a day."""
    caller, office = await caller_of(request), request.app[OFFICE]
    name = request.app[SETTINGS].timezone
    today = day_of(office.now(), name)
    monday = _monday(request.query.get("day"), today)
    children = await weeks(office, caller, ZoneInfo(name), start_of(monday.isoformat(), name))
    days = [monday + timedelta(days=n) for n in range(DAYS)]
    context = {
        "children": [(child, [(day, [one for one in child.lessons if _day(one, name) == day]) for day in days]) for child in children],
        "today": today,
        "before": monday - timedelta(days=DAYS),
        "after": monday + timedelta(days=DAYS),
    }
    return page(request, "child.html", context)


def _day(lesson: ChildLesson, zone: str) -> date:
    return datetime.fromtimestamp(lesson.starts_at / 1000, ZoneInfo(zone)).date()


def _monday(text: str | None, today: date) -> date:
    try:
        day = date.fromisoformat(text) if text else today
    except ValueError as error:
        raise Invalid({"day": "format"}) from error
    if abs((day - today).days) > YEARS_DAYS:
        raise Invalid({"day": "high"})
    return day - timedelta(days=day.weekday())


def add_routes(doors: Doors) -> None:
    """The address of the child's week."""
    doors.get("/child", show, "student.see")
