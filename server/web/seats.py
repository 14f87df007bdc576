"""Pupils' devices: the code on the big screen, choosing a seat, leaving it."""

from __future__ import annotations

import time
from typing import Annotated

import msgspec
import segno
from aiohttp import hdrs, web
from msgspec import Meta

from server.domain.permissions import LESSON_PAPER
from server.errors import BadRequest, Forbidden
from server.live.room import Room
from server.web.again import Again, first, posts
from server.web.answers import json_answer, page
from server.web.doors import Doors
from server.web.entitled import asker
from server.web.forms import done, read_form
from server.web.join import keep_admission, page_address
from server.web.keys import DOOR, LESSONS, SEAT_PAPERS, SETTINGS, SIGNER
from server.web.visitor import visitor

COOKIE = "ss_seat_choice"
SECONDS = 5 * 60
CLOSED_MS = 2_000
"""So long until a screen asks again."""
HOUR_MS = 3600 * 1000


class Sit(msgspec.Struct, frozen=True, kw_only=True):
    """Where."""

    seat: Annotated[int, Meta(ge=1, le=144)]


async def code(request: web.Request) -> web.Response:
    """`GET /class/L/code`: what the big screen shows, and for how long; nothing while the room lets no devices in."""
    who = (await asker(request)).principal
    if who.role not in ("classroom", "assistant") or who.participant is None:
        raise Forbidden
    room = await _room(request, who.lesson)
    if who.participant not in room.state.seats.open:
        return json_answer({"address": "", "picture": "", "stays": CLOSED_MS})
    ticket, stays = request.app[SEAT_PAPERS].ticket(who.lesson, who.participant)
    address = f"{visitor(request).origin}/s/{ticket}"
    return json_answer({"address": address, "picture": segno.make(address, error="l").svg_data_uri(scale=6, border=2), "stays": stays})


async def take(request: web.Request) -> web.Response:
    """`GET /s/TICKET`: the ticket leaves the address bar."""
    choice = request.app[SEAT_PAPERS].read(request.match_info["ticket"])
    response = web.Response(status=303, headers={hdrs.LOCATION: "/s", hdrs.CACHE_CONTROL: "no-store"})
    secure = visitor(request).secure
    response.set_cookie(COOKIE, choice, path="/s", max_age=SECONDS, secure=secure, httponly=True, samesite="Lax")
    return response


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /s`: the room's seats, free ones to choose from."""
    choice = request.app[SEAT_PAPERS].choice(request.cookies.get(COOKIE, ""))
    room = await _room(request, choice.lesson)
    seats, taken = room.facts.room(choice.participant).seats, room.state.seats.of(choice.participant)
    context = {
        "again": again,
        "lesson": room.state.name,
        "room": room.names.get(choice.participant, ""),
        "seats": [(n, n in taken) for n in range(1, seats + 1)],
    }
    return page(request, "seats/choose.html", context)


@posts(show)
async def sit(request: web.Request) -> web.Response:
    """`POST /s`: sit down, and go to the seat's page."""
    choice = request.app[SEAT_PAPERS].choice(request.cookies.get(COOKIE, ""))
    form = await read_form(request, Sit, token=None)
    expires = time.time_ns() // 1_000_000 + int(request.app[SETTINGS].link_hours * HOUR_MS)
    link = await request.app[LESSONS].sit_down(choice.lesson, choice.participant, form.seat, expires)
    entered = await request.app[DOOR].enter(request.app[SIGNER].link_token(link), request.cookies)
    response = done(request, page_address(entered))
    keep_admission(request, response, entered)
    response.del_cookie(COOKIE, path="/s", secure=visitor(request).secure, httponly=True, samesite="Lax")
    return response


async def leave(request: web.Request) -> web.Response:
    """`POST /seat/L/free`: `{"seat": N}` by the room's assistant or screen, or the seat's own device."""
    who = (await asker(request)).principal
    try:
        form = msgspec.json.decode(await request.read(), type=Sit)
    except msgspec.MsgspecError as error:
        raise BadRequest("not a seat") from error
    await request.app[LESSONS].stand_up(who, form.seat)
    return web.Response(status=204)


async def _room(request: web.Request, lesson: str) -> Room:
    room = await request.app[LESSONS].rooms.get(lesson)
    await room.catch_up()
    return room


def add_routes(doors: Doors) -> None:
    """Addresses of pupils' devices."""
    doors.get("/class/{lesson}/code", code, LESSON_PAPER)
    doors.get("/s/{ticket}", take, "link.enter")
    doors.get("/s", first(show), "link.enter")
    doors.post("/s", sit, "link.enter")
    doors.post("/seat/{lesson}/free", leave, LESSON_PAPER)
