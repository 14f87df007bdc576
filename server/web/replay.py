"""`/replay/LESSON`: a lesson afterwards, its pictures and its log on one clock; `/replays/PAPER/…`: the files of one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from media.client.manifest import Manifest, Missing, PlayFile
from server.accounts.caller import Caller
from server.accounts.tokens import ReplayPaper, check_expiry
from server.domain.recording import Recording
from server.domain.schedule import ScheduledLesson
from server.errors import Invalid, LinkExpired, LinkInvalid, NoSuchCourseware, NotThere, RecordingGone, ReplayOver, ResourceWithdrawn
from server.replay.service import VIEWER
from server.web.answers import json_answer, page
from server.web.callers import caller_of, csrf_token
from server.web.courseware.shown import to_room
from server.web.doors import Doors
from server.web.forms import read_form
from server.web.keys import COURSEWARE, LIBRARY, OFFICE, REPLAYS, SIGNER

HOURS_MS = 4 * 3_600_000
"""Addresses of files work for so long; a page that is open longer asks for new ones."""
_TYPES = {"webm": "video/webm", "mp4": "video/mp4", "jpg": "image/jpeg"}
_KEPT = {hdrs.CACHE_CONTROL: "private, max-age=14400"}


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody is."""

    at: Annotated[int, Meta(ge=0, le=2**53)]
    """ms on the lesson clock."""


async def show(request: web.Request) -> web.Response:
    """`GET /replay/LESSON[?as=student][&from=MS&to=MS]`: for those who were in it, and for its offices."""
    caller = await caller_of(request)
    found = await request.app[REPLAYS].see(caller, request.match_info["lesson"])
    lesson = found.lesson
    tail = f"?{request.query_string}" if _span(request) or request.query.get("as") == "student" else ""
    context = {
        "lesson": lesson,
        "state": found.recording.state,
        "preview": request.query.get("as") == "student",
        "data": f"/replay/{lesson.id}/data{tail}",
        "position": f"/replay/{lesson.id}/position",
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
    made = await replays.manifest(found.recording)
    audience = VIEWER if request.query.get("as") == "student" else found.audience
    begin, end = _span(request) or (made.begin, made.end)
    cut = await replays.log(found.lesson.id, begin, end)
    part = Part(found.lesson.id, found.lesson.name, found.recording, begin, end)
    log = await replays.told(cut, audience)
    return json_answer({**await told(request, part, made), "log": log, "position": await replays.position(caller, found.recording)})


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
    now, begin, end = request.app[OFFICE].now(), part.begin, part.end
    paper = ReplayPaper(part.lesson, part.recording.id, part.resource, now + HOURS_MS)
    base = f"/replays/{request.app[SIGNER].replay_paper(paper)}"
    return {
        "lesson": {"id": part.lesson, "name": part.name},
        "begin": begin,
        "end": end,
        "files": [_file(one, base) for one in made.files if one.end > begin and one.begin < end],
        "missing": [_missing(one, begin, end) for one in made.missing if one.end > begin and one.begin < end],
        "courseware": f"{base}/courseware",
        "expires": paper.expires_at,
        "now": now,
    }


def _file(one: PlayFile, base: str) -> dict[str, Any]:
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
        "thumbnails": [[at, f"{base}/media/{quote(name)}"] for at, name in one.thumbnails],
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


# --- files: whoever has the address was let in -------------------------------------------------------------------------


async def _paper(request: web.Request) -> ReplayPaper:
    """Raises `NotThere` for what is no paper of ours, `ReplayOver` for an old one, `RecordingGone`."""
    try:
        paper = request.app[SIGNER].read_replay(request.match_info["paper"])
        check_expiry(paper.expires_at, request.app[OFFICE].now())
    except LinkExpired as error:
        raise ReplayOver from error
    except LinkInvalid as error:
        raise NotThere from error
    found = await request.app[REPLAYS].table.of_lesson(paper.lesson)
    if found is None or found.id != paper.recording or found.removed is not None:
        raise RecordingGone
    if paper.resource and not await request.app[LIBRARY].public(paper.resource):
        raise ResourceWithdrawn
    return paper


async def media(request: web.Request) -> web.StreamResponse:
    """`GET /replays/PAPER/media/FILE`: in ranges (RFC 9110 section 14)."""
    paper = await _paper(request)
    path = request.app[REPLAYS].file(paper.recording, request.match_info["file"])
    kind = _TYPES.get(path.suffix[1:])
    if kind is None or not await asyncio.to_thread(path.is_file):
        raise NotThere
    return web.FileResponse(path, headers={**_KEPT, hdrs.CONTENT_TYPE: kind})


async def courseware(request: web.Request) -> web.Response:
    """`GET /replays/PAPER/courseware`: what lay on the board, as a room is told it."""
    paper = await _paper(request)
    files = await request.app[COURSEWARE].listed(paper.lesson)
    base = f"/replays/{request.match_info['paper']}/courseware"
    shown = [to_room(one, pages, paper.lesson) for one, pages in files if one.state == "ready"]
    for one in shown:
        for each in one["pages"]:
            for sound in each["media"]:
                sound["address"] = sound["address"].replace(f"/courseware/{paper.lesson}", base, 1)
    return json_answer({"courseware": shown})


async def picture(request: web.Request) -> web.Response:
    """`GET /replays/PAPER/courseware/VERSION/N.webp`, `…/N/preview`."""
    paper, service = await _paper(request), request.app[COURSEWARE]
    found = await service.page(paper.lesson, request.match_info["version"], int(request.match_info["page"]))
    data = await service.blobs.read(found.picture if request.path.endswith(".webp") else found.preview)
    if data is None:
        raise NoSuchCourseware
    return web.Response(body=data, content_type="image/webp", headers=_KEPT)


async def sound(request: web.Request) -> web.StreamResponse:
    """`GET /replays/PAPER/courseware/VERSION/media/BLOB`."""
    paper = await _paper(request)
    path, kind = await request.app[COURSEWARE].media(paper.lesson, request.match_info["version"], request.match_info["blob"])
    if not await asyncio.to_thread(path.is_file):
        raise NoSuchCourseware
    return web.FileResponse(path, headers={**_KEPT, hdrs.CONTENT_TYPE: kind})


def add_routes(doors: Doors) -> None:
    """Addresses of replays."""
    doors.get("/replay/{lesson}", show, "replay.see")
    doors.get("/replay/{lesson}/data", data, "replay.see")
    doors.post("/replay/{lesson}/position", position, "replay.see")
    one = "/replays/{paper}"
    doors.get(one + "/media/{file}", media, "replay.file")
    doors.get(one + "/courseware", courseware, "replay.file")
    doors.get(one + r"/courseware/{version}/{page:\d{1,3}}.webp", picture, "replay.file")
    doors.get(one + r"/courseware/{version}/{page:\d{1,3}}/preview", picture, "replay.file")
    doors.get(one + "/courseware/{version}/media/{blob:[0-9a-f]{64}}", sound, "replay.file")
