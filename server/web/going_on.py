"""The replay of a lesson that still goes on: its page for those who are in it, and what such a page plays."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from server.domain.permissions import LESSON_PAPER
from server.domain.seen import Audience, audience_of
from server.errors import BadRequest
from server.web.answers import json_answer, page
from server.web.doors import Doors
from server.web.entitled import asker
from server.web.keys import FRAMES, LESSONS, OFFICE, REPLAYS
from server.web.shift import offered

_DIGITS = 9


async def show(request: web.Request) -> web.Response:
    """`GET /shift/LESSON/page?a=ADMISSION[&t=SECONDS]`: what was recorded so far, as this room, viewer or pupil sees it."""
    asked = await asker(request)
    room = await request.app[LESSONS].rooms.get(asked.principal.lesson)
    context = {
        "lesson": {"id": room.state.id, "name": room.state.name},
        "state": "live",
        "preview": False,
        "data": f"/shift/{room.state.id}/data?a={asked.admission}",
        "position": "",
        "notes": "",
        "admission": asked.admission,
        "csrf_live": "",
        "back": "",
    }
    request[FRAMES] = ("'none'", "'self'")
    return page(request, "replay.html", context)


async def data(request: web.Request) -> web.Response:
    """`GET /shift/LESSON/data[?after=SEQ]`: everything the page plays; of the log only what came after `seq`.

    Where nothing is recorded, or all of it can be played afterwards, only `lesson` and an empty `live`.
    """
    asked = await asker(request)
    given, who = await offered(request, asked), asked.principal
    lesson = {"id": who.lesson, "name": (await request.app[LESSONS].rooms.get(who.lesson)).state.name}
    if not given["live"]:
        return json_answer({"lesson": lesson, **given})
    seen = audience_of(who.role, who.participant, who.seat)
    body = await so_far(request, lesson, given, given["since"], seen)
    return json_answer({**body, "courseware": f"/courseware/{who.lesson}", "position": None, "notes": None})


async def so_far(request: web.Request, lesson: dict[str, str], given: dict[str, Any], begin: int, who: Audience) -> dict[str, Any]:
    """What is played of it: `given` is the address of its index, `begin` lesson time from which the log is told."""
    past, after = request.app[REPLAYS].past, request.query.get("after", "")
    if after and not (after.isascii() and after.isdecimal() and len(after) <= _DIGITS):
        raise BadRequest("after")
    log = await (past.since(lesson["id"], int(after), who) if after else past.told(lesson["id"], begin, None, who))
    now = request.app[OFFICE].now()
    return {"lesson": lesson, **given, "begin": begin, "end": max(begin, now), "files": [], "missing": [], "log": log}


def add_routes(doors: Doors) -> None:
    """Their addresses."""
    doors.get("/shift/{lesson}/page", show, LESSON_PAPER)
    doors.get("/shift/{lesson}/data", data, LESSON_PAPER)
