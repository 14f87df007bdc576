"""Slips of paper for parents: printed by the class, one for each student; and whom they let in."""

from __future__ import annotations

import msgspec
import segno
from aiohttp import web

from server.school.fields import Id
from server.web.again import posts
from server.web.answers import json_answer, page, wants_page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import OFFICE, PARENTS, SETTINGS
from server.web.school.classes import show
from server.web.visitor import visitor


class Issue(msgspec.Struct, frozen=True):
    """For whom; for the whole class without."""

    student: Id | None = None


class EndParent(msgspec.Struct, frozen=True):
    """Which assignment."""

    assignment: Id


@posts(show, "students")
async def issue(request: web.Request) -> web.Response:
    """`POST /classes/ID/slips`: the page that answers is to be printed; it is shown this once."""
    caller, office = await caller_of(request), request.app[OFFICE]
    form = await read_form(request, Issue, token=csrf_token(request))
    slips = await request.app[PARENTS].issue(caller, request.match_info["class"], form.student or "")
    base = request.app[SETTINGS].public_url or visitor(request).origin
    if not wants_page(request):
        return json_answer({"slips": [{"number": one.number, "link": f"{base}/slip/{one.token}"} for one in slips]})
    found, org = await office.school_class(caller, request.match_info["class"], "slip.issue")
    shown = [(one, f"{base}/slip/{one.token}", _picture(f"{base}/slip/{one.token}")) for one in slips]
    return page(request, "school/slips.html", {"class_": found, "org": org, "slips": shown})


def _picture(link: str) -> str:
    return segno.make(link).svg_inline(scale=3, border=2, svgclass=None, lineclass=None, omitsize=False)


@posts(show, "students")
async def end(request: web.Request) -> web.Response:
    """`POST /classes/ID/parents/end`."""
    form = await read_form(request, EndParent, token=csrf_token(request))
    group = await request.app[PARENTS].end(await caller_of(request), form.assignment)
    return done(request, f"/classes/{group}")


def add_routes(doors: Doors) -> None:
    """Addresses of parents' slips."""
    doors.post("/classes/{class}/slips", issue, "slip.issue")
    doors.post("/classes/{class}/parents/end", end, "slip.issue")
