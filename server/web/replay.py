"""`/replay/LESSON`: a lesson afterwards, its pictures and its log on one clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from aiohttp import web
from msgspec import Meta

from media.client.manifest import Manifest, Missing, PlayFile
from server.accounts.caller import Caller
from server.accounts.tokens import ReplayPaper
from server.domain.recording import Recording
from server.domain.schedule import ScheduledLesson
from server.domain.seen import Audience
from server.errors import Invalid
from server.replay.live import captured
from server.replay.service import VIEWER, Watched
from server.replay.spans import pictures, within
from server.school import inspection
from server.web.answers import json_answer, page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import read_form
from server.web.going_on import so_far
from server.web.keys import OFFICE, REPLAYS, SIGNER
from server.web.shift import paper

HOURS_MS = 4 * 3_600_000
"""Addresses of files work for so long; a page that is open longer asks for new ones."""


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is."""

    at: Annotated[int, Meta(ge=0, le=2**53)]
    """ms on the lesson clock."""


async def show(request: web.Request) -> web.Response:
    """`GET /replay/LESSON[?as=student][&from=MS&to=MS]`: for those who were in it, and for its offices."""
    caller = await caller_of(request)
    found = await request.app[REPLAYS].see(caller, request.match_info["lesson"])
    lesson = found.lesson
    preview = request.query.get("as") == "student"
    tail = f"?{request.query_string}" if _span(request) or preview else ""
    context = {
        "lesson": lesson,
        "state": found.recording.state,
        "preview": preview,
        "data": f"/replay/{lesson.id}/data{tail}",
        "position": "" if preview else f"/replay/{lesson.id}/position",  # who looks it over does not watch it
        "notes": f"/inspect/{lesson.id}/notes",
        "csrf_live": csrf_token(request),
        "back": _back(request, caller, lesson),
    }
    return page(request, "replay.html", context)


def _back(request: web.Request, caller: Caller, lesson: ScheduledLesson) -> str:
    if request.query.get("as") == "student":
        return f"/recordings/{lesson.id}/publish"
    return f"/recordings/{lesson.id}" if caller.may("recording.list", lesson.where()) else "/"


async def data(request: web.Request) -> web.Response:
    """`GET /replay/LESSON/data`: everything the page plays, as this caller may see it."""
    caller, replays = await caller_of(request), request.app[REPLAYS]
    found = await replays.see(caller, request.match_info["lesson"])
    audience = VIEWER if request.query.get("as") == "student" else found.audience
    beside = {"position": await replays.position(caller, found.recording), "notes": await _notes(request, caller, found.lesson)}
    if captured(found.recording):
        return json_answer({**await _so_far(request, found, audience), **beside})
    made = await replays.manifest(found.recording)
    await replays.files.check(found.recording.id)
    begin, end = _span(request) or (made.begin, made.end)
    begin, end = max(begin, made.begin), min(end, made.end)  # what was before and after was not recorded, and is not told
    if begin >= end:
        raise Invalid({"from": "choice"})
    part = Part(found.lesson.id, found.lesson.name, found.recording, begin, end)
    log = await replays.past.told(found.lesson.id, begin, end, audience)
    return json_answer({**await told(request, part, made), "log": log, **beside})


async def _so_far(request: web.Request, found: Watched, audience: Audience) -> dict[str, Any]:
    """Of one that goes on, or is not playable whole yet."""
    lesson, begin = found.lesson, found.recording.begun
    body = await so_far(request, {"id": lesson.id, "name": lesson.name}, await paper(request, lesson.id, 0), begin, audience)
    return {**body, "courseware": _base(request, Part(lesson.id, lesson.name, found.recording, begin, begin)) + "/courseware"}


async def _notes(request: web.Request, caller: Caller, lesson: ScheduledLesson) -> list[dict[str, object]] | None:
    """An inspector's own."""
    if request.query.get("as") == "student" or not caller.may("lesson.inspect", lesson.where()):
        return None
    return [{"id": one.id, "at": one.at, "text": one.text} for one in await inspection.notes(request.app[OFFICE], caller, lesson.id)]


async def position(request: web.Request) -> web.Response:
    """`POST /replay/LESSON/position`: `{"at"}`."""
    caller, replays = await caller_of(request), request.app[REPLAYS]
    form = await read_form(request, Position, token=csrf_token(request))
    found = await replays.see(caller, request.match_info["lesson"])
    await replays.watched(caller, found.recording, form.at)
    return json_answer({})


@dataclass(frozen=True, slots=True)
class Part:
    """What is played of a lesson."""

    lesson: str
    name: str
    recording: Recording
    begin: int
    end: int
    resource: str = ""
    """The resource it is played as."""


async def told(request: web.Request, part: Part, made: Manifest) -> dict[str, Any]:
    """What a page plays, but for the log: each file by an address of its own that works for some hours."""
    now, begin, end, base = request.app[OFFICE].now(), part.begin, part.end, _base(request, part)
    return {
        "lesson": {"id": part.lesson, "name": part.name},
        "begin": begin,
        "end": end,
        "files": [_file(one, base, part) for one in within(made, begin, end)],
        "missing": [_missing(one, begin, end) for one in made.missing if one.end > begin and one.begin < end],
        "courseware": f"{base}/courseware",
        "expires": now + HOURS_MS,
        "now": now,
    }


def _base(request: web.Request, part: Part) -> str:
    """Under which its files lie, for some hours."""
    made = ReplayPaper(part.lesson, part.recording.id, part.resource, request.app[OFFICE].now() + HOURS_MS)
    return f"/replays/{request.app[SIGNER].replay_paper(made)}"


def _file(one: PlayFile, base: str, part: Part) -> dict[str, Any]:
    return {
        "group": one.group,
        "begin": one.begin,
        "end": one.end,
        "url": f"{base}/media/{quote(one.name)}",
        "type": one.media_type,
        "video": one.video,
        "audio": one.audio,
        "width": one.width,
        "height": one.height,
        "quality": one.quality,
        "bits": one.octets * 8000 // max(one.end - one.begin, 1),
        "thumbnails": [[at, f"{base}/media/{quote(name)}"] for at, name in pictures(one, part.begin, part.end)],
    }


def _missing(one: Missing, begin: int, end: int) -> dict[str, Any]:
    return {"begin": max(begin, one.begin), "end": min(end, one.end), "track": one.track, "why": one.why}


def _span(request: web.Request) -> tuple[int, int] | None:
    texts = request.query.get("from", ""), request.query.get("to", "")
    if not any(texts):
        return None
    if not all(text.isascii() and text.isdecimal() and len(text) <= 15 for text in texts) or int(texts[0]) >= int(texts[1]):
        raise Invalid({"from": "format"})
    return int(texts[0]), int(texts[1])


def add_routes(doors: Doors) -> None:
    """Addresses of replays."""
    doors.get("/replay/{lesson}", show, "replay.see")
    doors.get("/replay/{lesson}/data", data, "replay.see")
    doors.post("/replay/{lesson}/position", position, "replay.see")
