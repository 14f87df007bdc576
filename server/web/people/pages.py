"""`/people`: who there is, their roles, invitations."""

from __future__ import annotations

from typing import Literal

import msgspec
import segno
from aiohttp import web

from server.accounts.caller import at
from server.accounts.directory import Found
from server.accounts.people import AssignedRole, EditPerson, GrantRole, NewPerson
from server.accounts.resets import What
from server.domain.people import ASSIGNABLE
from server.errors import Invalid
from server.school import orgs
from server.school.fields import Day, Id, Version
from server.web.again import Again, first, posts
from server.web.answers import language, page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import CATALOGUE, IDENTITIES, OFFICE, PEOPLE, RESETS, SETTINGS
from server.web.local import start_of
from server.web.people.places import asked_org, org_id, places
from server.web.visitor import visitor

PAGE = 100
"""People on one page."""
DAY_MS = 24 * 3_600_000


class CreatePerson(NewPerson, frozen=True, kw_only=True):
    """Somebody new, and where."""

    org: Id


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role, by days."""

    role: AssignedRole
    org: Id
    first_day: Day | None = None
    last_day: Day | None = None


class Disable(msgspec.Struct, frozen=True, kw_only=True):
    """Shut or open an account."""

    disabled: Literal["0", "1"]
    version: Version


class Erase(msgspec.Struct, frozen=True, kw_only=True):
    """Name and number are gone for good: the word must be typed."""

    sure: Literal["1"]
    version: Version


class EndRole(msgspec.Struct, frozen=True, kw_only=True):
    """Which."""

    assignment: Id


class Reset(msgspec.Struct, frozen=True, kw_only=True):
    """What is taken back."""

    what: What


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """A link to choose login and password, or only a new password."""

    kind: Literal["invitation", "reset"]


async def show_list(request: web.Request, again: Again) -> web.Response:
    """`GET /people[?search=…&role=…&org=…&page=N&add=1]`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    caller.need_scopes("person.see")
    search, wanted = request.query.get("search", "")[:100], request.query.get("role", "")
    role = wanted if wanted in ASSIGNABLE else ""
    under = await asked_org(request, caller)
    number = int(text) if (text := request.query.get("page", "0")).isascii() and text.isdecimal() and len(text) < 5 else 0
    found, errors = Found([], 0), {}
    try:
        found = await request.app[PEOPLE].page(caller, number, PAGE, search, role, under.path if under else "")
    except Invalid as error:
        errors = error.fields
    shown = found.people
    context = {
        "again": again,
        "people": shown,
        "total": found.total,
        "number": number,
        "pages": (found.total + PAGE - 1) // PAGE,
        "search": search,
        "errors": errors,
        "problem": request.app[CATALOGUE].text(language(request), "people.narrow") if errors else "",
        "role": role,
        "org": under,
        "role_options": _roles(request),
        "homes": await office.orgs.many({one.person.org for one in shown} | {r.org for one in shown for r in one.roles if r.org}),
        "where": await places(request, caller, "person.see"),
        "may_add": bool(caller.scopes("person.edit")),
        "adding": bool(caller.scopes("person.edit")) and (request.query.get("add") == "1" or again.form == "new"),
        "places": await places(request, caller, "person.edit"),
        "now": office.now(),
    }
    return page(request, "people/list.html", context, 422 if errors else 200)


def _roles(request: web.Request) -> list[tuple[str, str]]:
    """Roles that are given, with their words."""
    return [(role, request.app[CATALOGUE].text(language(request), f"role.school.{role}")) for role in ASSIGNABLE]


async def show(request: web.Request, again: Again, token: str = "", kind: str = "") -> web.Response:
    """`GET /people/ID`. `token`: of a link just made, shown this once."""
    caller, office = await caller_of(request), request.app[OFFICE]
    found, home = await request.app[PEOPLE].find(caller, request.match_info["person"], "person.see")
    shown = await request.app[PEOPLE].shown(found)
    homes = await office.orgs.many({home.id} | {role.org for role in shown.roles if role.org})
    link = f"{request.app[SETTINGS].public_url or visitor(request).origin}/slip/{token}" if token else ""
    context = {
        "again": again,
        "shown": shown,
        "home": home,
        "crumbs": await orgs.crumbs(office, caller, home),
        "homes": homes,
        "places": await places(request, caller, "role.grant"),
        "may_grant": bool(caller.scopes("role.grant")),
        "role_options": _roles(request),
        "may_edit": caller.may("person.edit", at(home.path)),
        "may_end": {role.id: role.org in homes and caller.may("role.grant", at(homes[role.org].path)) for role in shown.roles if role.org},
        "has_oidc": bool(await request.app[IDENTITIES].of(found.id)),
        "pending": await request.app[PEOPLE].slips.pending("invitation", found.id),
        "link": link,
        "link_kind": kind,
        "picture": segno.make(link).svg_inline(scale=4, border=2) if link else "",
        "now": office.now(),
    }
    return page(request, "people/person.html", context)


