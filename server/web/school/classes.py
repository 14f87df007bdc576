"""`/classes/ID`: a class, its students, where they sit."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from server.accounts.caller import at
from server.domain.seating import seat_rows
from server.errors import Invalid
from server.school import classes, orgs
from server.school import seats as seating
from server.school.fields import Day, Id, Version
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import CSRF_FIELD, check, check_token, done, read_form, read_values
from server.web.keys import LOGINS, OFFICE, PARENTS, SETTINGS
from server.web.local import today_of

_SEAT = re.compile(r"seat\.([0-9]{1,3})")


class OneStudent(msgspec.Struct, frozen=True):
    """Which one."""

    student: Id
    version: Version


async def show(request: web.Request, again: Again, pin: tuple[str, str] | None = None) -> web.Response:
    """`GET /classes/ID[?names=1]`: names are masked unless asked for."""
    caller, office = await caller_of(request), request.app[OFFICE]
    found, org = await office.school_class(caller, request.match_info["class"], "class.see")
    may_see, may_slip = caller.may("student.see", at(org.path)), caller.may("slip.issue", at(org.path))
    full = request.query.get("names") == "1"
    context = {
        "again": again,
        "class_": found,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "students": await classes.shown(office, caller, found.id, full=full) if may_see else [],
        "full": full,
        "pin": pin,
        "plans": await office.plans.of_class(found.id),
        "rooms": {room.id: room for room in await office.rooms.of(org.id)},
        "parents": await request.app[PARENTS].of_class(caller, found.id) if may_slip else {},
        "may_see": may_see,
        "may_slip": may_slip,
        "may_edit": caller.may("class.edit", at(org.path)),
        "may_plan": caller.may("plan.edit", at(org.path)),
    }
    return page(request, "school/class.html", context)


@posts(show, "edit")
async def edit(request: web.Request) -> web.Response:
    """`POST /classes/ID`."""
    form = await read_form(request, classes.EditClass, token=csrf_token(request))
    await classes.edit(request.app[OFFICE], await caller_of(request), request.match_info["class"], form)
    return done(request, f"/classes/{request.match_info['class']}")


@posts(show, "students")
async def add_students(request: web.Request) -> web.Response:
    """`POST /classes/ID/students`: a line for each."""
    form = await read_form(request, classes.AddStudents, token=csrf_token(request))
    lines = classes.read_lines(form.lines)
    added = await classes.add_many(request.app[OFFICE], await caller_of(request), request.match_info["class"], lines)
    return done(request, f"/classes/{request.match_info['class']}", {"students": added})


@posts(show, "students")
async def pin(request: web.Request) -> web.StreamResponse:
    """`POST /classes/ID/pin`: a new PIN of one student, shown on the page that answers, once."""
    form = await read_form(request, OneStudent, token=csrf_token(request))
    new = await classes.set_pin(request.app[OFFICE], await caller_of(request), form.student, request.app[LOGINS].passwords)
    return await show(request, Again(), (form.student, new))


@posts(show, "students")
async def leave(request: web.Request) -> web.Response:
    """`POST /classes/ID/leave`."""
    form = await read_form(request, OneStudent, token=csrf_token(request))
    await classes.leave(request.app[OFFICE], await caller_of(request), form.student, form.version)
    return done(request, f"/classes/{request.match_info['class']}")


@posts(show, "students")
async def erase(request: web.Request) -> web.Response:
    """`POST /classes/ID/erase`."""
    form = await read_form(request, OneStudent, token=csrf_token(request))
    await classes.erase(request.app[OFFICE], await caller_of(request), form.student, form.version)
    return done(request, f"/classes/{request.match_info['class']}")


# --- seating plans -----------------------------------------------------------------------------------------------------


async def show_plan(request: web.Request, again: Again) -> web.Response:
    """`GET /classes/ID/plans/ROOM[?day=…]`: the room's seats with the numbers of who sits there."""
    caller, office = await caller_of(request), request.app[OFFICE]
    found, org = await office.school_class(caller, request.match_info["class"], "plan.edit")
    room, _ = await office.room(caller, request.match_info["room"], "room.see")
    today = today_of(office.now(), request.app[SETTINGS].timezone)
    day = request.query.get("day") or today
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        raise Invalid({"day": "format"})
    plan = await office.plans.valid(found.id, room.id, day)
    begins = max(day, today) if await office.plans.first(found.id, room.id) else day  # what is over keeps its plan
    students = await classes.shown(office, caller, found.id)
    numbers = {one.student.id: one.number for one in students}
    context = {
        "again": again,
        "class_": found,
        "room": room,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "grid": seat_rows(room.seat_rows, room.seat_columns),
        "seats": {seat: numbers.get(who, "") for seat, who in plan.seats.items()} if plan else {},
        "students": students,
        "plan": plan,
        "begins": begins,
        "same_day": plan is not None and plan.valid_from == begins,
    }
    return page(request, "school/plan.html", context)


class _When(msgspec.Struct, frozen=True):
    valid_from: Day
    version: Version | None = None


@posts(show_plan)
async def set_plan(request: web.Request) -> web.Response:
    """`POST /classes/ID/plans/ROOM`: `seat.N` = student number."""
    values = await read_values(request)
    check_token(request, str(values.pop(CSRF_FIELD, "")), csrf_token(request))
    seats = {match[1]: str(value) for name, value in values.items() if (match := _SEAT.fullmatch(name))}
    when = check(_When, {name: value for name, value in values.items() if name in ("valid_from", "version")})
    form = seating.SetSeats(classroom=request.match_info["room"], valid_from=when.valid_from, seats=seats, version=when.version)
    zone = ZoneInfo(request.app[SETTINGS].timezone)
    await seating.set_seats(request.app[OFFICE], await caller_of(request), request.match_info["class"], form, zone)
    return done(request, f"/classes/{request.match_info['class']}")


def add_routes(doors: Doors) -> None:
    """Addresses of classes."""
    doors.get("/classes/{class}", first(show), "class.see")
    doors.post("/classes/{class}", edit, "class.edit")
    doors.post("/classes/{class}/students", add_students, "student.edit")
    doors.post("/classes/{class}/pin", pin, "student.edit")
    doors.post("/classes/{class}/leave", leave, "student.edit")
    doors.post("/classes/{class}/erase", erase, "student.edit")
    doors.get("/classes/{class}/plans/{room}", first(show_plan), "plan.edit")
    doors.post("/classes/{class}/plans/{room}", set_plan, "plan.edit")
