"""The session cookie."""

from __future__ import annotations

from aiohttp import web

from server.accounts import cookies
from server.web.keys import CALLER, GATE
from server.web.visitor import visitor


async def become(request: web.Request, bearer: cookies.Bearer) -> None:
    """From here on the request is answered as the new session's: its page has that one's menu and token."""
    request[CALLER] = await request.app[GATE].caller({cookies.SESSION: bearer.text}, request[CALLER].origin)


def let_in(request: web.Request, response: web.StreamResponse, bearer: cookies.Bearer) -> None:
    """Set it. It lives as long as the browser; the row in the table says when the session ends."""
    response.set_cookie(cookies.SESSION, bearer.text, path="/", secure=visitor(request).secure, httponly=True, samesite="Lax")


def let_out(request: web.Request, response: web.StreamResponse) -> None:
    """Take it away."""
    response.del_cookie(cookies.SESSION, path="/", secure=visitor(request).secure, httponly=True, samesite="Lax")
