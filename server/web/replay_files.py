"""`/replays/PAPER/…`: the files of a replay. Whoever has the address was let in; as a resource, to what is public of the lesson."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import hdrs, web

from media.client.manifest import PLAY, cut_of
from server.accounts.tokens import check_expiry
from server.courseware.service import CoursewareService
from server.domain.recording import Recording
from server.domain.resource import Span
from server.errors import LinkExpired, LinkInvalid, NoSuchCourseware, NotThere, RecordingGone, ReplayOver, ResourceWithdrawn
from server.replay import spans
from server.web.answers import json_answer
from server.web.courseware.shown import to_room
from server.web.doors import Doors
from server.web.keys import COURSEWARE, LIBRARY, OFFICE, REPLAYS, SIGNER
from server.web.ranges import send

_TYPES = {"webm": "video/webm", "mp4": "video/mp4", "jpg": "image/jpeg"}
_KEPT: dict[str, str] = {hdrs.CACHE_CONTROL: "private, max-age=14400"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What a paper opens."""

    lesson: str
    recording: Recording
    span: Span | None
    """What of it is public; None: whoever has the paper sees all of it."""


async def _shelf(request: web.Request) -> Shelf:
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
    span = await request.app[LIBRARY].public(paper.resource) if paper.resource else None
    if paper.resource and span is None:
        raise ResourceWithdrawn
    return Shelf(paper.lesson, found, span)


async def media(request: web.Request) -> web.StreamResponse:
    """`GET /replays/PAPER/media/FILE`: in ranges (RFC 9110 section 14)."""
    shelf, replays, name = await _shelf(request), request.app[REPLAYS], request.match_info["file"]
    kind = _TYPES.get(name.rpartition(".")[2])
    if kind is None:
        raise NotThere
    folder = PLAY
    if shelf.span is not None:
        folder = cut_of(shelf.span.begin_ms, shelf.span.end_ms)
        if name not in spans.named(await replays.public(shelf.recording, shelf.span)):
            raise NotThere
    return await send(request, replays.files, shelf.recording.id, folder, name, {**_KEPT, hdrs.CONTENT_TYPE: kind})


async def _pages(request: web.Request, shelf: Shelf) -> frozenset[tuple[str, int]] | None:
    """Pages that are public, version and number; None: all."""
    if shelf.span is None:
        return None
    return await request.app[REPLAYS].past.shelf(shelf.lesson, shelf.span.begin_ms, shelf.span.end_ms)


async def courseware(request: web.Request) -> web.Response:
    """`GET /replays/PAPER/courseware`: what lay on the board, as a room is told it; of what is not public only how many pages there are."""
    shelf = await _shelf(request)
    files, public = await request.app[COURSEWARE].listed(shelf.lesson), await _pages(request, shelf)
    base = f"/replays/{request.match_info['paper']}/courseware"
    known = {version for version, _ in public} if public is not None else None
    ready = [(one, pages) for one, pages in files if one.state == "ready" and (known is None or one.version in known)]
    shown = [to_room(one, pages, shelf.lesson) for one, pages in ready]
    for one in shown:
        for each in one["pages"]:
            if public is not None and (one["version"], each["page"]) not in public:
                each["media"] = []
            for sound in each["media"]:
                sound["address"] = sound["address"].replace(f"/courseware/{shelf.lesson}", base, 1)
    return json_answer({"courseware": shown})


async def picture(request: web.Request) -> web.Response:
    """`GET /replays/PAPER/courseware/VERSION/N.webp`, `…/N/preview`."""
    shelf, service = await _shelf(request), request.app[COURSEWARE]
    version, number = request.match_info["version"], int(request.match_info["page"])
    public = await _pages(request, shelf)
    if public is not None and (version, number) not in public:
        raise NoSuchCourseware
    found = await service.page(shelf.lesson, version, number)
    data = await service.blobs.read(found.picture if request.path.endswith(".webp") else found.preview)
    if data is None:
        raise NoSuchCourseware
    return web.Response(body=data, content_type="image/webp", headers=_KEPT)


async def sound(request: web.Request) -> web.StreamResponse:
    """`GET /replays/PAPER/courseware/VERSION/media/BLOB`."""
    shelf, service = await _shelf(request), request.app[COURSEWARE]
    version, blob, public = request.match_info["version"], request.match_info["blob"], await _pages(request, shelf)
    path, kind = await service.media(shelf.lesson, version, blob)
    if public is not None and not await _heard(service, shelf.lesson, blob, {(version, page) for of, page in public if of == version}):
        raise NoSuchCourseware
    if not await asyncio.to_thread(path.is_file):
        raise NoSuchCourseware
    return web.FileResponse(path, headers={**_KEPT, hdrs.CONTENT_TYPE: kind})


async def _heard(service: CoursewareService, lesson: str, blob: str, public: Collection[tuple[str, int]]) -> bool:
    """Whether it belongs to one of these pages."""
    files = await service.listed(lesson)
    pages = [(one.version, page) for one, pages in files for page in pages]
    return any((version, page.page) in public and blob in {each.blob for each in page.media} for version, page in pages)


def add_routes(doors: Doors) -> None:
    """Addresses of their files."""
    one = "/replays/{paper}"
    doors.get(one + "/media/{file}", media, "replay.file")
    doors.get(one + "/courseware", courseware, "replay.file")
    doors.get(one + r"/courseware/{version}/{page:\d{1,3}}.webp", picture, "replay.file")
    doors.get(one + r"/courseware/{version}/{page:\d{1,3}}/preview", picture, "replay.file")
    doors.get(one + "/courseware/{version}/media/{blob:[0-9a-f]{64}}", sound, "replay.file")
