"""The pages: home, and one for each role."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from server.accounts import demo
from server.accounts.turn import as_rtc
from server.domain.principal import Role
from server.errors import Forbidden, LoginNeeded, NoSuchLesson, StepNeeded, Unauthenticated
from server.store.papers import DEVICE
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.courseware.shown import ahead
from server.web.entitled import PANEL, Asker, asker
from server.web.home import home_of
from server.web.join import PAGES
from server.web.keys import FRAMES, ICE, LESSONS, OFFICE, SIGNER, STORE
from server.web.offline import check_holder, holder_of
from server.web.visitor import visitor

SHOW_BOARD: frozenset[Role] = frozenset({"master", "classroom", "viewer"})
"""Roles whose page has the board."""
LOOKS_BACK: frozenset[Role] = frozenset({"classroom", "viewer"})
"""Roles whose page frames another of ours: what was recorded so far, a classroom's also the assistant's console."""


async def home(request: web.Request) -> web.Response:
    """`GET /`: today, to whoever is known; the demo lesson's links to a visitor at this machine, else how to get in."""
    caller = await caller_of(request)
    if caller.kind == "device":
        return web.Response(status=303, headers={hdrs.LOCATION: "/room", hdrs.CACHE_CONTROL: "no-store"})
    if caller.must:
        raise StepNeeded(step=caller.must)
    if caller.kind != "nobody":
        return await home_of(request, caller)
    source = visitor(request)
    links = await demo_links(request, source.origin) if source.local else []
    return page(request, "home.html", {"links": links})


async def demo_links(request: web.Request, base: str) -> list[dict[str, str]]:
    """Links of the demo lesson that a visitor may enter: role, name and address. Empty: no demo here."""
    try:
        lesson = await request.app[LESSONS].find(demo.LESSON)
    except NoSuchLesson:
        return []
    links = demo.for_visitors(await request.app[STORE].links(lesson.id), time.time_ns() // 1_000_000)
    signer = request.app[SIGNER]
    return [{"role": link.role, "name": link.name, "page": f"{base}/join/{signer.link_token(link)}"} for link in links]


async def _entered(request: web.Request, role: Role) -> Asker:
    try:
        return await asker(request, role=role)
    except Unauthenticated as error:
        if error.code == Unauthenticated.code:  # no link at all: an account may do
            raise LoginNeeded from error
        raise


async def _by_hand(request: web.Request, lesson: str) -> bool:
    """It belongs to no office: its replay is for whoever has the link."""
    found = await request.app[OFFICE].schedule.lesson(lesson)
    return found is not None and found.org is None


def role_page(role: Role) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of one role's page."""

    async def handler(request: web.Request) -> web.Response:
        who = await _entered(request, role)
        if who.principal.role != role:
            raise Forbidden("a page of another role")
        if who.bearer:
            raise Forbidden("pages are for browsers")
        check_holder(request, who.principal)
        if "a" not in request.query:
            headers = {hdrs.LOCATION: f"{request.path}?a={who.admission}", hdrs.CACHE_CONTROL: "no-store"}
            return web.Response(status=303, headers=headers)
        request[FRAMES] = ("'self'" if role in LOOKS_BACK else "'none'", "'self'" if who.admission == PANEL else "'none'")
        lesson = await request.app[LESSONS].find(who.principal.lesson)
        servers = request.app[ICE].servers(who.principal.admission, int(time.time()))
        principal = who.principal
        context = {
            "lesson": {"id": lesson.id, "name": lesson.name},
            "you": {"participant": principal.participant, "role": principal.role, "name": principal.name, "seat": principal.seat},
            "admission": who.admission,
            "csrf_live": csrf_token(request) if principal.role == "master" else "",
            "ahead": ahead(lesson.board, lesson.id, who.admission) if principal.role in SHOW_BOARD else [],
            "home": "/room" if principal.id.startswith(DEVICE) else "",
            "by_hand": role == "master" and await _by_hand(request, lesson.id),
            "holder": holder_of(request, principal) if role == "assistant" else "",
            "media": {"ice_servers": as_rtc(servers)},
        }
        return page(request, f"{PAGES[role]}.html", context)

    return handler
