"""`/slip/TOKEN`: one-time papers. The token leaves the address bar at once and waits in a short cookie of this path."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from server.errors import LinkInvalid
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import LOGINS, OFFICE
from server.web.login.cookie import let_in
from server.web.visitor import visitor

COOKIE = "ss_slip"
SECONDS = 15 * 60


class Redeem(msgspec.Struct, frozen=True):
    """Login and password to have."""

    password: Annotated[str, Meta(min_length=1, max_length=200)]
    login: Annotated[str, Meta(min_length=2, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")] | None = None


async def take(request: web.Request) -> web.Response:
    """`GET /slip/TOKEN`."""
    token = request.match_info["token"]
    await request.app[LOGINS].slip(token)
    response = web.Response(status=303, headers={hdrs.LOCATION: "/slip", hdrs.CACHE_CONTROL: "no-store"})
    secure = visitor(request).secure
    response.set_cookie(COOKIE, token, path="/slip", max_age=SECONDS, secure=secure, httponly=True, samesite="Lax")
    return response


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /slip`: choose login and password."""
    one = await request.app[LOGINS].slip(_token(request))
    someone = await request.app[OFFICE].people.get(one.subject)
    if someone is None:
        raise LinkInvalid("nobody's slip")
    return page(request, "login/slip.html", {"again": again, "kind": one.kind, "login": someone.login or ""})


@posts(show)
async def redeem(request: web.Request) -> web.Response:
    """`POST /slip`."""
    form = await read_form(request, Redeem, token=None)
    bearer = await request.app[LOGINS].redeem(_token(request), form.login or "", form.password)
    response = done(request, "/")
    response.del_cookie(COOKIE, path="/slip", secure=visitor(request).secure, httponly=True, samesite="Lax")
    let_in(request, response, bearer)
    return response


def _token(request: web.Request) -> str:
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise LinkInvalid("no slip")
    return token


def add_routes(doors: Doors) -> None:
    """Addresses of one-time papers."""
    doors.get("/slip/{token}", take, "login")
    doors.get("/slip", first(show), "login")
    doors.post("/slip", redeem, "login")
