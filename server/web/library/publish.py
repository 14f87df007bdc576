"""`/recordings/LESSON/publish`: from a lesson to the library in four visible steps, each a page of its own."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from server.library.desk import Desk, taught
from server.library.fields import SaveInfo, SaveSpan, Step, clock
from server.library.service import Library
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import CONTENTS, LIBRARY, PEOPLE
from server.web.library.shown import STAGES
from server.web.school.orgs import Empty
from server.web.timetable.courses import SUBJECTS

STEPS = ("span", "info", "preview", "publish")
"""取段 → 信息 → 预览 → 发布."""
INFO = ("title", "subject", "stage", "grade", "edition", "volume", "unit", "teacher")


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /recordings/LESSON/publish[?step=…]`."""
    caller = await caller_of(request)
    desk = await request.app[LIBRARY].desk(caller, request.match_info["lesson"])
    step = {"submit": "publish", "again": "publish"}.get(again.form, again.form) or request.query.get("step", "span")
    if step not in STEPS or desk.resource is None:
        step = "span"
    people = await request.app[PEOPLE].names(taught(desk))
    begin, end = desk.offsets
    context = {
        "again": again,
        "desk": desk,
        "about": desk.about,
        "standing": desk.standing,
        "steps": STEPS,
        "step": step,
        "span": {"begin": clock(begin), "end": clock(end)},
        "info": {name: getattr(desk.about, name) or "" for name in INFO} | {"summary": desk.summary},
        "missing": desk.about.missing(),
        "whole": clock(desk.recorded.length),
        "length": clock(desk.span.length),
        "teachers": [(one, people[one]) for one in taught(desk) if one in people],
        "names": people,
        "reason": await _reason(request, desk),
        "cut": (await request.app[LIBRARY].prepared(desk.lesson.id, desk.public) or "waiting") if desk.public else "",
        "may_publish": caller.may("resource.publish", desk.lesson.where()),
        "subjects": SUBJECTS,
        "stages": STAGES,
    }
    return page(request, "library/publish.html", context)


async def _reason(request: web.Request, desk: Desk) -> str:
    """Why it was withdrawn; empty: it was not, or the words were erased."""
    row = desk.resource.reason if desk.resource else None
    return (await request.app[CONTENTS].texts([row])).get(row, "") if row else ""


async def _form(request: web.Request, model: Any) -> tuple[Library, Any, str, Any]:
    form = await read_form(request, model, token=csrf_token(request))
    return request.app[LIBRARY], await caller_of(request), request.match_info["lesson"], form


@posts(show, "span")
async def span(request: web.Request) -> web.Response:
    """`POST /recordings/LESSON/publish/span`: the first time makes the draft."""
    library, caller, lesson, form = await _form(request, SaveSpan)
    await library.save_span(caller, lesson, form)
    return done(request, f"/recordings/{lesson}/publish?step=info")


@posts(show, "info")
async def info(request: web.Request) -> web.Response:
    """`POST /recordings/LESSON/publish/info`."""
    library, caller, lesson, form = await _form(request, SaveInfo)
    await library.save_info(caller, lesson, form)
    return done(request, f"/recordings/{lesson}/publish?step=preview")


@posts(show, "submit")
async def submit(request: web.Request) -> web.Response:
    """`POST /recordings/LESSON/publish/submit`: to the librarian."""
    library, caller, lesson, form = await _form(request, Step)
    await library.submit(caller, lesson, form)
    return done(request, f"/recordings/{lesson}/publish?step=publish")


@posts(show, "publish")
async def publish(request: web.Request) -> web.Response:
    """`POST /recordings/LESSON/publish`."""
    library, caller, lesson, form = await _form(request, Step)
    resource = await library.publish(caller, lesson, form)
    return done(request, f"/library/{resource}", {"id": resource})


@posts(show, "again")
async def again(request: web.Request) -> web.Response:
    """`POST /recordings/LESSON/publish/again`: what could not be cut."""
    library, caller, lesson, _ = await _form(request, Empty)
    await library.cut_again(caller, lesson)
    return done(request, f"/recordings/{lesson}/publish?step=publish")


def add_routes(doors: Doors) -> None:
    """Addresses of publishing."""
    doors.get("/recordings/{lesson}/publish", first(show), "resource.edit")
    doors.post("/recordings/{lesson}/publish/span", span, "resource.edit")
    doors.post("/recordings/{lesson}/publish/info", info, "resource.edit")
    doors.post("/recordings/{lesson}/publish/submit", submit, "resource.edit")
    doors.post("/recordings/{lesson}/publish/again", again, "resource.edit")
    doors.post("/recordings/{lesson}/publish", publish, "resource.publish")
