"""`/courseware/LESSON…`: for whoever is in the lesson; uploads are the master's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from aiohttp import hdrs, web

from server.accounts.acts import Target
from server.accounts.caller import NOBODY
from server.courseware.service import Hand
from server.domain.courseware import Page
from server.domain.lesson import JOINABLE
from server.domain.permissions import LESSON_PAPER
from server.errors import Forbidden, NoSuchCourseware, WrongPhase
from server.web.answers import json_answer
from server.web.callers import caller_of
from server.web.courseware import upload
from server.web.courseware.shown import to_room, to_teacher
from server.web.doors import Doors, Handler
from server.web.entitled import asker, by_account
from server.web.keys import CATALOGUE, COURSEWARE, LESSONS, OFFICE
from server.web.visitor import visitor

FOR_EVER: Mapping[str, str] = {hdrs.CACHE_CONTROL: "private, max-age=31536000, immutable"}
"""An address names its bytes: they never change."""


async def listed(request: web.Request) -> web.Response:
    """`GET /courseware/LESSON`: to rooms what is ready, to the master also what is not, and the reports."""
    who = (await asker(request)).principal
    files = await request.app[COURSEWARE].listed(who.lesson)
    if who.role == "master":
        shown = [to_teacher(one, pages, who.lesson, request.app[CATALOGUE]) for one, pages in files]
    else:
        shown = [to_room(one, pages, who.lesson) for one, pages in files if one.state == "ready"]
    return json_answer({"courseware": shown})


async def add(request: web.Request) -> web.Response:
    """`POST /courseware/LESSON`, a form with `file`: 201 with what the list says of it, 422 with the reason why it is not taken."""
    hand = await _master(request)
    new = await upload.add(request, hand, lambda _: None)  # the origin is checked already, and tools have no token
    return json_answer(to_teacher(new, [], new.lesson, request.app[CATALOGUE]), 201)


async def delete(request: web.Request) -> web.Response:
    """`POST /courseware/LESSON/ID/delete`."""
    hand = await _master(request)
    on_board = {one.id for one in (await request.app[LESSONS].find(hand.lesson.id)).board.sheets}
    await request.app[COURSEWARE].delete(hand, request.match_info["courseware"], on_board)
    return json_answer({})


async def picture(request: web.Request) -> web.Response:
    """`GET /courseware/LESSON/VERSION/N.webp`."""
    return await _blob(request, lambda page: page.picture)


async def preview(request: web.Request) -> web.Response:
    """`GET /courseware/LESSON/VERSION/N/preview`: at most 8 kB."""
    return await _blob(request, lambda page: page.preview)


async def media(request: web.Request) -> web.StreamResponse:
    """`GET /courseware/LESSON/VERSION/media/BLOB`: sound or film, in ranges if wanted (RFC 9110 section 14)."""
    who = (await asker(request)).principal
    path, kind = await request.app[COURSEWARE].media(who.lesson, request.match_info["version"], request.match_info["blob"])
    if not path.is_file():
        raise NoSuchCourseware
    return web.FileResponse(path, headers={**FOR_EVER, hdrs.CONTENT_TYPE: kind})


async def _master(request: web.Request) -> Hand:
    """Raises `Forbidden`, and `WrongPhase` where nothing more can be shown."""
    asked = await asker(request)
    who = asked.principal
    if who.role != "master":
        raise Forbidden("the master's")
    phase = (await request.app[LESSONS].find(who.lesson)).phase
    if phase not in JOINABLE:
        raise WrongPhase("over", phase=phase)
    office = request.app[OFFICE]
    lesson = await office.schedule.lesson(who.lesson)
    path = lesson.path if lesson and lesson.path else await office.orgs.whole()  # one made by hand is the installation's
    # a link is nobody's account, also in a browser where somebody is logged in
    caller = await caller_of(request) if by_account(asked) else replace(NOBODY, origin=f"web {visitor(request).address}")
    return Hand(caller, who.id, Target("lesson", who.lesson, path))


async def _blob(request: web.Request, wanted: Callable[[Page], str]) -> web.Response:
    who = (await asker(request)).principal
    service, number = request.app[COURSEWARE], int(request.match_info["page"])
    blob = wanted(await service.page(who.lesson, request.match_info["version"], number))
    headers = {**FOR_EVER, hdrs.ETAG: f'"{blob[:32]}"'}
    if headers[hdrs.ETAG] in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        return web.Response(status=304, headers=headers)
    data = await service.blobs.read(blob)
    if data is None:
        raise NoSuchCourseware
    return web.Response(body=data, content_type="image/webp", headers=headers)


def add_routes(doors: Doors) -> None:
    """Addresses of the lesson's courseware."""
    one = "/courseware/{lesson}/{version}"
    gets: tuple[tuple[str, Handler], ...] = (
        ("/courseware/{lesson}", listed),
        (one + r"/{page:\d{1,3}}.webp", picture),
        (one + r"/{page:\d{1,3}}/preview", preview),
        (one + "/media/{blob:[0-9a-f]{64}}", media),
    )
    for path, handler in gets:
        doors.get(path, handler, LESSON_PAPER)
    doors.post("/courseware/{lesson}", add, LESSON_PAPER)
    doors.post("/courseware/{lesson}/{courseware}/delete", delete, LESSON_PAPER)
