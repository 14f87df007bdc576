"""`/orgs`: the tree of organisations, and what lies in each."""

from __future__ import annotations

import msgspec
from aiohttp import web

from server.accounts.caller import Caller, at
from server.domain.orgs import TIERS, Org, below
from server.school import classes, groups, orgs, rooms
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import OFFICE


async def show_tops(request: web.Request, again: Again) -> web.StreamResponse:
    """`GET /orgs`: where the caller's part of the tree begins; only one place: that one."""
    caller = await caller_of(request)
    caller.need_scopes("org.see")
    tops = await orgs.tops(request.app[OFFICE], caller)
    if len(tops) == 1 and not again.form:
        return web.Response(status=303, headers={"Location": f"/orgs/{tops[0].id}"})
    return page(request, "school/tops.html", {"tops": tops, "again": again})


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /orgs/ID`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    org = await office.org(caller, request.match_info["org"], "org.see")
    here = at(org.path)
    kept = await office.groups.under([org.path]) if caller.may("group.see", here) else []
    rooms_here = await office.rooms.of(org.id) if caller.may("room.see", here) else []
    context = {
        "again": again,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "children": await office.orgs.children(org.id),
        "rooms": rooms_here,
        "asked": await office.groups.asked([one.id for one in rooms_here]) if caller.may("group.see", here) else set(),
        "all_rooms": await office.rooms.under([org.path]) if caller.may("group.edit", here) else [],
        "homes": {one.id: one for one in await office.orgs.under([org.path])},
        "classes": await office.classes.of(org.id) if caller.may("class.see", here) else [],
        "groups": [one for one in kept if one.org == org.id],
        "is_school": org.tier in ("school", "point"),
        "tiers": _tiers(caller, org),
        "may": {
            action: caller.may(action, here)
            for action in ("org.edit", "org.create", "room.edit", "class.edit", "group.edit", "calendar.edit")
        },
    }
    return page(request, "school/org.html", context)


def _tiers(caller: Caller, org: Org) -> list[str]:
    """What the caller may add below: its offices and schools take `org.create`, a school's teaching points only `org.edit`."""
    here = at(org.path)
    may = {"point": org.tier == "school" and caller.may("org.edit", here)}
    return [tier for tier in TIERS if below(tier, org.tier) and may.get(tier, caller.may("org.create", here))]


@posts(show, "child")
async def create(request: web.Request) -> web.Response:
    """`POST /orgs/ID/children`."""
    form = await read_form(request, orgs.NewOrg, token=csrf_token(request))
    new = await orgs.create(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    (await caller_of(request)).checked.add("org.edit")
    return done(request, f"/orgs/{new.id}", {"id": new.id})


@posts(show, "edit")
async def edit(request: web.Request) -> web.Response:
    """`POST /orgs/ID`."""
    form = await read_form(request, orgs.EditOrg, token=csrf_token(request))
    await orgs.edit(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/orgs/{request.match_info['org']}")


@posts(show, "rules")
async def rules(request: web.Request) -> web.Response:
    """`POST /orgs/ID/rules`."""
    form = await read_form(request, orgs.RulesOfSchool, token=csrf_token(request))
    await orgs.set_rules(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/orgs/{request.match_info['org']}")


@posts(show, "close")
async def close(request: web.Request) -> web.Response:
    """`POST /orgs/ID/close`."""
    form = await read_form(request, orgs.CloseOrg, token=csrf_token(request))
    await orgs.close(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/orgs/{request.match_info['org']}")


@posts(show, "move")
async def move(request: web.Request) -> web.Response:
    """`POST /orgs/ID/move`: `parent` is an id."""
    form = await read_form(request, orgs.MoveOrg, token=csrf_token(request))
    await orgs.move(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/orgs/{request.match_info['org']}")


@posts(show, "room")
async def create_room(request: web.Request) -> web.Response:
    """`POST /orgs/ID/rooms`."""
    form = await read_form(request, rooms.NewRoom, token=csrf_token(request))
    new = await rooms.create(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/rooms/{new.id}", {"id": new.id, "join_code": new.join_code})


@posts(show, "class")
async def create_class(request: web.Request) -> web.Response:
    """`POST /orgs/ID/classes`."""
    form = await read_form(request, classes.NewClass, token=csrf_token(request))
    new = await classes.create(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/classes/{new.id}", {"id": new.id})


@posts(show, "group")
async def create_group(request: web.Request) -> web.Response:
    """`POST /orgs/ID/groups`."""
    form = await read_form(request, groups.NewGroup, token=csrf_token(request))
    new = await groups.create(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/groups/{new.id}", {"id": new.id})


class Empty(msgspec.Struct, frozen=True):
    """A form that is only a button."""


def add_routes(doors: Doors) -> None:
    """Addresses of organisations."""
    doors.get("/orgs", first(show_tops), "org.see")
    doors.get("/orgs/{org}", first(show), "org.see")
    doors.post("/orgs/{org}", edit, "org.edit")
    doors.post("/orgs/{org}/children", create, "org.edit")
    doors.post("/orgs/{org}/rules", rules, "org.edit")
    doors.post("/orgs/{org}/close", close, "org.edit")
    doors.post("/orgs/{org}/move", move, "org.create")
    doors.post("/orgs/{org}/rooms", create_room, "room.edit")
    doors.post("/orgs/{org}/classes", create_class, "class.edit")
    doors.post("/orgs/{org}/groups", create_group, "group.edit")
