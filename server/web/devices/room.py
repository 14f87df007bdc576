"""`/room`: the paired PC's own page. It opens the next lesson by itself."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from aiohttp import web

from server.accounts import cookies
from server.accounts.caller import Caller
from server.domain.permissions import Where
from server.errors import LoginNeeded
from server.school.today import Today, today
from server.web.answers import json_answer, page
from server.web.callers import caller_of
from server.web.devices.pairing import keep_device
from server.web.doors import Doors
from server.web.keys import ASSETS, OFFICE, SETTINGS

OPEN = ("soon", "live", "late")
"""States in which the page goes into the lesson by itself."""


async def show(request: web.Request) -> web.Response:
    """`GET /room`."""
    caller, found = await _room(request)
    room = await request.app[OFFICE].rooms.get(caller.grants[0].subject)
    org = await request.app[OFFICE].orgs.get(caller.org)
    context = {"room": room, "org": org, "today": found, "now": request.app[OFFICE].now(), "next": _next(found)}
    response = page(request, "devices/room.html", context)
    if bearer := cookies.read(request.cookies.get(cookies.DEVICE)):
        keep_device(request, response, bearer)
    return response


async def what_next(request: web.Request) -> web.Response:
    """`GET /room/next`: asked again and again by the page."""
    _, found = await _room(request)
    return json_answer({"now": request.app[OFFICE].now(), "build": request.app[ASSETS].build, "next": _next(found)})


async def _room(request: web.Request) -> tuple[Caller, Today]:
    caller = await caller_of(request)
    if caller.kind != "device":
        raise LoginNeeded
    caller.need("room.see", Where(subject=caller.grants[0].subject))
    return caller, await today(request.app[OFFICE], caller, ZoneInfo(request.app[SETTINGS].timezone))


def _next(found: Today) -> dict[str, object] | None:
    if found.next is None:
        return None
    lesson = found.next.lesson
    open_now = found.next.state in OPEN
    return {"name": lesson.name, "starts_at": lesson.starts_at, "state": found.next.state, "door": found.next.door if open_now else ""}


def add_routes(doors: Doors) -> None:
    """Addresses of the room's page."""
    doors.get("/room", show, "room.see")
    doors.get("/room/next", what_next, "room.see")
