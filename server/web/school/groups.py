"""`/groups/ID`: a standing group."""

from __future__ import annotations

from aiohttp import web

from server.accounts.caller import at
from server.school import groups, orgs
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import OFFICE


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /groups/ID`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    group, org = await groups.find(office, caller, request.match_info["group"], "group.see")
    rooms = await office.rooms.many({group.master_classroom, *group.rooms, *group.pending})
    homes = await office.orgs.many({room.org for room in rooms.values()})
    may_edit = caller.may("group.edit", at(org.path))
    context = {
        "again": again,
        "group": group,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "rooms": rooms,
        "homes": homes,
        "classes": await office.classes.many({one for one in group.rooms.values() if one}),
        "choices": await office.rooms.under(caller.scopes("room.see")) if may_edit else [],
        "choice_homes": {one.id: one for one in await office.orgs.under(caller.scopes("org.see"))} if may_edit else {},
        "may_edit": may_edit,
    }
    return page(request, "school/group.html", context)


@posts(show, "edit")
async def edit(request: web.Request) -> web.Response:
    """`POST /groups/ID`."""
    form = await read_form(request, groups.EditGroup, token=csrf_token(request))
    await groups.edit(request.app[OFFICE], await caller_of(request), request.match_info["group"], form)
    return done(request, f"/groups/{request.match_info['group']}")


@posts(show, "room")
async def add(request: web.Request) -> web.Response:
    """`POST /groups/ID/rooms`; a room of a school outside the caller's care waits for that school."""
    form = await read_form(request, groups.AddRoom, token=csrf_token(request))
    follows = await groups.add_room(request.app[OFFICE], await caller_of(request), request.match_info["group"], form)
    return done(request, f"/groups/{request.match_info['group']}", {"pending": not follows})


@posts(show, "room")
async def remove(request: web.Request) -> web.Response:
    """`POST /groups/ID/rooms/remove`."""
    form = await read_form(request, groups.RemoveRoom, token=csrf_token(request))
    sees = await groups.remove_room(request.app[OFFICE], await caller_of(request), request.match_info["group"], form)
    return done(request, f"/groups/{request.match_info['group']}" if sees else f"/rooms/{form.room}")


@posts(show, "close")
async def close(request: web.Request) -> web.Response:
    """`POST /groups/ID/close`."""
    form = await read_form(request, groups.CloseGroup, token=csrf_token(request))
    await groups.close(request.app[OFFICE], await caller_of(request), request.match_info["group"], form)
    return done(request, f"/groups/{request.match_info['group']}")


def add_routes(doors: Doors) -> None:
    """Addresses of standing groups."""
    doors.get("/groups/{group}", first(show), "group.see")
    doors.post("/groups/{group}", edit, "group.edit")
    doors.post("/groups/{group}/rooms", add, "group.edit")
    doors.post("/groups/{group}/rooms/remove", remove, "group.edit")
    doors.post("/groups/{group}/close", close, "group.edit")
