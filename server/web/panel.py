"""The assistant's panel on a room's big screen: a PIN, and the console opens inside the screen's page (S3)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from server.accounts.panel import VALID_MS
from server.domain.permissions import LESSON_PAPER
from server.errors import BadRequest, Forbidden
from server.web.answers import json_answer
from server.web.doors import Doors
from server.web.entitled import PANEL, PANEL_COOKIE, Asker, asker
from server.web.keys import OFFICE, PANELS
from server.web.visitor import visitor


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    pin: Annotated[str, Meta(max_length=64)]


async def open_panel(request: web.Request) -> web.Response:
    """`POST /class/L/panel`: `{"pin": "…"}` by a room's screen; answers the console's address."""
    who = await _screen(request)
    try:
        form = msgspec.json.decode(await request.read(), type=Pin)
    except msgspec.MsgspecError as error:
        raise BadRequest("not a PIN") from error
    room = await _room(request, who.principal.participant or "")
    cookie = await request.app[PANELS].open(who.principal, who.admission, room, form.pin)
    lesson = who.principal.lesson
    response = json_answer({"address": f"/assist/{lesson}?a={PANEL}"})
    secure = visitor(request).secure
    response.set_cookie(PANEL_COOKIE, cookie, max_age=VALID_MS // 1000, secure=secure, httponly=True, samesite="Strict", path="/")
    return response


async def close_panel(request: web.Request) -> web.Response:
    """`POST /class/L/panel/close`: what the PIN opened is shut, also for whoever types its address."""
    await _screen(request)
    response = web.Response(status=204)
    response.del_cookie(PANEL_COOKIE, secure=visitor(request).secure, httponly=True, samesite="Strict", path="/")
    return response


async def _screen(request: web.Request) -> Asker:
    """A room's screen; raises `Forbidden` for everybody else."""
    who = await asker(request)
    if who.principal.role != "classroom" or who.principal.participant is None or not who.admission:
        raise Forbidden
    return who


async def _room(request: web.Request, participant: str) -> str:
    """The classroom that takes part as this participant; empty for one that only this lesson knows."""
    lesson = await request.app[OFFICE].schedule.lesson(request.match_info["lesson"])
    rooms = lesson.rooms.values() if lesson else ()
    return next((room.classroom for room in rooms if room.participant == participant), "")


def add_routes(doors: Doors) -> None:
    """Addresses of the panel."""
    doors.post("/class/{lesson}/panel", open_panel, LESSON_PAPER)
    doors.post("/class/{lesson}/panel/close", close_panel, LESSON_PAPER)
