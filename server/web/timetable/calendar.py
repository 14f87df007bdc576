"""`/orgs/ID/calendar`: terms, days off, make-up days, period tables."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from aiohttp import web

from server.accounts.caller import at
from server.school import orgs, terms
from server.school.behind import behind
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import OFFICE, SETTINGS
from server.web.local import day_of


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /orgs/ID/calendar`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    org = await office.org(caller, request.match_info["org"], "calendar.see")
    today = day_of(office.now(), request.app[SETTINGS].timezone)
    may_edit = caller.may("calendar.edit", at(org.path))
    known, bells = await terms.calendar(office).terms(org.path), await terms.calendar(office).bells(org.path)
    owners = await office.orgs.many({one.org for one in known} | {one.org for one in bells})
    context = {
        "again": again,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "terms": known,
        "bells": bells,
        "owners": owners,
        "today": today,
        "proposal": terms.proposal(today),
        "eight": "\n".join(f"{begins}-{ends}" for begins, ends in terms.EIGHT.values()),
        "may_edit": may_edit,
        "behind": await behind(office, org.path, ZoneInfo(request.app[SETTINGS].timezone)) if may_edit else [],
        "may": {one: caller.may("calendar.edit", at(owner.path)) for one, owner in owners.items()},
    }
    return page(request, "timetable/calendar.html", context)


@posts(show, "term")
async def create_term(request: web.Request) -> web.Response:
    """`POST /orgs/ID/terms`."""
    form = await read_form(request, terms.NewTerm, token=csrf_token(request))
    new = await terms.create_term(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/orgs/{request.match_info['org']}/calendar", {"id": new.id})


@posts(show, "bell")
async def create_bell(request: web.Request) -> web.Response:
    """`POST /orgs/ID/bells`."""
    form = await read_form(request, terms.NewBell, token=csrf_token(request))
    new = await terms.create_bell(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/orgs/{request.match_info['org']}/calendar", {"id": new.id})


@posts(show, "day")
async def set_day(request: web.Request) -> web.Response:
    """`POST /orgs/ID/terms/TERM/days`."""
    form = await read_form(request, terms.SetDay, token=csrf_token(request))
    await terms.set_day(request.app[OFFICE], await caller_of(request), request.match_info["term"], form)
    return done(request, f"/orgs/{request.match_info['org']}/calendar")


@posts(show, "edit_bell")
async def edit_bell(request: web.Request) -> web.Response:
    """`POST /orgs/ID/bells/BELL`."""
    form = await read_form(request, terms.EditBell, token=csrf_token(request))
    await terms.edit_bell(request.app[OFFICE], await caller_of(request), request.match_info["bell"], form)
    return done(request, f"/orgs/{request.match_info['org']}/calendar")


def add_routes(doors: Doors) -> None:
    """Addresses of the calendar."""
    doors.get("/orgs/{org}/calendar", first(show), "calendar.see")
    doors.post("/orgs/{org}/terms", create_term, "calendar.edit")
    doors.post("/orgs/{org}/terms/{term}/days", set_day, "calendar.edit")
    doors.post("/orgs/{org}/bells", create_bell, "calendar.edit")
    doors.post("/orgs/{org}/bells/{bell}", edit_bell, "calendar.edit")
