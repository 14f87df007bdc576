"""`/lessons/ID/assistants`: who assists in one lesson is named, or no more."""

from __future__ import annotations

from aiohttp import web

from server.school import assistants
from server.web.again import posts
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import OFFICE
from server.web.timetable.lessons import show


@posts(show, "assistant")
async def add(request: web.Request) -> web.Response:
    """`POST /lessons/ID/assistants`."""
    form = await read_form(request, assistants.AddAssistant, token=csrf_token(request))
    new = await assistants.add(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], form)
    return done(request, f"/lessons/{request.match_info['lesson']}", {"id": new})


@posts(show, "assistant")
async def end(request: web.Request) -> web.Response:
    """`POST /lessons/ID/assistants/end`."""
    form = await read_form(request, assistants.EndAssistant, token=csrf_token(request))
    await assistants.end(request.app[OFFICE], await caller_of(request), request.match_info["lesson"], form)
    return done(request, f"/lessons/{request.match_info['lesson']}")


def add_routes(doors: Doors) -> None:
    """Addresses of a lesson's assistants."""
    doors.post("/lessons/{lesson}/assistants", add, "lesson.edit")
    doors.post("/lessons/{lesson}/assistants/end", end, "lesson.edit")
