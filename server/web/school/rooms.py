"""`/rooms/ID`: a classroom."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from aiohttp import web

from server.accounts.caller import at
from server.domain.seating import seat_rows
from server.school import invited, orgs, rooms
from server.school.today import day_bounds
from server.store.schedule import room_resource
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import LOGINS, OFFICE, PEOPLE, SETTINGS
from server.web.school.orgs import Empty


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /rooms/ID`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    room, org = await office.room(caller, request.match_info["room"], "room.see")
    begin, end = day_bounds(office.now(), ZoneInfo(request.app[SETTINGS].timezone))
    listed = await office.schedule.booked([room_resource(room.id)], begin, end)
    lessons = [one for one in listed if one.phase != "cancelled"]  # what the room is busy with
    may_edit = caller.may("room.edit", at(org.path))
    people = await request.app[PEOPLE].listed(caller, under=org.path) if may_edit and caller.may("person.see", at(org.path)) else []
    context = {
        "again": again,
        "room": room,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "grid": seat_rows(room.seat_rows, room.seat_columns),
        "lessons": [(one.starts_at, one.ends_at, one.name if caller.may("lesson.see", one.where()) else "") for one in lessons],
        "groups": [one for one in await office.groups.of_room(room.id) if caller.may("group.see", at(org.path))],
        "asking": await invited.asking(office, caller, room.id) if caller.may("group.see", at(org.path)) else [],
        "may_answer": caller.may("group.edit", at(org.path)) and room.closed_at is None,
        "classes": [(one.id, one.name) for one in await office.classes.of(org.id) if one.closed_at is None],
        "people": people,
        "contact": (await request.app[PEOPLE].names([room.contact])).get(room.contact, "") if room.contact else "",
        "has_pin": await office.rooms.pin(room.id) is not None,
        "may_pin": caller.may("room.pin", at(org.path)) and room.closed_at is None,
        "may_edit": may_edit,
        "may_devices": caller.may("device.approve", at(org.path)),
    }
    return page(request, "school/room.html", context)


@posts(show, "edit")
async def edit(request: web.Request) -> web.Response:
    """`POST /rooms/ID`."""
    form = await read_form(request, rooms.EditRoom, token=csrf_token(request))
    await rooms.edit(request.app[OFFICE], await caller_of(request), request.match_info["room"], form)
    return done(request, f"/rooms/{request.match_info['room']}")


@posts(show, "close")
async def close(request: web.Request) -> web.Response:
    """`POST /rooms/ID/close`."""
    form = await read_form(request, rooms.CloseRoom, token=csrf_token(request))
    await rooms.close(request.app[OFFICE], await caller_of(request), request.match_info["room"], form)
    return done(request, f"/rooms/{request.match_info['room']}")


@posts(show, "code")
async def redraw(request: web.Request) -> web.Response:
    """`POST /rooms/ID/join-code`: another one."""
    await read_form(request, Empty, token=csrf_token(request))
    code = await rooms.redraw_join_code(request.app[OFFICE], await caller_of(request), request.match_info["room"])
    return done(request, f"/rooms/{request.match_info['room']}", {"join_code": code})


@posts(show, "pin")
async def pin(request: web.Request) -> web.Response:
    """`POST /rooms/ID/pin`: what opens the assistant's panel on the big screen."""
    form = await read_form(request, rooms.SetPin, token=csrf_token(request))
    room = request.match_info["room"]
    await rooms.set_pin(request.app[OFFICE], await caller_of(request), room, form, request.app[LOGINS].passwords)
    return done(request, f"/rooms/{room}")


@posts(show, "asking")
async def accept(request: web.Request) -> web.Response:
    """`POST /rooms/ID/groups/GROUP/accept`: a group of another office may have this room follow."""
    form = await read_form(request, invited.AcceptRoom, token=csrf_token(request))
    room, group = request.match_info["room"], request.match_info["group"]
    await invited.accept(request.app[OFFICE], await caller_of(request), room, group, form)
    return done(request, f"/rooms/{room}")


@posts(show, "asking")
async def refuse(request: web.Request) -> web.Response:
    """`POST /rooms/ID/groups/GROUP/refuse`."""
    await read_form(request, invited.RefuseRoom, token=csrf_token(request))
    room = request.match_info["room"]
    await invited.refuse(request.app[OFFICE], await caller_of(request), room, request.match_info["group"])
    return done(request, f"/rooms/{room}")


async def card(request: web.Request, _: Again) -> web.Response:
    """`GET /rooms/ID/card`: the join code in large digits, to print and put up in the room."""
    room, org = await request.app[OFFICE].room(await caller_of(request), request.match_info["room"], "room.see")
    return page(request, "school/card.html", {"room": room, "org": org})


def add_routes(doors: Doors) -> None:
    """Addresses of classrooms."""
    doors.get("/rooms/{room}", first(show), "room.see")
    doors.get("/rooms/{room}/card", first(card), "room.see")
    doors.post("/rooms/{room}", edit, "room.edit")
    doors.post("/rooms/{room}/close", close, "room.edit")
    doors.post("/rooms/{room}/join-code", redraw, "room.edit")
    doors.post("/rooms/{room}/pin", pin, "room.pin")
    doors.post("/rooms/{room}/groups/{group}/accept", accept, "group.edit")
    doors.post("/rooms/{room}/groups/{group}/refuse", refuse, "group.edit")
