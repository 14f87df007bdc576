"""`/timetable`: a week of lessons."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from aiohttp import web

from server.accounts.caller import Caller
from server.domain.calendar import Term
from server.domain.orgs import Org
from server.errors import Invalid, NotThere
from server.school.terms import calendar
from server.school.today import Item, Today, today
from server.web.again import Again, first
from server.web.answers import page
from server.web.callers import caller_of
from server.web.doors import Doors
from server.web.home import on_board
from server.web.keys import OFFICE, PEOPLE, SETTINGS
from server.web.local import day_of


async def show(request: web.Request, _: Again) -> web.Response:
    """`GET /timetable[?day=YYYY-MM-DD][&org=ID]`: the week of a day; an office looks at one of its schools at a time."""
    caller, office = await caller_of(request), request.app[OFFICE]
    zone = ZoneInfo(request.app[SETTINGS].timezone)
    caller.need_anywhere("lesson.see")
    now_day = day_of(office.now(), request.app[SETTINGS].timezone)
    monday = _monday(request.query.get("day"), now_day)
    begin = int(datetime.combine(monday, datetime.min.time(), zone).timestamp() * 1000)
    schools, school = await _school(request, caller)
    asked = not schools or school is not None
    found = await today(office, caller, zone, 7, begin, within=school.path if school else "") if asked else Today((), None)
    days = [monday + timedelta(days=n) for n in range(7)]
    term = await _term(request, caller, school, monday)
    by_day = {day: [item for item in found.items if _local(item, zone) == day] for day in days}
    context = {
        "days": days,
        "shown_days": [day for day in days if by_day[day] or _teaches(term, day)],
        "now_day": now_day,
        "by_day": by_day,
        "periods": _periods(found.items),
        "term": term,
        "week": term.week(monday) if term else None,
        "special": {day: term.days[day] for day in days if term and day in term.days},
        "before": monday - timedelta(days=7),
        "after": monday + timedelta(days=7),
        "names": await request.app[PEOPLE].names([item.lesson.teacher for item in found.items if item.lesson.teacher]),
        "orgs": await office.orgs.many({item.lesson.org for item in found.items if item.lesson.org}),
        "schools": schools,
        "school": school,
        "may_create": bool(caller.scopes("lesson.create")),
    }
    return page(request, "timetable/week.html", context)


async def _school(request: web.Request, caller: Caller) -> tuple[list[Org], Org | None]:
    """The schools an office chooses from (empty for others), and the chosen one."""
    if not on_board(caller):
        return [], None
    office, scopes = request.app[OFFICE], caller.scopes("lesson.see")
    schools = [one for one in await office.orgs.under(scopes) if one.tier in ("school", "point") and one.closed_at is None]
    asked = request.query.get("org", "")
    chosen = next((one for one in schools if one.id == asked), None)
    if asked and chosen is None:
        raise NotThere
    return schools, chosen


def _monday(text: str | None, now_day: date) -> date:
    try:
        day = date.fromisoformat(text) if text else now_day
    except ValueError as error:
        raise Invalid({"day": "format"}) from error
    if abs((day - now_day).days) > 3660:
        raise Invalid({"day": "high"})
    return day - timedelta(days=day.weekday())


def _teaches(term: Term | None, day: date) -> bool:
    """A column of its own even without lessons: a weekday, or a weekend's make-up day."""
    return day.isoweekday() <= 5 or (term is not None and day in term.days and term.days[day].kind == "work")


def _local(item: Item, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp((item.lesson.starts_at or 0) / 1000, zone).date()


def _periods(items: tuple[Item, ...]) -> list[int]:
    """Rows of the grid: the periods there are, and at the end 0 for lessons outside any."""
    return sorted({item.lesson.period or 0 for item in items}, key=lambda period: (period == 0, period))


async def _term(request: web.Request, caller: Caller, school: Org | None, monday: date) -> Term | None:
    """The term of this week in the school that is looked at, else where the caller belongs."""
    office = request.app[OFFICE]
    home = school or await office.orgs.get(caller.org)
    known = await calendar(office).terms(home.path) if home else []
    return next((one for one in known if one.first_day <= monday + timedelta(days=6) and monday <= one.last_day), None)


def add_routes(doors: Doors) -> None:
    """The address of the week."""
    doors.get("/timetable", first(show), "lesson.see")
