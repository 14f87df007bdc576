"""`POST /pair/knock` on an unpaired PC; `/lessons/ID/knocks` for the master, who lets it in for this lesson only (S5)."""

from __future__ import annotations

import time

from aiohttp import web

from server.accounts.knocks import AnswerKnock, AskKnock
from server.web.answers import json_answer
from server.web.callers import caller_of, csrf_token
from server.web.devices.pairing import COOKIE
from server.web.doors import Doors
from server.web.forms import read_form
from server.web.keys import DEVICES, KNOCKS, PAIRINGS_BY_ADDRESS
from server.web.visitor import visitor


async def knock(request: web.Request) -> web.Response:
    """`POST /pair/knock`: the room's picture."""
    request.app[PAIRINGS_BY_ADDRESS].take(visitor(request).address, time.monotonic_ns())
    form = await read_form(request, AskKnock, token=None)
    await request.app[KNOCKS].ask(request.cookies.get(COOKIE), form)
    return json_answer({"knock": "waiting"}, 202)


async def state(request: web.Request) -> web.Response:
    """`GET /pair/state`: asked again and again by the waiting page."""
    cookie = request.cookies.get(COOKIE)
    answer = await request.app[KNOCKS].answer_of(cookie)
    if answer.state not in ("none", "gone"):
        return json_answer({"paired": False, "knock": answer.state})
    waiting = await request.app[DEVICES].answer(cookie)
    return json_answer({"paired": waiting.device is not None, "knock": answer.state})


async def show_knocks(request: web.Request) -> web.Response:
    """`GET /lessons/ID/knocks`: asked by the master's console."""
    found = await request.app[KNOCKS].waiting(await caller_of(request), request.match_info["lesson"])
    return json_answer({"knocks": [{"id": one.id, "room": one.room, "picture": one.picture, "created": one.created} for one in found]})


async def answer_knock(request: web.Request) -> web.Response:
    """`POST /lessons/ID/knocks/KNOCK`."""
    form = await read_form(request, AnswerKnock, token=csrf_token(request))
    lesson, asked = request.match_info["lesson"], request.match_info["knock"]
    await request.app[KNOCKS].answer(await caller_of(request), lesson, asked, form)
    return json_answer({"allowed": form.allow == "1"})


def add_routes(doors: Doors) -> None:
    """Addresses of knocking."""
    doors.post("/pair/knock", knock, "device.pair")
    doors.get("/pair/state", state, "device.pair")
    doors.get("/lessons/{lesson}/knocks", show_knocks, "knock.answer")
    doors.post("/lessons/{lesson}/knocks/{knock}", answer_knock, "knock.answer")
