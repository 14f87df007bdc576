"""`/orgs/ID/courses`, `/courses/ID`: courses and making their lessons."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from server.accounts.caller import at
from server.domain.orgs import StandingGroup
from server.school import orgs, terms, timetable
from server.school.bells import other_bells
from server.school.fields import Version
from server.store.courses import CourseStore
from server.web.again import Again, first, posts
from server.web.answers import page
from server.web.callers import caller_of, csrf_token
from server.web.doors import Doors
from server.web.forms import done, read_form
from server.web.keys import OFFICE, PEOPLE, SETTINGS
from server.web.school.orgs import Empty

SUBJECTS = (
    "chinese",
    "maths",
    "english",
    "science",
    "morals",
    "music",
    "art",
    "pe",
    "it",
    "physics",
    "chemistry",
    "biology",
    "history",
    "geography",
)
"""Codes; sentences `subject.<code>`."""


class SeenVersion(msgspec.Struct, frozen=True):
    """A button that changes what the page showed."""

    version: Version


async def show_list(request: web.Request, again: Again) -> web.Response:
    """`GET /orgs/ID/courses`."""
    caller, office = await caller_of(request), request.app[OFFICE]
    org = await office.org(caller, request.match_info["org"], "course.see")
    may_edit = caller.may("course.edit", at(org.path))
    known = [one for one in await CourseStore(office.database).under([org.path]) if one.org == org.id or may_edit]
    teachers = await request.app[PEOPLE].listed(caller, role="teacher", under=org.path) if may_edit else []
    context = {
        "again": again,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "courses": [one for one in known if one.org == org.id],
        "names": await request.app[PEOPLE].names([one.teacher for one in known]),
        "subjects": SUBJECTS,
        "terms": await terms.calendar(office).terms(org.path),
        "groups": [g for g in await _groups(request, org.path) if g.closed_at is None],
        "teachers": teachers,
        "classes": await office.classes.of(org.id),
        "may_edit": may_edit,
    }
    return page(request, "timetable/courses.html", context)


async def _groups(request: web.Request, path: str) -> list[StandingGroup]:
    """Groups led from a room of the school, whoever keeps them."""
    office = request.app[OFFICE]
    rooms = await office.rooms.under([path])
    found = {group.id: group for room in rooms for group in await office.groups.of_room(room.id) if group.master_classroom == room.id}
    return list(found.values())


async def show(request: web.Request, again: Again) -> web.Response:
    """`GET /courses/ID`: slots, rooms, and the lessons that publishing would make."""
    caller, office = await caller_of(request), request.app[OFFICE]
    zone = ZoneInfo(request.app[SETTINGS].timezone)
    course, org = await timetable.find(office, caller, request.match_info["course"], "course.see")
    planned = await timetable.preview(office, caller, course.id, zone)
    clashes = [(one, await timetable.clash_error(office, caller, one.clashes[0], zone)) for one in planned if one.clashes][:20]
    rooms = await office.rooms.many(course.rooms.keys())
    context = {
        "again": again,
        "course": course,
        "org": org,
        "crumbs": await orgs.crumbs(office, caller, org),
        "term": await terms.calendar(office).term(course.term),
        "names": await request.app[PEOPLE].names([course.teacher]),
        "rooms": rooms,
        "homes": await office.orgs.many({room.org for room in rooms.values()}),
        "planned": planned,
        "fresh": [one for one in planned if not one.made],
        "made": [one for one in planned if one.made],
        "clashes": clashes,
        "other_bells": await other_bells(office, [one.lesson for one in planned if not one.made], zone),
        "bells": await terms.calendar(office).bells(org.path),
        "may_edit": caller.may("course.edit", at(org.path)),
    }
    return page(request, "timetable/course.html", context)


@posts(show_list, "new")
async def create(request: web.Request) -> web.Response:
    """`POST /orgs/ID/courses`."""
    form = await read_form(request, timetable.NewCourse, token=csrf_token(request))
    new = await timetable.create(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/courses/{new.id}", {"id": new.id})


@posts(show, "slot")
async def add_slot(request: web.Request) -> web.Response:
    """`POST /courses/ID/slots`."""
    form = await read_form(request, timetable.AddSlot, token=csrf_token(request))
    await timetable.slot_added(request.app[OFFICE], await caller_of(request), request.match_info["course"], form)
    return done(request, f"/courses/{request.match_info['course']}")


@posts(show, "slot")
async def remove_slot(request: web.Request) -> web.Response:
    """`POST /courses/ID/slots/remove`."""
    form = await read_form(request, timetable.RemoveSlot, token=csrf_token(request))
    await timetable.slot_removed(request.app[OFFICE], await caller_of(request), request.match_info["course"], form)
    return done(request, f"/courses/{request.match_info['course']}")


@posts(show, "rooms")
async def rooms_from_group(request: web.Request) -> web.Response:
    """`POST /courses/ID/rooms`: as the standing group is now."""
    form = await read_form(request, SeenVersion, token=csrf_token(request))
    await timetable.rooms_from_group(request.app[OFFICE], await caller_of(request), request.match_info["course"], form.version)
    return done(request, f"/courses/{request.match_info['course']}")


@posts(show, "publish")
async def publish(request: web.Request) -> web.Response:
    """`POST /courses/ID/publish`."""
    await read_form(request, Empty, token=csrf_token(request))
    zone = ZoneInfo(request.app[SETTINGS].timezone)
    made = await timetable.publish(request.app[OFFICE], await caller_of(request), request.match_info["course"], zone)
    return done(request, f"/courses/{request.match_info['course']}", {"lessons": made})


def add_routes(doors: Doors) -> None:
    """Addresses of courses."""
    doors.get("/orgs/{org}/courses", first(show_list), "course.see")
    doors.post("/orgs/{org}/courses", create, "course.edit")
    doors.get("/courses/{course}", first(show), "course.see")
    doors.post("/courses/{course}/slots", add_slot, "course.edit")
    doors.post("/courses/{course}/slots/remove", remove_slot, "course.edit")
    doors.post("/courses/{course}/rooms", rooms_from_group, "course.edit")
    doors.post("/courses/{course}/publish", publish, "course.edit")
