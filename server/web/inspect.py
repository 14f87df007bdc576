"""`/inspect`: what is live in the own tier, in small pictures; one of them large, with the inspector's notes beside it."""

from __future__ import annotations

import time
from zoneinfo import ZoneInfo

from aiohttp import web

from server.accounts.turn import as_rtc
from server.school import inspection
from server.school.inspection import NewNote, Note
from server.web.answers import json_answer, page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.entitled import RESIDENT
from server.web.forms import read_form
from server.web.keys import ICE, OFFICE, SETTINGS
from server.web.school.orgs import Empty


async def show(request: web.Request) -> web.Response:
    """`GET /inspect`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    lessons = await inspection.going_on(office, caller, ZoneInfo(request.app[SETTINGS].timezone))
    orgs = await office.orgs.many({one.org for one in lessons if one.org})
    servers = request.app[ICE].servers(caller.id, int(time.time()))
    context = {
        "lessons": [{"id": one.id, "name": one.name, "school": orgs[one.org].name if one.org in orgs else ""} for one in lessons],
        "admission": f"{RESIDENT}viewer",
        "csrf_live": csrf_token(request),
        "media": {"ice_servers": as_rtc(servers)},
    }
    return page(request, "inspect.html", context)


async def listed(request: web.Request) -> web.Response:
    """`GET /inspect/L/notes`: the caller's own."""
    found = await inspection.notes(request.app[OFFICE], await caller_of(request), request.match_info["lesson"])
    return json_answer({"notes": [_shown(note) for note in found]})


async def write(request: web.Request) -> web.Response:
    """`POST /inspect/L/notes`: `{"at", "text"}`."""
    form = await read_form(request, NewNote, token=csrf_token(request))
    note = await inspection.write(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], form)
    return json_answer(_shown(note), 201)


async def remove(request: web.Request) -> web.Response:
    """`POST /inspect/L/notes/N/remove`."""
    await read_form(request, Empty, token=csrf_token(request))
    await inspection.remove(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], request.match_info["note"])
    return json_answer({})


def _shown(note: Note) -> dict[str, object]:
    return {"id": note.id, "at": note.at, "written": note.written, "text": note.text}


def add_routes(doors: Doors) -> None:
    """Addresses of the inspector."""
    doors.get("/inspect", show, "lesson.inspect")
    doors.get("/inspect/{lesson}/notes", listed, "lesson.inspect")
    doors.post("/inspect/{lesson}/notes", write, "lesson.inspect")
    doors.post("/inspect/{lesson}/notes/{note}/remove", remove, "lesson.inspect")
