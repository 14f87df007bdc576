"""`/library`: finding; `/library/ID`: one resource, its cover, withdrawing it."""

from __future__ import annotations

import hashlib
from functools import partial

from aiohttp import ETag, hdrs, web

from server.accounts.contents import text_of
from server.library.fields import TakeBack, Wanted, clock
from server.library.search import FACETS, find
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import check, done, read_form
from server.web.keys import LIBRARY, OFFICE, PEOPLE
from server.web.library.shown import PLACEHOLDER, STAGES, chosen, linker, opened, path_of
from server.web.timetable.courses import SUBJECTS


async def search(request: web.Request) -> web.Response:
    """`GET /library[?q=…&subject=…&stage=…&grade=…&edition=…&volume=…&unit=…&after=…]`."""
    caller = await caller_of(request)
    asked = {name: request.query[name] for name in Wanted.__struct_fields__ if name in request.query}
    wanted = check(Wanted, asked)
    found = await find(request.app[OFFICE].database, caller, wanted)
    context = {
        "found": found,
        "wanted": wanted,
        "chosen": chosen(wanted),
        "facets": FACETS,
        "link": linker(wanted),
        "path_of": path_of,
        "opened": partial(opened, wanted=wanted),
        "clock": clock,
        "subjects": SUBJECTS,
        "stages": STAGES,
    }
    return page(request, "library/list.html", context)


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /library/ID`."""
    caller, library = await caller_of(request), request.app[LIBRARY]
    shown = await library.shown(caller, request.match_info["resource"])
    teacher = shown.version.about.teacher
    lesson = await request.app[OFFICE].schedule.lesson(shown.resource.lesson)
    context = {
        "again": again,
        "shown": shown,
        "about": shown.version.about,
        "length": clock(shown.version.span.length),
        "teacher": text_of(await request.app[PEOPLE].names([teacher]), teacher) if teacher else "",
        "may_publish": caller.may("resource.publish", shown.resource.where()),
        "may_edit": lesson is not None and caller.may("resource.edit", lesson.where()),
        "subjects": SUBJECTS,
        "stages": STAGES,
    }
    return page(request, "library/resource.html", context)


async def cover(request: web.Request) -> web.Response:
    """`GET /library/ID/cover`: asked for anew each time, for it may have been withdrawn; sent anew only if it is another picture."""
    _, picture = await request.app[LIBRARY].cover(await caller_of(request), request.match_info["resource"])
    shown = picture or PLACEHOLDER
    etag = ETag(hashlib.sha256(shown.data).hexdigest()[:32])
    known = request.if_none_match is not None and etag.value in {one.value for one in request.if_none_match}
    response = web.Response(status=304) if known else web.Response(body=shown.data, content_type=shown.type)
    response.etag = etag
    response.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    return response


@posts(show, "withdraw")
async def withdraw(request: web.Request) -> web.Response:
    """`POST /library/ID/withdraw`; from then on every address of it answers 410."""
    form = await read_form(request, TakeBack, token=csrf_token(request))
    library, caller = request.app[LIBRARY], await caller_of(request)
    await library.withdraw(caller, request.match_info["resource"], form)
    return done(request, "/library")


def add_routes(doors: Doors) -> None:
    """Addresses of the library."""
    doors.get("/library", search, "resource.see")
    doors.get("/library/{resource}", first(show), "resource.see")
    doors.get("/library/{resource}/cover", cover, "resource.see")
    doors.post("/library/{resource}/withdraw", withdraw, "resource.publish")
