"""`/slip/TOKEN`: one-time papers. The token leaves the address bar at once and waits in a short cookie of this path."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from server.accounts.oidc_flow import Pending
from server.accounts.parents import NewParent
from server.accounts.slips import Slip
from server.domain.masking import masked_name
from server.errors import LinkInvalid
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import CONTENTS, LOGINS, OFFICE, OIDC_SEALER, PARENTS, SETTINGS
from server.web.login.cookie import let_in
from server.web.login.pages import Nothing
from server.web.visitor import visitor

COOKIE = "ss_slip"
SECONDS = 15 * 60
OIDC_SHOWN = "ss_oidc_shown"
"""The cookie of an identity at the OIDC provider that waits for its owner's word (`server.web.login.oidc`)."""


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
    """`GET /slip`: choose login and password, or how else one wants to come in."""
    one = await request.app[LOGINS].slip(slip_token(request))
    if one.kind == "parent":
        return await _show_parent(request, one, again)
    someone = await request.app[OFFICE].people.get(one.subject)
    if someone is None:
        raise LinkInvalid("nobody's slip")
    settings = request.app[SETTINGS]
    context = {
        "again": again,
        "kind": one.kind,
        "login": someone.login or "",
        "oidc": bool(settings.oidc_issuer) and one.kind == "invitation",
        "oidc_name": settings.oidc_name,
        "pending": pending_identity(request, one.id),
    }
    return page(request, "login/slip.html", context)


async def _show_parent(request: web.Request, one: Slip, again: Again) -> web.Response:
    """Whose parent one becomes: as a new account, or as who is logged in."""
    child = await request.app[PARENTS].child(one)
    caller = await caller_of(request)
    texts = await request.app[CONTENTS].texts([text for text in (child.student.number, child.student.name) if text])
    context = {
        "again": again,
        "org": child.org,
        "class_": child.school_class,
        "number": texts.get(child.student.number, ""),
        "name": masked_name(texts.get(child.student.name or "", "")),
        "account": caller if caller.kind == "person" and not caller.must else None,
    }
    return page(request, "login/slip_parent.html", context)


@posts(show)
async def redeem(request: web.Request) -> web.Response:
    """`POST /slip`."""
    token = slip_token(request)
    if (await request.app[LOGINS].slip(token)).kind == "parent":
        bearer = await request.app[PARENTS].redeem(token, await read_form(request, NewParent, token=None))
    else:
        form = await read_form(request, Redeem, token=None)
        bearer = await request.app[LOGINS].redeem(token, form.login or "", form.password)
    response = done(request, "/")
    forget_slip(request, response)
    let_in(request, response, bearer)
    return response


@posts(show)
async def bind(request: web.Request) -> web.Response:
    """`POST /slip/bind`: one more child of who is logged in."""
    caller = await caller_of(request)
    await read_form(request, Nothing, token=csrf_token(request))
    await request.app[PARENTS].bind(caller, slip_token(request))
    response = done(request, "/child")
    forget_slip(request, response)
    return response


def slip_token(request: web.Request) -> str:
    """The slip this browser has opened; raises `LinkInvalid`."""
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise LinkInvalid("no slip")
    return token


def forget_slip(request: web.Request, response: web.StreamResponse) -> None:
    """It is spent."""
    response.del_cookie(COOKIE, path="/slip", secure=visitor(request).secure, httponly=True, samesite="Lax")


def pending_identity(request: web.Request, about: str) -> Pending | None:
    """The identity at the OIDC provider that was shown for this session or slip."""
    found = request.app[OIDC_SEALER].open(request.cookies.get(OIDC_SHOWN, ""), Pending, request.app[OFFICE].now())
    return found if found is not None and about and found.about == about else None


def add_routes(doors: Doors) -> None:
    """Addresses of one-time papers."""
    doors.get("/slip/{token}", take, "login")
    doors.get("/slip", first(show), "login")
    doors.post("/slip", redeem, "login")
    doors.post("/slip/bind", bind, "self.edit")
