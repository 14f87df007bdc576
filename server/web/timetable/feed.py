"""`/timetable/feed`: the address for calendar programs; `/feed/TOKEN.ics`: what they read under it."""

from __future__ import annotations

from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import hdrs, web

from server.errors import NoSuchPage
from server.school.feed import Words, feed
from server.web.answers import language, page
from server.web.callers import csrf_token, person_of
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import CATALOGUE, FEEDS, OFFICE, SETTINGS
from server.web.school.orgs import Empty
from server.web.visitor import visitor


async def show(request: web.Request) -> web.Response:
    """`GET /timetable/feed`."""
    since = await request.app[FEEDS].since(await person_of(request))
    return page(request, "timetable/feed.html", {"since": since, "address": ""})


async def draw(request: web.Request) -> web.Response:
    """`POST /timetable/feed`: a new address, shown this once."""
    caller = await person_of(request)
    await read_form(request, Empty, token=csrf_token(request))
    token = await request.app[FEEDS].draw(caller)
    base = request.app[SETTINGS].public_url or visitor(request).origin
    return page(request, "timetable/feed.html", {"since": None, "address": f"{base}/feed/{token}.ics"})


async def end(request: web.Request) -> web.Response:
    """`POST /timetable/feed/end`."""
    caller = await person_of(request)
    await read_form(request, Empty, token=csrf_token(request))
    await request.app[FEEDS].end(caller)
    return done(request, "/timetable/feed")


async def read(request: web.Request) -> web.Response:
    """`GET /feed/TOKEN.ics`."""
    caller = await request.app[FEEDS].caller(request.match_info["token"])
    if caller is None:
        raise NoSuchPage
    sentences, lang = request.app[CATALOGUE], language(request)
    words = Words(*(sentences.text(lang, key) for key in ("office.timetable", "feed.cancelled", "feed.substitute")))
    zone = ZoneInfo(request.app[SETTINGS].timezone)
    host = urlsplit(request.app[SETTINGS].public_url or visitor(request).origin).hostname or "shuangshi"
    body = await feed(request.app[OFFICE], caller, zone, host, words)
    headers = {hdrs.CACHE_CONTROL: "private, no-cache", hdrs.CONTENT_DISPOSITION: 'inline; filename="shuangshi.ics"'}
    return web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)


def add_routes(doors: Doors) -> None:
    """Addresses of the feed."""
    doors.get("/timetable/feed", show, "self.edit")
    doors.post("/timetable/feed", draw, "self.edit")
    doors.post("/timetable/feed/end", end, "self.edit")
    doors.get("/feed/{token}.ics", read, "feed.read")
