"""`/teach/LESSON/replay`: the replay of a lesson made by hand, for whoever taught it by its link, as long as the link lets them in.

Such a lesson belongs to no office, so no account may watch it; a lesson of the timetable is its people's, who log in.
"""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from server.domain.permissions import LESSON_PAPER
from server.domain.recording import Recording
from server.domain.schedule import ScheduledLesson
from server.domain.seen import Audience
from server.errors import Forbidden, RecordingNotReady
from server.web.answers import json_answer, page
from server.web.doors import Doors
from server.web.entitled import Asker, asker
from server.web.keys import REPLAYS
from server.web.replay import Part, told

MASTER = Audience("master")


async def _watched(request: web.Request) -> tuple[Asker, ScheduledLesson, Recording]:
    who = await asker(request)
    if who.principal.role != "master":
        raise Forbidden("only whoever taught it")
    return who, *await request.app[REPLAYS].by_hand(who.principal.lesson)


async def show(request: web.Request) -> web.Response:
    """`GET /teach/LESSON/replay?a=ADMISSION`."""
    who, lesson, recording = await _watched(request)
    tail = f"?a={quote(who.admission)}" if who.admission else ""
    context = {
        "lesson": lesson,
        "state": recording.state,
        "preview": False,
        "data": f"/teach/{lesson.id}/replay/data{tail}",
        "position": "",
        "notes": "",
        "csrf_live": "",
        "back": f"/teach/{lesson.id}{tail}",
    }
    return page(request, "replay.html", context)


async def data(request: web.Request) -> web.Response:
    """`GET /teach/LESSON/replay/data?a=ADMISSION`: everything the page plays, as the console saw it."""
    _, lesson, recording = await _watched(request)
    replays = request.app[REPLAYS]
    made = await replays.manifest(recording)
    await replays.files.check(recording.id)
    if made.begin >= made.end:
        raise RecordingNotReady(state="empty")
    log = await replays.past.told(lesson.id, made.begin, made.end, MASTER)
    part = Part(lesson.id, lesson.name, recording, made.begin, made.end)
    return json_answer({**await told(request, part, made), "log": log, "position": None, "notes": None})


def add_routes(doors: Doors) -> None:
    """Addresses for links."""
    doors.get("/teach/{lesson}/replay", show, LESSON_PAPER)
    doors.get("/teach/{lesson}/replay/data", data, LESSON_PAPER)
