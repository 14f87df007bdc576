"""Who asks, outside a lesson; the token that protects their forms."""

from __future__ import annotations

import hmac

from aiohttp import web

from server.accounts.caller import NOBODY, Caller
from server.errors import NotThere
from server.web.keys import CALLER, CSRF_KEY, GATE
from server.web.visitor import visitor


async def caller_of(request: web.Request) -> Caller:
    """Who asks; looked up once for a request."""
    if CALLER not in request:
        known = GATE in request.app
        request[CALLER] = await request.app[GATE].caller(request.cookies, f"web {visitor(request).address}") if known else NOBODY
    return request[CALLER]


async def person_of(request: web.Request) -> Caller:
    """Who asks about the own account. Raises `NotThere` for students: their number and PIN are the school's matter."""
    caller = await caller_of(request)
    if caller.kind != "person":
        raise NotThere
    return caller


def csrf_token(request: web.Request) -> str:
    """The token that forms of this login must carry; empty for nobody."""
    caller = request.get(CALLER, NOBODY)
    return hmac.digest(request.app[CSRF_KEY], caller.session.encode(), "sha256").hex() if caller.session else ""


def next_address(request: web.Request) -> str:
    """Where to go after the login: a path of ours, else home."""
    wanted = request.query.get("next", "/")
    return wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable() else "/"
