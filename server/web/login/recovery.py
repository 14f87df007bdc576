"""`/self/recovery`: codes on paper for the day the phone is lost."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from server.errors import NotThere
from server.web.again import Again, first, posts
from server.web.answers import json_answer, page, wants_page
from server.web.callers import csrf_token, person_of
from server.web.doors import Doors
from server.web.forms import read_form
from server.web.keys import LOGINS, OFFICE


class Renew(msgspec.Struct, frozen=True):
    """A code of the authenticator, or one of the old recovery codes."""

    code: Annotated[str, Meta(min_length=1, max_length=40)]


def show_codes(request: web.Request, codes: tuple[str, ...]) -> web.Response:
    """The page that shows them, this once."""
    if not wants_page(request):
        return json_answer({"codes": codes})
    return page(request, "login/recovery_codes.html", {"codes": codes})


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /self/recovery`: how many are left. Raises `NotThere` without a second factor."""
    caller = await person_of(request)
    found = await request.app[OFFICE].people.get(caller.id)
    if found is None or not found.has_totp:
        raise NotThere
    return page(request, "login/recovery.html", {"again": again, "left": await request.app[LOGINS].recovery.left(caller.id)})


@posts(show)
async def renew(request: web.Request) -> web.Response:
    """`POST /self/recovery`: ten new ones, shown this once."""
    caller = await person_of(request)
    form = await read_form(request, Renew, token=csrf_token(request))
    return show_codes(request, await request.app[LOGINS].renew_codes(caller, form.code))


def add_routes(doors: Doors) -> None:
    """Addresses of recovery codes."""
    doors.get("/self/recovery", first(show), "self.edit")
    doors.post("/self/recovery", renew, "self.edit")
