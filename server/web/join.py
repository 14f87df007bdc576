"""`GET /join/TOKEN`: a link becomes a cookie and leaves the address bar."""

from __future__ import annotations

from aiohttp import hdrs, web

from server.accounts.door import COOKIE, Entered, surplus
from server.domain.principal import Role
from server.errors import LinkInvalid
from server.web.keys import DOOR, SIGNER
from server.web.visitor import visitor

PAGES: dict[Role, str] = {
    "master": "teach",
    "classroom": "class",
    "assistant": "assist",
    "seat": "seat",
    "viewer": "watch",
    "wall": "wall",
}
"""Role → first word of its page's address."""
COOKIE_SECONDS = 30 * 24 * 3600
"""A restarted kiosk comes back by its cookie; how long an admission really lives is the door's matter."""
HELD = 16
"""Admissions one browser keeps."""


async def join(request: web.Request) -> web.Response:
    """Set the admission's cookie and go to the page of the link's role."""
    token = request.match_info["token"]
    if len(token) > 1024:
        raise LinkInvalid("too long")
    entered = await request.app[DOOR].enter(token, request.cookies)
    response = web.Response(status=303, headers={hdrs.LOCATION: page_address(entered), hdrs.CACHE_CONTROL: "no-store"})
    keep_admission(request, response, entered)
    return response


def keep_admission(request: web.Request, response: web.StreamResponse, entered: Entered) -> None:
    """The browser keeps what it was let in by, and forgets the oldest of too many."""
    admission = entered.admission
    secure = visitor(request).secure
    response.set_cookie(
        COOKIE + admission.id,
        request.app[SIGNER].admission_cookie(admission),
        max_age=COOKIE_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Lax",
    )
    for old in surplus([a for a in request.app[DOOR].held(request.cookies) if a.id != admission.id], HELD - 1):
        response.del_cookie(COOKIE + old.id, path="/", secure=secure, httponly=True, samesite="Lax")


def page_address(entered: Entered) -> str:
    """Where the page of an admission lies."""
    return f"/{PAGES[entered.principal.role]}/{entered.principal.lesson}?a={entered.admission.id}"