@posts(show_list, "new")
async def create(request: web.Request) -> web.Response:
    """`POST /people`."""
    form = await read_form(request, CreatePerson, token=csrf_token(request))
    new = NewPerson(name=form.name, login=form.login, number=form.number, role=form.role)
    who = await caller_of(request)
    person = await request.app[PEOPLE].create(who, await org_id(request, who, form.org), new)
    return done(request, f"/people/{person.id}", {"id": person.id})


@posts(show, "edit")
async def edit(request: web.Request) -> web.Response:
    """`POST /people/ID`."""
    form = await read_form(request, EditPerson, token=csrf_token(request))
    await request.app[PEOPLE].edit(await caller_of(request), request.match_info["person"], form)
    return done(request, f"/people/{request.match_info['person']}")


@posts(show, "grant")
async def grant(request: web.Request) -> web.Response:
    """`POST /people/ID/roles`."""
    form = await read_form(request, Grant, token=csrf_token(request))
    zone = request.app[SETTINGS].timezone
    try:
        begin = start_of(form.first_day, zone) if form.first_day else None
        end = start_of(form.last_day, zone) + DAY_MS if form.last_day else None
    except ValueError as error:
        raise Invalid({"last_day": "format"}) from error
    who = await caller_of(request)
    wanted = GrantRole(role=form.role, org=await org_id(request, who, form.org), valid_from=begin, valid_until=end)
    await request.app[PEOPLE].grant(who, request.match_info["person"], wanted)
    return done(request, f"/people/{request.match_info['person']}")


@posts(show, "grant")
async def end_role(request: web.Request) -> web.Response:
    """`POST /people/ID/roles/end`."""
    form = await read_form(request, EndRole, token=csrf_token(request))
    await request.app[PEOPLE].end_role(await caller_of(request), form.assignment)
    return done(request, f"/people/{request.match_info['person']}")


@posts(show, "edit")
async def disable(request: web.Request) -> web.Response:
    """`POST /people/ID/disable`."""
    form = await read_form(request, Disable, token=csrf_token(request))
    who = await caller_of(request)
    await request.app[PEOPLE].disable(who, request.match_info["person"], form.version, disabled=form.disabled == "1")
    return done(request, f"/people/{request.match_info['person']}")


@posts(show, "edit")
async def erase(request: web.Request) -> web.Response:
    """`POST /people/ID/erase`."""
    form = await read_form(request, Erase, token=csrf_token(request))
    await request.app[PEOPLE].erase(await caller_of(request), request.match_info["person"], form.version)
    return done(request, f"/people/{request.match_info['person']}")


@posts(show, "invite")
async def reset(request: web.Request) -> web.Response:
    """`POST /people/ID/reset`: the second factor, or the identity at the OIDC provider, counts no more."""
    form = await read_form(request, Reset, token=csrf_token(request))
    await request.app[RESETS].do(await caller_of(request), request.match_info["person"], form.what)
    return done(request, f"/people/{request.match_info['person']}")


@posts(show, "invite")
async def invite(request: web.Request) -> web.Response:
    """`POST /people/ID/invite`: the page that answers shows the link, once."""
    form = await read_form(request, Invite, token=csrf_token(request))
    who = await caller_of(request)
    token = await request.app[PEOPLE].invite(who, request.match_info["person"], form.kind)
    who.checked.add("person.invite")
    return await show(request, Again(), token, form.kind)


def add_routes(doors: Doors) -> None:
    """Addresses of people."""
    doors.get("/people", first(show_list), "person.see")
    doors.post("/people", create, "person.edit")
    doors.get("/people/{person}", first(show), "person.see")
    doors.post("/people/{person}", edit, "person.edit")
    doors.post("/people/{person}/roles", grant, "role.grant")
    doors.post("/people/{person}/roles/end", end_role, "role.grant")
    doors.post("/people/{person}/disable", disable, "person.edit")
    doors.post("/people/{person}/erase", erase, "person.edit")
    doors.post("/people/{person}/reset", reset, "person.reset")
    doors.post("/people/{person}/invite", invite, "person.invite")
