"""`/login`, `/login/student`, `/login/code`, `/logout`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import msgspec
from aiohttp import web
from msgspec import Meta

from server.accounts import cookies
from server.accounts.logins import Begun
from server.errors import LoginNeeded
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token, next_address
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import LOGINS, SETTINGS
from server.web.login.cookie import let_in, let_out
from server.web.visitor import visitor

Word = Annotated[str, Meta(min_length=1, max_length=200)]


class PersonLogin(msgspec.Struct, frozen=True):
    """Login name and password."""

    login: Word
    password: Word


class StudentLogin(msgspec.Struct, frozen=True):
    """School, class, number, PIN."""

    school: Word
    group: Word
    number: Word
    pin: Word


class Code(msgspec.Struct, frozen=True):
    """The code of the second factor."""

    code: Word


class Nothing(msgspec.Struct, frozen=True):
    """A form that is only a button."""


async def show_person(request: web.Request, again: Again) -> web.Response:
    """`GET /login`."""
    settings = request.app[SETTINGS]
    context = {"again": again, "next": next_address(request), "oidc": bool(settings.oidc_issuer), "oidc_name": settings.oidc_name}
    return page(request, "login/person.html", context)


async def show_student(request: web.Request, again: Again) -> web.Response:
    """`GET /login/student`."""
    return page(request, "login/student.html", {"again": again, "next": next_address(request)})


async def show_code(request: web.Request, again: Again) -> web.Response:
    """`GET /login/code`."""
    await caller_of(request)
    return page(request, "login/code.html", {"again": again, "next": next_address(request)})


@posts(show_person)
async def person(request: web.Request) -> web.Response:
    """`POST /login`."""
    form = await read_form(request, PersonLogin, token=None)
    begun = await request.app[LOGINS].person(form.login, form.password, visitor(request).address, await old_session(request))
    return after_login(request, begun, next_address(request))


@posts(show_student)
async def student(request: web.Request) -> web.Response:
    """`POST /login/student`."""
    form = await read_form(request, StudentLogin, token=None)
    address, old = visitor(request).address, await old_session(request)
    begun = await request.app[LOGINS].student(form.school, form.group, form.number, form.pin, address, old)
    return after_login(request, begun, next_address(request))


@posts(show_code)
async def code(request: web.Request) -> web.Response:
    """`POST /login/code`."""
    caller = await caller_of(request)
    form = await read_form(request, Code, token=csrf_token(request))
    if caller.must != "code":
        raise LoginNeeded
    bearer = await request.app[LOGINS].code(caller, form.code)
    response = done(request, next_address(request))
    let_in(request, response, bearer)
    return response


async def logout(request: web.Request) -> web.Response:
    """`POST /logout`: the session has ended, on the server too."""
    caller = await caller_of(request)
    await read_form(request, Nothing, token=csrf_token(request))
    await request.app[LOGINS].sessions.end(caller.session)
    response = done(request, "/login")
    let_out(request, response)
    return response


async def old_session(request: web.Request) -> str:
    """The session this browser had: it ends with the new login."""
    await caller_of(request)
    bearer = cookies.read(request.cookies.get(cookies.SESSION))
    caller = await caller_of(request)
    return caller.session if bearer and caller.session == bearer.id else ""


def after_login(request: web.Request, begun: Begun, wanted: str) -> web.Response:
    """On to where one wanted to go, by way of the second factor where it is asked."""
    code = "/login/code?" + urlencode({"next": wanted})
    response = done(request, code if begun.needs_code else wanted, {"needs_code": begun.needs_code})
    let_in(request, response, begun.bearer)
    return response


def add_routes(doors: Doors) -> None:
    """Addresses of the login."""
    for path, show, handler in (("/login", show_person, person), ("/login/student", show_student, student)):
        doors.get(path, first(show), "login")
        doors.post(path, handler, "login")
    doors.get("/login/code", first(show_code), "self.edit")
    doors.post("/login/code", code, "self.edit")
    doors.post("/logout", logout, "session.end")
