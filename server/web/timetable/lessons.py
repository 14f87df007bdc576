"""`/lessons/ID`: one lesson of the timetable; `/lessons/new`: one by hand."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from aiohttp import web

from server.domain.lesson_view import project
from server.domain.replan import NOT_BEGUN
from server.school import lessons
from server.school.bells import other_bells
from server.school.today import door_of, state_of
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import LIBRARY, OFFICE, PEOPLE, REPLAYS, SETTINGS
from server.web.local import today_of
from server.web.timetable import assistants
from server.web.timetable.courses import SUBJECTS


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /lessons/ID`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    found = await lessons.find(office, caller, request.match_info["lesson"], "lesson.see")
    seen = project(found, caller.grants, caller.id)
    rooms = await office.rooms.many([*seen.rooms, seen.master_classroom or ""])
    state = state_of(found, office.now())
    may_edit = caller.may("lesson.edit", found.where()) and state not in ("over", "cancelled")
    context = {
        "again": again,
        "lesson": seen,
        "state": state,
        "door": "" if state in ("over", "cancelled", "missed") else door_of(caller, found),
        "rooms": rooms,
        "homes": await office.orgs.many({room.org for room in rooms.values()}),
        "names": await request.app[PEOPLE].names([one for one in (found.teacher, found.instead_of) if one]),
        "teachers": await request.app[PEOPLE].listed(caller, role="teacher") if may_edit and "admin" in caller.roles else [],
        "may_edit": may_edit,
        "may_teach": caller.may("lesson.teach", found.where()),
        "replay": bool(await request.app[REPLAYS].among(caller, [found.id])),
        "may_publish": caller.may("resource.edit", found.where()) and state == "over" and await _recorded(request, found.id),
        "begun": found.phase not in NOT_BEGUN,
        "subjects": SUBJECTS,
        **await assistants.context(request, caller, found, may_edit=may_edit),
        "other_bells": {one.classroom: one for one in await other_bells(office, [seen], _zone(request))},
    }
    return page(request, "timetable/lesson.html", context)


async def _recorded(request: web.Request, lesson: str) -> bool:
    return lesson in await request.app[LIBRARY].recordings([lesson])


async def show_new(request: web.Request, again: Again) -> web.Response:
    """`GET /lessons/new`: a standing group, a time, and that is it."""
    caller, office = await caller_of(request), request.app[OFFICE]
    scopes = caller.need_scopes("lesson.create")
    rooms = await office.rooms.under(scopes)
    groups = {g.id: g for room in rooms for g in await office.groups.of_room(room.id) if g.master_classroom == room.id and not g.closed_at}
    context = {
        "again": again,
        "groups": list(groups.values()),
        "day": today_of(office.now(), request.app[SETTINGS].timezone),
        "teachers": await request.app[PEOPLE].listed(caller, role="teacher") if caller.scopes("lesson.edit") else [],
        "teaches": "teacher" in caller.roles,
        "subjects": SUBJECTS,
    }
    return page(request, "timetable/new.html", context)


def _zone(request: web.Request) -> ZoneInfo:
    return ZoneInfo(request.app[SETTINGS].timezone)


@posts(show_new, "new")
async def create(request: web.Request) -> web.Response:
    """`POST /lessons/new`."""
    form = await read_form(request, lessons.NewLesson, token=csrf_token(request))
    new = await lessons.create(request.app[OFFICE], await caller_of(request), form, _zone(request))
    return done(request, f"/lessons/{new.id}", {"id": new.id})


@posts(show, "cancel")
async def cancel(request: web.Request) -> web.Response:
    """`POST /lessons/ID/cancel`."""
    form = await read_form(request, lessons.CancelLesson, token=csrf_token(request))
    await lessons.cancel(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], form)
    return done(request, f"/lessons/{request.match_info['lesson']}")


@posts(show, "move")
async def move(request: web.Request) -> web.Response:
    """`POST /lessons/ID/move`."""
    form = await read_form(request, lessons.MoveLesson, token=csrf_token(request))
    await lessons.move(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], form, _zone(request))
    return done(request, f"/lessons/{request.match_info['lesson']}")


@posts(show, "substitute")
async def substitute(request: web.Request) -> web.Response:
    """`POST /lessons/ID/substitute`."""
    form = await read_form(request, lessons.Substitute, token=csrf_token(request))
    await lessons.substitute(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], form, _zone(request))
    return done(request, f"/lessons/{request.match_info['lesson']}")


@posts(show, "edit")
async def edit(request: web.Request) -> web.Response:
    """`POST /lessons/ID`."""
    form = await read_form(request, lessons.EditLesson, token=csrf_token(request))
    await lessons.edit(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], form)
    return done(request, f"/lessons/{request.match_info['lesson']}")


def add_routes(doors: Doors) -> None:
    """Addresses of single lessons."""
    doors.get("/lessons/new", first(show_new), "lesson.create")
    doors.post("/lessons/new", create, "lesson.create")
    doors.get("/lessons/{lesson}", first(show), "lesson.see")
    doors.post("/lessons/{lesson}", edit, "lesson.edit")
    doors.post("/lessons/{lesson}/cancel", cancel, "lesson.edit")
    doors.post("/lessons/{lesson}/move", move, "lesson.edit")
    doors.post("/lessons/{lesson}/substitute", substitute, "lesson.edit")
