"""`/login/oidc`: logging in at an OIDC provider; `/self/oidc`: binding the own account to an identity there; `/slip/oidc`: an invitation.

The way there and back is bound to the browser by a sealed cookie. What came back is bound to an account only after its owner
has pressed a button of ours, so that nobody's identity ends up at somebody else's account by a link.
"""

from __future__ import annotations

import hmac
import time
from typing import Annotated

import msgspec
from aiohttp import hdrs, web
from msgspec import Meta

from server.accounts.id_token import Who
from server.accounts.oidc import Provider
from server.accounts.oidc_flow import LIVES_MS, Flow, Pending, Purpose, begin
from server.errors import NoSuchPage, OidcRefused, OidcTaken
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token, next_address, person_of
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import IDENTITIES, LOGINS, OFFICE, OIDC, OIDC_BY_ADDRESS, OIDC_SEALER, SETTINGS
from server.web.login.pages import Nothing, after_login, old_session
from server.web.login.slip import OIDC_SHOWN, forget_slip, pending_identity, slip_token
from server.web.visitor import visitor

WAY = "ss_oidc"
"""The cookie of a `Flow`."""
BACK = "/login/oidc/back"
SECONDS = LIVES_MS // 1000
PLACES: dict[Purpose, str] = {"bind": "/self/oidc", "slip": "/slip"}
"""Where one goes on after coming back."""


def provider_of(request: web.Request) -> Provider:
    """Raises `NoSuchPage` where none is set."""
    found = request.app[OIDC]
    if found is None:
        raise NoSuchPage
    return found


async def to_login(request: web.Request) -> web.Response:
    """`GET /login/oidc[?next=…]`."""
    return await _leave(request, "login", "", next_address(request))


async def to_bind(request: web.Request) -> web.Response:
    """`GET /self/oidc/go`."""
    caller = await person_of(request)
    return await _leave(request, "bind", caller.session, "/self/oidc")


async def to_redeem(request: web.Request) -> web.Response:
    """`GET /slip/oidc`."""
    one = await request.app[LOGINS].slip(slip_token(request))
    return await _leave(request, "slip", one.id, "/slip")


async def _leave(request: web.Request, purpose: Purpose, about: str, wanted: str) -> web.Response:
    """To the provider."""
    provider = provider_of(request)
    source = visitor(request)
    request.app[OIDC_BY_ADDRESS].take(source.address, time.monotonic_ns())
    flow = begin((request.app[SETTINGS].public_url or source.origin) + BACK, purpose, about, wanted, request.app[OFFICE].now())
    response = _moved(await provider.address(flow))
    _keep(request, response, WAY, "/login/oidc", request.app[OIDC_SEALER].seal(flow))
    return response


async def back(request: web.Request) -> web.Response:
    """`GET /login/oidc/back?state=…&code=…`: from the provider."""
    provider = provider_of(request)
    request.app[OIDC_BY_ADDRESS].take(visitor(request).address, time.monotonic_ns())
    flow = request.app[OIDC_SEALER].open(request.cookies.get(WAY, ""), Flow, request.app[OFFICE].now())
    if flow is None or not hmac.compare_digest(flow.state.encode(), request.query.get("state", "").encode()):
        raise OidcRefused("another browser's state, or an old one")
    await request.app[IDENTITIES].spend(flow)
    code = request.query.get("code", "")
    if request.query.get("iss", provider.client.issuer) != provider.client.issuer:  # RFC 9207
        raise OidcRefused("another provider's answer")
    if "error" in request.query or not code:
        raise OidcRefused(f"the provider says {request.query.get('error', '')[:100]!r}")
    who = await provider.who(flow, code)
    return await (_enter(request, flow, who) if flow.purpose == "login" else _show(request, flow, who))


async def _enter(request: web.Request, flow: Flow, who: Who) -> web.Response:
    begun = await request.app[IDENTITIES].enter(who, await old_session(request))
    response = after_login(request, begun, flow.next)
    _drop(request, response, WAY, "/login/oidc")
    return response


