"""`/library/ID/watch`: a public resource, played: the replay page over its span of the lesson, as a plain viewer sees it."""

from __future__ import annotations

from aiohttp import web

from media.client.manifest import cut_of
from server.errors import NotRecorded
from server.replay.service import VIEWER
from server.web import replay
from server.web.answers import json_answer, page
from server.web.callers import caller_of
from server.web.doors import Doors
from server.web.keys import LIBRARY, OFFICE, REPLAYS


async def show(request: web.Request) -> web.Response:
    """`GET /library/ID/watch`."""
    found = await request.app[LIBRARY].shown(await caller_of(request), request.match_info["resource"])
    context = {
        "lesson": {"id": found.resource.lesson, "name": found.version.about.title},
        "state": "ready",
        "preview": False,
        "data": f"/library/{found.resource.id}/data",
        "position": "",
        "notes": "",
        "csrf_live": "",
        "back": f"/library/{found.resource.id}",
    }
    return page(request, "replay.html", context)


async def data(request: web.Request) -> web.Response:
    """`GET /library/ID/data`: everything the page plays."""
    found, replays = await request.app[LIBRARY].shown(await caller_of(request), request.match_info["resource"]), request.app[REPLAYS]
    span, recording = found.version.span, await replays.table.of_lesson(found.resource.lesson)
    if recording is None:
        raise NotRecorded
    made = await replays.public(recording, span)
    await replays.files.check(recording.id, cut_of(span.begin_ms, span.end_ms))
    begin, end = max(span.begin_ms, made.begin), min(span.end_ms, made.end)
    if begin >= end:
        raise NotRecorded
    part = replay.Part(found.resource.lesson, found.version.about.title, recording, begin, end, found.resource.id)
    told, lesson = await replay.told(request, part, made), await request.app[OFFICE].schedule.lesson(found.resource.lesson)
    rooms = frozenset(room.participant for room in lesson.rooms.values()) if lesson else frozenset()
    log = await replays.past.told(found.resource.lesson, begin, end, VIEWER, rooms)
    return json_answer({**told, "log": log, "position": None})


def add_routes(doors: Doors) -> None:
    """Addresses of playing."""
    doors.get("/library/{resource}/watch", show, "resource.see")
    doors.get("/library/{resource}/data", data, "resource.see")
