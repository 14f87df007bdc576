"""Who asks, outside a lesson; the token that protects their forms."""

from __future__ import annotations

import hmac

from aiohttp import web

from server.accounts.caller import NOBODY, Caller
from server.errors import NotThere
from server.web.keys import CALLER, CSRF_KEY, GATE
from server.web.visitor import visitor

GRACE_MS = 4 * 3_600_000
"""How long a login whose time ran out still lets its browser back into a lesson (S5)."""


async def caller_of(request: web.Request, *, grace_ms: int = 0) -> Caller:
    """Who asks; looked up once for a request. `grace_ms`: as `Gate.caller`, for the doors of a lesson alone."""
    if CALLER not in request:
        request[CALLER] = NOBODY
        if GATE in request.app:
            origin = f"web {visitor(request).address}"
            request[CALLER] = await request.app[GATE].caller(request.cookies, origin, grace_ms=grace_ms)
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
