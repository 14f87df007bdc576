"""`/self`: the own account: password, second factor, sessions."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
import segno
from aiohttp import web
from msgspec import Meta

from server.accounts import totp
from server.errors import Invalid, NotThere
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token, person_of
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import LOGINS, OFFICE, PEOPLE, SETTINGS
from server.web.login.cookie import become, let_in
from server.web.login.recovery import show_codes

SHAPE = r"^[A-Z2-7]{32}\Z"
Secret = Annotated[str, Meta(min_length=1, max_length=200)]


class ChangePassword(msgspec.Struct, frozen=True):
    """The old password and the new one."""

    old: Secret
    password: Secret


class Enrol(msgspec.Struct, frozen=True):
    """The secret that was shown, a code made with it, and what shows that it is oneself: a code of the one before, else the password."""

    secret: Annotated[str, Meta(pattern=SHAPE)]
    code: Annotated[str, Meta(pattern=r"^[0-9]{3} ?[0-9]{3}\Z")]
    password: Secret | None = None
    current: Secret | None = None


class EndSession(msgspec.Struct, frozen=True):
    """Which; all others without."""

    session: Annotated[str, Meta(max_length=64)] | None = None


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /self`."""
    caller = await caller_of(request)
    if caller.kind == "student":
        return page(request, "login/own_student.html", {"again": again})
    found = await request.app[OFFICE].people.get(caller.id)
    if found is None:
        raise NotThere
    shown = await request.app[PEOPLE].shown(found)
    orgs = await request.app[OFFICE].orgs.many({role.org for role in shown.roles if role.org})
    context = {
        "again": again,
        "shown": shown,
        "orgs": orgs,
        "codes_left": await request.app[LOGINS].recovery.left(caller.id),
        "oidc": bool(request.app[SETTINGS].oidc_issuer),
        "oidc_name": request.app[SETTINGS].oidc_name,
        "sessions": await request.app[LOGINS].sessions.of(caller.id),
        "now": request.app[OFFICE].now(),
    }
    return page(request, "login/own.html", context)


async def show_password(request: web.Request, again: Again) -> web.Response:
    """`GET /self/password`."""
    await person_of(request)
    return page(request, "login/password.html", {"again": again})


async def show_totp(request: web.Request, again: Again) -> web.Response:
    """`GET /self/totp`: a fresh secret to scan; it counts only once a code made with it comes back. A refused form shows its own again."""
    caller = await person_of(request)
    account = await request.app[LOGINS].proofs.account(caller)
    shown = again.values.get("secret", "")
    secret = shown if re.fullmatch(SHAPE, shown) else totp.new_secret()
    picture = segno.make(totp.uri(secret, caller.login or caller.id)).svg_inline(
        scale=5, border=2, svgclass=None, lineclass=None, omitsize=False
    )
    proof = "current" if account.totp else "password" if account.password_hash else ""
    return page(request, "login/totp.html", {"again": again, "secret": secret, "picture": picture, "proof": proof})


@posts(show_password)
async def password(request: web.Request) -> web.Response:
    """`POST /self/password`."""
    caller = await person_of(request)
    form = await read_form(request, ChangePassword, token=csrf_token(request))
    bearer = await request.app[LOGINS].change_password(caller, form.old, form.password)
    response = done(request, "/self")
    let_in(request, response, bearer)
    return response


@posts(show_totp)
async def enrol(request: web.Request) -> web.Response:
    """`POST /self/totp`."""
    caller = await person_of(request)
    form = await read_form(request, Enrol, token=csrf_token(request))
    if caller.must == "code":
        raise Invalid({"code": "wrong"})
    enrolled = await request.app[LOGINS].enrol(caller, form.secret, form.code, password=form.password or "", current=form.current or "")
    await become(request, enrolled.bearer)
    response = show_codes(request, enrolled.codes)
    let_in(request, response, enrolled.bearer)
    return response


@posts(show)
async def end_session(request: web.Request) -> web.Response:
    """`POST /self/sessions`."""
    caller = await person_of(request)
    form = await read_form(request, EndSession, token=csrf_token(request))
    if form.session:
        await request.app[LOGINS].sessions.end(form.session, person=caller.id)
    else:
        await request.app[LOGINS].end_others(caller)
    return done(request, "/self")


def add_routes(doors: Doors) -> None:
    """Addresses of the own account."""
    doors.get("/self", first(show), "self.edit")
    doors.get("/self/password", first(show_password), "self.edit")
    doors.post("/self/password", password, "self.edit")
    doors.get("/self/totp", first(show_totp), "self.edit")
    doors.post("/self/totp", enrol, "self.edit")
    doors.post("/self/sessions", end_session, "self.edit")
