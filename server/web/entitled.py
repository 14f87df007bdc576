"""From a request to its principal."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import hdrs, web

from server.accounts.caller import Caller
from server.domain.principal import ROLES, Principal, Role
from server.errors import Forbidden, LinkInvalid, Unauthenticated
from server.web.callers import GRACE_MS, caller_of
from server.web.keys import DOOR, PANELS, PAPER_SHOWN, SETTINGS
from server.web.visitor import visitor

RESIDENT = "me-"
"""Begins the word that stands for a login or a paired device where other pages name an admission."""
PANEL = "panel"
"""Stands for the assistant's panel on a big screen, and names its cookie."""
PANEL_COOKIE = "ss_panel"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and how it was shown."""

    principal: Principal
    bearer: bool
    admission: str
    """The admission the request named (`?a=`), to be kept in addresses we answer with; empty for tools."""


def by_account(asked: Asker) -> bool:
    """An account or a paired device was shown, no link."""
    return asked.admission.startswith(RESIDENT)


def bearer_token(request: web.Request) -> str | None:
    """The bearer token (RFC 6750 section 2.1), None if there is no Authorization header. Raises `LinkInvalid`."""
    value = request.headers.get(hdrs.AUTHORIZATION)
    if value is None:
        return None
    scheme, _, token = value.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise LinkInvalid("not a bearer token")
    return token.strip()


async def asker(request: web.Request, *, session: bool = False, role: Role | None = None) -> Asker:
    """The principal for the lesson in the address. `session`: the request is about a session that exists already.

    A bearer token counts first, then the admission that `?a=` names, then any of the lesson's, then the login or the paired device.
    Raises `Unauthenticated` and its kinds, `NoSuchLesson`, `Forbidden` (also for a cookie from another origin's page).
    """
    lesson, named = request.match_info["lesson"], request.query.get("a", "")
    token = bearer_token(request)
    if token is not None:
        principal = await request.app[DOOR].by_bearer(token, lesson, session=session)
        request[PAPER_SHOWN] = True
        return Asker(principal, True, "")
    who = await (_panel(request, lesson) if named == PANEL else _by_name(request, lesson, named, role))
    if request.method not in ("GET", "HEAD"):
        check_origin(request)
    request[PAPER_SHOWN] = True
    return who


async def _by_name(request: web.Request, lesson: str, named: str, role: Role | None) -> Asker:
    if named.startswith(RESIDENT):
        return await _resident(request, lesson, named)
    return await _by_cookie(request, lesson, named, role)


async def _panel(request: web.Request, lesson: str) -> Asker:
    """The screen's principal, as its room's assistant."""
    paper = await request.app[PANELS].read(request.cookies.get(PANEL_COOKIE, ""), lesson)
    screen = (await _by_name(request, lesson, paper.screen, "classroom")).principal
    if (screen.role, screen.participant) != ("classroom", paper.participant):
        raise Unauthenticated
    return Asker(replace(screen, role="assistant"), False, PANEL)


async def _by_cookie(request: web.Request, lesson: str, named: str, role: Role | None) -> Asker:
    try:
        entered = await request.app[DOOR].by_cookie(request.cookies, lesson, named, role)
    except Unauthenticated as error:
        if named or error.code != Unauthenticated.code or (await _logged_in(request)).kind == "nobody":
            raise
        return await _resident(request, lesson, f"{RESIDENT}{role or ''}", request.query.get("room", ""))
    return Asker(entered.principal, False, entered.admission.id)


async def _resident(request: web.Request, lesson: str, named: str, room: str = "") -> Asker:
    """Somebody with an account, or a paired device. `named`: `me-ROLE` or `me-ROLE-ROOM`, as in the addresses we gave."""
    word, _, kept = named.removeprefix(RESIDENT).partition("-")
    role = next((known for known in ROLES if known == word), None)
    caller = await _logged_in(request)
    if caller.kind == "nobody":
        raise Unauthenticated  # logged out meanwhile: a page leads to the login
    principal = await request.app[DOOR].resident(caller, lesson, role, room or kept)
    tail = f"-{room or kept}" if room or kept else ""
    return Asker(principal, False, f"{RESIDENT}{principal.role}{tail}")


async def _logged_in(request: web.Request) -> Caller:
    """Who is logged in, or was until just now: the end of a login's time cuts nobody off from a lesson."""
    return await caller_of(request, grace_ms=GRACE_MS)


def check_origin(request: web.Request) -> None:
    """A cookie counts only for our own pages: `Origin` must be ours (browsers send it with whatever changes something)."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    public = request.app[SETTINGS].public_url
    if not origin or origin not in (visitor(request).origin, public):
        raise Forbidden("a page of another origin")