async def _show(request: web.Request, flow: Flow, who: Who) -> web.Response:
    """Somebody's identity waits for its owner's word."""
    caller = await caller_of(request)
    bound = await request.app[IDENTITIES].bound_to(who)
    if bound is not None and bound != caller.id:
        raise OidcTaken
    pending = Pending(who.issuer, who.subject, who.second_factor, flow.about, request.app[OFFICE].now() + LIVES_MS)
    response = _moved(PLACES[flow.purpose])
    _drop(request, response, WAY, "/login/oidc")
    _keep(request, response, OIDC_SHOWN, PLACES[flow.purpose], request.app[OIDC_SEALER].seal(pending))
    return response


class Bind(msgspec.Struct, frozen=True):
    """The password, of an account that has one."""

    password: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


# --- the own account ---------------------------------------------------------------------------------------------------


async def show_own(request: web.Request, again: Again) -> web.Response:
    """`GET /self/oidc`: the own identities; one that was just shown, and a button that binds it."""
    provider_of(request)
    caller = await person_of(request)
    found = await request.app[OFFICE].people.get(caller.id)
    pending = pending_identity(request, caller.session)
    known = await request.app[IDENTITIES].of(caller.id)
    fresh = pending is not None and all((one.issuer, one.subject) != (pending.issuer, pending.subject) for one in known)
    context = {
        "again": again,
        "name": request.app[SETTINGS].oidc_name,
        "known": known,
        "pending": pending if fresh else None,
        "has_password": bool(found and found.has_password),
        "may_end": bool(known and found and found.has_password),
    }
    return page(request, "login/oidc.html", context)


@posts(show_own)
async def bind(request: web.Request) -> web.Response:
    """`POST /self/oidc`."""
    provider_of(request)
    caller = await person_of(request)
    form = await read_form(request, Bind, token=csrf_token(request))
    await request.app[IDENTITIES].bind(caller, _who(request, caller.session), form.password or "")
    response = done(request, "/self/oidc")
    _drop(request, response, OIDC_SHOWN, PLACES["bind"])
    return response


@posts(show_own)
async def end(request: web.Request) -> web.Response:
    """`POST /self/oidc/end`."""
    provider_of(request)
    caller = await person_of(request)
    await read_form(request, Nothing, token=csrf_token(request))
    await request.app[IDENTITIES].end(caller)
    return done(request, "/self/oidc")


# --- an invitation -----------------------------------------------------------------------------------------------------


async def redeem(request: web.Request) -> web.Response:
    """`POST /slip/oidc`: the invited account is entered with the identity that was shown."""
    provider_of(request)
    await read_form(request, Nothing, token=None)
    token = slip_token(request)
    one = await request.app[LOGINS].slip(token)
    begun = await request.app[IDENTITIES].redeem(token, _who(request, one.id))
    response = after_login(request, begun, "/")
    forget_slip(request, response)
    _drop(request, response, OIDC_SHOWN, PLACES["slip"])
    return response


def _who(request: web.Request, about: str) -> Who:
    pending = pending_identity(request, about)
    if pending is None:
        raise OidcRefused("no identity was shown")
    return Who(pending.issuer, pending.subject, pending.second_factor)


def _moved(address: str) -> web.Response:
    return web.Response(status=303, headers={hdrs.LOCATION: address, hdrs.CACHE_CONTROL: "no-store"})


def _keep(request: web.Request, response: web.Response, name: str, path: str, value: str) -> None:
    """Set a cookie. Lax: it is shown when the provider sends the browser back."""
    response.set_cookie(name, value, path=path, max_age=SECONDS, secure=visitor(request).secure, httponly=True, samesite="Lax")


def _drop(request: web.Request, response: web.Response, name: str, path: str) -> None:
    """Take one away."""
    response.del_cookie(name, path=path, secure=visitor(request).secure, httponly=True, samesite="Lax")


def add_routes(doors: Doors) -> None:
    """Addresses of the OIDC login."""
    doors.get("/login/oidc", to_login, "login")
    doors.get(BACK, back, "login")
    doors.get("/self/oidc", first(show_own), "self.edit")
    doors.get("/self/oidc/go", to_bind, "self.edit")
    doors.post("/self/oidc", bind, "self.edit")
    doors.post("/self/oidc/end", end, "self.edit")
    doors.get("/slip/oidc", to_redeem, "login")
    doors.post("/slip/oidc", redeem, "login")
