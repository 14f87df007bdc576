"""Courses with their weekly places and rooms (S9). Making their lessons: `server.school.timetable`."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, known_id, target
from server.domain.calendar import BadWeeks, Slot, parse_weeks
from server.domain.course import Course
from server.domain.orgs import Org
from server.errors import Invalid, NotThere, Taken
from server.school.fields import Id, Name, Stage, Version, Word
from server.school.terms import calendar
from server.store.courses import CourseStore, add_course, add_slot, change_course, remove_slot, set_course_rooms

MOST_WEEKS = 40
"""Of a term."""


class NewCourse(msgspec.Struct, frozen=True, kw_only=True):
    """A course; its rooms come from the standing group, so that nobody puts them together by hand."""

    name: Name
    subject: Word
    stage: Stage
    grade: Word
    edition: Name
    volume: Word
    teacher: Id
    term: Id
    standing_group: Id
    school_class: Id | None = None


class AddSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A weekly place."""

    weekday: Annotated[int, Meta(ge=1, le=7)]
    period: Annotated[int, Meta(ge=1, le=20)]
    weeks: Annotated[str, Meta(min_length=1, max_length=64)] = "all"
    version: Version


class RemoveSlot(msgspec.Struct, frozen=True, kw_only=True):
    """No longer; publishing the course again cancels the lessons made for it."""

    slot: Id
    version: Version


async def find(office: Office, who: Caller, course_id: str, action: str) -> tuple[Course, Org]:
    """A course and its school, as `Office.org`."""
    found = await CourseStore(office.database).get(known_id(course_id))
    if found is None:
        raise NotThere
    return found, await office.org(who, found.org, action)


async def create(office: Office, who: Caller, org_id: str, form: NewCourse) -> Course:
    """Add a course to the master's school. Raises `Invalid`."""
    org = await office.org(who, org_id, "course.edit")
    group = await office.groups.get(form.standing_group)
    master = await office.rooms.get(group.master_classroom) if group else None
    teacher = await office.people.get(form.teacher)
    term = await calendar(office).term(form.term)
    wrong = {}
    if group is None or master is None or group.closed_at or master.org != org.id:
        wrong["standing_group"] = "choice"
    if teacher is None or teacher.disabled_at or not await teaches_at(office, teacher.id, org):
        wrong["teacher"] = "choice"
    if term is None or term.id not in {one.id for one in await calendar(office).terms(org.path)}:
        wrong["term"] = "choice"
    if form.school_class and not await _is_class_of(office, form.school_class, org):
        wrong["school_class"] = "choice"
    if wrong or group is None or master is None:
        raise Invalid(wrong)
    values = {name: getattr(form, name) for name in NewCourse.__struct_fields__}
    new = Course(id=draw(), org=org.id, master_classroom=master.id, version=1, rooms=dict(group.rooms), **values)

    async def work(connection: AsyncConnection) -> Course:
        await add_course(connection, new, office.now())
        return new

    return await office.acts.do(who, "course.create", target("course", new.id, org), work)


async def _is_class_of(office: Office, class_id: str, org: Org) -> bool:
    found = await office.classes.get(class_id)
    return found is not None and found.org == org.id and found.closed_at is None


async def teaches_at(office: Office, person: str, org: Org) -> bool:
    """Whether somebody is, or will be, a teacher at the school or at an office above it."""
    now = office.now()
    for role in (await office.people.assignments([person]))[person]:
        if role.role == "teacher" and role.org and (role.valid_until is None or role.valid_until > now):
            place = await office.orgs.get(role.org)
            if place and org.path.startswith(place.path):
                return True
    return False


async def slot_added(office: Office, who: Caller, course_id: str, form: AddSlot) -> None:
    """A weekly place more. Raises `Invalid`, `EditConflict`, `Taken` where the course is held then already."""
    course, org = await find(office, who, course_id, "course.edit")
    try:
        weeks = parse_weeks(form.weeks, MOST_WEEKS)
    except BadWeeks as error:
        raise Invalid({"weeks": "format"}) from error
    same = (one for one in course.slots if (one.weekday, one.period) == (form.weekday, form.period))
    if any(weeks & parse_weeks(one.weeks, MOST_WEEKS) for one in same):
        raise Taken(field="period")
    slot = Slot(draw(), form.weekday, form.period, re.sub(r"\s", "", form.weeks.lower()))

    async def work(connection: AsyncConnection) -> None:
        await change_course(connection, course.id, form.version)
        await add_slot(connection, course.id, slot)

    await office.acts.do(who, "course.slot", target("course", course.id, org), work, unique="period")


async def slot_removed(office: Office, who: Caller, course_id: str, form: RemoveSlot) -> None:
    """A weekly place less. Raises `EditConflict`, `NotThere`."""
    course, org = await find(office, who, course_id, "course.edit")
    if form.slot not in {one.id for one in course.slots}:
        raise NotThere

    async def work(connection: AsyncConnection) -> None:
        await change_course(connection, course.id, form.version)
        await remove_slot(connection, course.id, form.slot)

    await office.acts.do(who, "course.slot_removed", target("course", course.id, org), work)


async def rooms_from_group(office: Office, who: Caller, course_id: str, version: int) -> None:
    """The course's rooms are those of its standing group now. Raises `EditConflict`, `Invalid`."""
    course, org = await find(office, who, course_id, "course.edit")
    group = await office.groups.get(course.standing_group or "")
    if group is None:
        raise Invalid({"standing_group": "missing"})
    if group.closed_at is not None or group.master_classroom != course.master_classroom:
        raise Invalid({"standing_group": "choice"})

    async def work(connection: AsyncConnection) -> None:
        await change_course(connection, course.id, version)
        await set_course_rooms(connection, course.id, group.rooms)

    await office.acts.do(who, "course.rooms", target("course", course.id, org), work)
