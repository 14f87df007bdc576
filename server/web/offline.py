"""What an assistant's pages need without network (S24): the service worker, an empty page it keeps, and the day's lessons and seats."""

from __future__ import annotations

import hmac
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import hdrs, web

from server.domain.permissions import LESSON_PAPER
from server.domain.principal import Principal
from server.errors import AppError, Forbidden, Unauthenticated
from server.school.day import other_rooms, pupils
from server.web.answers import json_answer, page
from server.web.callers import caller_of
from server.web.doors import Doors
from server.web.entitled import PANEL, RESIDENT, Asker, asker
from server.web.keys import ASSETS, CSRF_KEY, DOOR, LESSONS, OFFICE, SETTINGS, STORE
from server.web.shell import SCRIPT, shell_files

KEPT_MS = 18 * 3600 * 1000
"""A device keeps names so long after it last asked: what was fetched in the evening is there in the morning."""
POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
SHELLS = {"list": "/assist/", "lesson": "/assist/lesson.html"}
NOBODY = {"participant": None, "role": "assistant", "name": "", "seat": 0}


async def worker(request: web.Request) -> web.Response:
    """`GET /assist/sw.js`: the service worker of everything under `/assist/`. Another build is other bytes, so browsers take it."""
    assets = request.app[ASSETS]
    pages = [(await shown(request)).text or "" for shown in (empty, kept)]
    written = {"build": assets.build, "files": shell_files(assets, pages), "shells": SHELLS}
    body = b"self.written = %s;\nimportScripts(%s);\n" % (msgspec.json.encode(written), msgspec.json.encode(assets.url(SCRIPT)))
    headers = {hdrs.CACHE_CONTROL: "no-cache", "Content-Security-Policy": POLICY}
    return web.Response(body=body, content_type="text/javascript", charset="utf-8", headers=headers)


async def empty(request: web.Request) -> web.Response:
    """`GET /assist/lesson.html`: the console of no lesson, in which a device without network shows what it kept. The same for everybody."""
    return page(request, "assist.html", live_context())


async def kept(request: web.Request) -> web.Response:
    """`GET /assist/`: the lessons this device keeps; the list itself is made in the page. The same for everybody."""
    return page(request, "kept.html", live_context())


def live_context() -> dict[str, object]:
    """What a live page is rendered with that is nobody's."""
    empty = {"lesson": {"id": "", "name": ""}, "you": NOBODY, "admission": "", "csrf_live": "", "home": "", "holder": "", "ahead": []}
    return {**empty, "media": {"ice_servers": []}}


async def day(request: web.Request) -> web.Response:
    """`GET /assist/L/day[?names=1]`: this lesson, for accounts also today's others: seats, and who sits there; names masked unless asked for."""
    who = await asker(request, role="assistant")
    if who.principal.role != "assistant" or who.principal.participant is None or who.admission == PANEL:
        raise Forbidden  # a big screen keeps nothing: without network its PIN would guard nothing
    resident, full = who.admission.startswith(RESIDENT), request.query.get("names") == "1"
    lessons = [await _lesson(request, who, full=full), *(await _others(request, who, full=full) if resident else [])]
    now = request.app[OFFICE].now()
    return json_answer(
        {
            "holder": holder_of(request, who.principal),
            "resident": resident,
            "now": now,
            "until": now + KEPT_MS,
            "full": full,
            "lessons": lessons,
        }
    )


def holder_of(request: web.Request, principal: Principal) -> str:
    """An opaque word for who one is, the same after another login: what one left unsent on a device is sent by nobody else."""
    return hmac.digest(request.app[CSRF_KEY], f"offline {principal.id}".encode(), "sha256").hex()[:24]


def check_holder(request: web.Request, principal: Principal) -> None:
    """A page that says whose it is (`?holder=`) is not carried on as somebody else's, who logged in meanwhile. Raises `Unauthenticated`."""
    named = request.query.get("holder")
    if named is not None and named != holder_of(request, principal):
        raise Unauthenticated("another holder")


async def _lesson(request: web.Request, who: Asker, *, full: bool) -> dict[str, object]:
    principal, office = who.principal, request.app[OFFICE]
    state, room = await request.app[LESSONS].find(principal.lesson), await request.app[STORE].facts(principal.lesson)
    facts = room.room(principal.participant or "")
    scheduled = await office.schedule.lesson(principal.lesson)
    names = {}
    if who.admission.startswith(RESIDENT):  # a link says nothing of whose names one may read
        names = await pupils(office, await caller_of(request), facts.students, full=full)
    you = {"participant": principal.participant, "role": principal.role, "name": principal.name, "seat": principal.seat}
    return {
        "lesson": {"id": state.id, "name": state.name},
        "you": you,
        "admission": who.admission,
        "seats": facts.seats,
        "plan": facts.plan,
        "names": names,
        "starts_at": scheduled.starts_at if scheduled else None,
    }


async def _others(request: web.Request, who: Asker, *, full: bool) -> list[dict[str, object]]:
    """Today's other lessons. One that ends meanwhile is left out."""
    caller, zone = await caller_of(request), ZoneInfo(request.app[SETTINGS].timezone)
    found = []
    for lesson, classroom in await other_rooms(request.app[OFFICE], caller, zone, who.principal.lesson):
        try:
            principal = await request.app[DOOR].resident(caller, lesson, "assistant", classroom)
        except AppError:
            continue
        found.append(await _lesson(request, Asker(principal, False, f"{RESIDENT}assistant-{classroom}"), full=full))
    return found


def add_routes(doors: Doors) -> None:
    """Addresses of what is kept."""
    doors.get("/assist/sw.js", worker, "page.public")
    doors.get("/assist/", kept, "page.public")
    doors.get("/assist/lesson.html", empty, "page.public")
    doors.get("/assist/{lesson}/day", day, LESSON_PAPER)
