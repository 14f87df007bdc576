"""`/orgs/ID/courses`, `/courses/ID`: courses and making their lessons."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from server.accounts.caller import at
from server.domain.orgs import StandingGroup
from server.school import course_change, courses, orgs, terms, timetable
from server.school.bells import other_bells
from server.school.clash import clash_error
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
        "closed": await CourseStore(office.database).closed_of(org.id) if may_edit else [],
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
    """`GET /courses/ID`: slots, rooms, and what publishing would make, move and cancel."""
    caller, office = await caller_of(request), request.app[OFFICE]
    zone = ZoneInfo(request.app[SETTINGS].timezone)
    course, org = await courses.find(office, caller, request.match_info["course"], "course.see")
    planned = await timetable.preview(office, caller, course.id, zone)
    clashes = [(one, await clash_error(office, caller, one.clashes[0], zone)) for one in planned if one.clashes][:20]
    rooms = await office.rooms.many(course.rooms.keys())
    may_edit = caller.may("course.edit", at(org.path))
    by_what = {what: [one for one in planned if one.what == what] for what in ("make", "move", "cancel", "keep")}
    coming = len(planned) - len(by_what["cancel"])
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
        "by_what": by_what,
        "changing": any(by_what[what] for what in ("make", "move", "cancel")),
        "too_many": {"limit": timetable.MOST_LESSONS, "count": coming} if coming > timetable.MOST_LESSONS else None,
        "clashes": clashes,
        "other_bells": await other_bells(office, [one.lesson for one in planned if one.what in ("make", "move")], zone),
        "bells": await terms.calendar(office).bells(org.path),
        "may_edit": may_edit,
        "teachers": await request.app[PEOPLE].listed(caller, role="teacher", under=org.path) if may_edit else [],
    }
    return page(request, "timetable/course.html", context)


@posts(show_list, "new")
async def create(request: web.Request) -> web.Response:
    """`POST /orgs/ID/courses`."""
    form = await read_form(request, courses.NewCourse, token=csrf_token(request))
    new = await courses.create(request.app[OFFICE], await caller_of(request), request.match_info["org"], form)
    return done(request, f"/courses/{new.id}", {"id": new.id})


@posts(show, "edit")
async def edit(request: web.Request) -> web.Response:
    """`POST /courses/ID`."""
    form = await read_form(request, course_change.EditCourse, token=csrf_token(request))
    zone = ZoneInfo(request.app[SETTINGS].timezone)
    await course_change.edit(request.app[OFFICE], await caller_of(request), request.match_info["course"], form, zone)
    return done(request, f"/courses/{request.match_info['course']}")


@posts(show, "close")
async def close(request: web.Request) -> web.Response:
    """`POST /courses/ID/close`."""
    form = await read_form(request, course_change.CloseCourse, token=csrf_token(request))
    await course_change.close(request.app[OFFICE], await caller_of(request), request.match_info["course"], form)
    return done(request, f"/courses/{request.match_info['course']}")


@posts(show, "slot")
async def add_slot(request: web.Request) -> web.Response:
    """`POST /courses/ID/slots`."""
    form = await read_form(request, courses.AddSlot, token=csrf_token(request))
    await courses.slot_added(request.app[OFFICE], await caller_of(request), request.match_info["course"], form)
    return done(request, f"/courses/{request.match_info['course']}")


@posts(show, "slot")
async def remove_slot(request: web.Request) -> web.Response:
    """`POST /courses/ID/slots/remove`."""
    form = await read_form(request, courses.RemoveSlot, token=csrf_token(request))
    await courses.slot_removed(request.app[OFFICE], await caller_of(request), request.match_info["course"], form)
    return done(request, f"/courses/{request.match_info['course']}")


@posts(show, "rooms")
async def rooms_from_group(request: web.Request) -> web.Response:
    """`POST /courses/ID/rooms`: as the standing group is now."""
    form = await read_form(request, SeenVersion, token=csrf_token(request))
    await courses.rooms_from_group(request.app[OFFICE], await caller_of(request), request.match_info["course"], form.version)
    return done(request, f"/courses/{request.match_info['course']}")


@posts(show, "publish")
async def publish(request: web.Request) -> web.Response:
    """`POST /courses/ID/publish`."""
    await read_form(request, Empty, token=csrf_token(request))
    zone = ZoneInfo(request.app[SETTINGS].timezone)
    published = await timetable.publish(request.app[OFFICE], await caller_of(request), request.match_info["course"], zone)
    return done(request, f"/courses/{request.match_info['course']}", timetable.counts(published))


def add_routes(doors: Doors) -> None:
    """Addresses of courses."""
    doors.get("/orgs/{org}/courses", first(show_list), "course.see")
    doors.post("/orgs/{org}/courses", create, "course.edit")
    doors.get("/courses/{course}", first(show), "course.see")
    doors.post("/courses/{course}", edit, "course.edit")
    doors.post("/courses/{course}/close", close, "course.edit")
    doors.post("/courses/{course}/slots", add_slot, "course.edit")
    doors.post("/courses/{course}/slots/remove", remove_slot, "course.edit")
    doors.post("/courses/{course}/rooms", rooms_from_group, "course.edit")
    doors.post("/courses/{course}/publish", publish, "course.edit")
