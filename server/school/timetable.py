"""Courses, and making their lessons for the term: 排课 (S9). Double booking is refused with the clash named."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller, at
from server.accounts.ids import draw
from server.accounts.office import Office, known_id, target
from server.domain.calendar import BadWeeks, Bell, Slot, Term, bell_on, days_of, moment, parse_weeks
from server.domain.course import Course
from server.domain.orgs import Org
from server.domain.principal import MASTER
from server.domain.schedule import ScheduledLesson, ScheduledRoom
from server.errors import BookingClash, Invalid, NotThere, Taken
from server.school.fields import Id, Name, Version
from server.school.terms import calendar
from server.store.bookings import Booked, Clash, add_lessons, clashes, clashing, resources_of, slots_made
from server.store.courses import CourseStore, add_course, add_slot, change_course, remove_slot, set_course_rooms
from server.store.orgs import OrgStore

Stage = Literal["primary", "junior", "senior"]
Word = Annotated[str, Meta(min_length=1, max_length=32)]
MOST_LESSONS = 400
"""One course in one term."""
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
    """No longer; lessons made already stay."""

    slot: Id
    version: Version


@dataclass(frozen=True, slots=True)
class Planned:
    """A lesson that publishing would make."""

    lesson: ScheduledLesson
    clashes: tuple[Clash, ...] = ()
    made: bool = False
    """It is there already."""


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


# --- making lessons ----------------------------------------------------------------------------------------------------


async def preview(office: Office, who: Caller, course_id: str, zone: ZoneInfo) -> list[Planned]:
    """The lessons of the rest of the term, with what would clash."""
    course, org = await find(office, who, course_id, "course.see")
    lessons = await planned(office, course, org, zone)
    made = {one.slot for one in await _existing(office, course)}

    async def look(connection: AsyncConnection) -> list[Planned]:
        found = []
        for one in lessons:
            if one.slot in made:
                found.append(Planned(one, made=True))
            else:
                found.append(Planned(one, tuple(await _clashes(connection, one))))
        return found

    async with office.database.engine.connect() as connection:
        return await look(connection)


async def publish(office: Office, who: Caller, course_id: str, zone: ZoneInfo) -> int:
    """Make the lessons that are not there yet; how many. All or none: raises `BookingClash` naming the first clash."""
    course, org = await find(office, who, course_id, "course.edit")
    made = {one.slot for one in await _existing(office, course)}
    lessons = [one for one in await planned(office, course, org, zone) if one.slot not in made]
    names = await roster_names(office, org, course.rooms)
    locks = tuple(sorted({resource for one in lessons for resource in resources_of(one)}))

    async def work(connection: AsyncConnection) -> int:
        if lessons:
            begin, end = min(one.starts_at or 0 for one in lessons), max(one.ends_at or 0 for one in lessons)
            there = await slots_made(connection, [one.slot for one in lessons if one.slot])  # by somebody who pressed the button too
            fresh = [one for one in lessons if one.slot not in there]
            if found := clashing(fresh, await clashes(connection, locks, begin, end)):
                raise Booked(found[0][1])
            await add_lessons(connection, [(one, roster(one, names)) for one in fresh], office.now())
            return len(fresh)
        return 0

    done = target("course", course.id, org)
    async with in_words(office, who, zone):
        return await office.acts.do(who, "course.publish", done, work, locks=locks, details=lambda count: {"lessons": count})


async def _existing(office: Office, course: Course) -> list[ScheduledLesson]:
    return await office.schedule.of_course(course.id)


async def planned(office: Office, course: Course, org: Org, zone: ZoneInfo) -> list[ScheduledLesson]:
    """The lessons of the rest of the term, made or not."""
    term = await calendar(office).term(course.term)
    return await lessons_of(office, course, org, term, await calendar(office).bells(org.path), zone) if term else []


async def lessons_of(office: Office, course: Course, org: Org, term: Term, bells: Sequence[Bell], zone: ZoneInfo) -> list[ScheduledLesson]:
    """As `planned`, for a course, its term and period tables that are known; the course itself need not be stored yet."""
    parts = await _parts(office, course)
    lessons = [_lesson(course, org, term, bell, day, slot, parts, zone) for slot, day, bell in _occurrences(term, bells, course.slots)]
    coming = [one for one in lessons if one is not None and (one.starts_at or 0) > office.now()]
    return sorted(coming, key=lambda one: one.starts_at or 0)[:MOST_LESSONS]


def _occurrences(term: Term, bells: Sequence[Bell], slots: Sequence[Slot]) -> list[tuple[Slot, date, Bell | None]]:
    return [(slot, day, bell_on(bells, day)) for slot in slots for day in days_of(term, slot)]


def _lesson(
    course: Course, org: Org, term: Term, bell: Bell | None, day: date, slot: Slot, parts: Mapping[str, ScheduledRoom], zone: ZoneInfo
) -> ScheduledLesson | None:
    times = bell.periods.get(slot.period) if bell else None
    if times is None:
        return None
    return ScheduledLesson(
        id=draw() + draw(),
        name=course.name,
        phase="scheduled",
        version=1,
        org=org.id,
        path=org.path,
        course=course.id,
        slot=f"{slot.id}@{day.isoformat()}",  # stays when the lesson is moved: publishing again makes no second one
        day=day.isoformat(),
        period=slot.period,
        starts_at=moment(day, times[0], zone),
        ends_at=moment(day, times[1], zone),
        subject=course.subject,
        grade=course.grade,
        teacher=course.teacher,
        master_classroom=course.master_classroom,
        school_class=course.school_class,
        rooms={room: replace(part, participant=draw()) for room, part in parts.items()},
    )


async def _parts(office: Office, course: Course) -> dict[str, ScheduledRoom]:
    rooms = await office.rooms.many(course.rooms.keys())
    homes = await office.orgs.many({room.org for room in rooms.values()})
    open_rooms = [room for room in rooms.values() if room.closed_at is None]
    return {room.id: ScheduledRoom(room.id, "", course.rooms[room.id], homes[room.org].path) for room in open_rooms}


async def roster_names(office: Office, org: Org, rooms: Mapping[str, str | None]) -> dict[str, str]:
    """Classroom id → what a lesson's roster calls it: school, and the room where the school has several. No personal names."""
    known = await office.rooms.many(rooms.keys())
    homes = await office.orgs.many({room.org for room in known.values()})
    per_school: dict[str, int] = {org.id: 1}  # the master's room has the school's name alone
    for room in known.values():
        per_school[room.org] = per_school.get(room.org, 0) + 1
    names = {
        room.id: homes[room.org].name if per_school[room.org] == 1 else f"{homes[room.org].name} {room.name}" for room in known.values()
    }
    masters = {room.id: org.name for room in await office.rooms.of(org.id)}
    return {**masters, **names}


def roster(one: ScheduledLesson, names: Mapping[str, str]) -> dict[str, str]:
    """Participant → what the lesson's roster calls it, of the names of `roster_names`."""
    return {MASTER: names[one.master_classroom or ""]} | {room.participant: names[room.classroom] for room in one.rooms.values()}


async def _clashes(connection: AsyncConnection, one: ScheduledLesson) -> list[Clash]:
    return await clashes(connection, resources_of(one), one.starts_at or 0, one.ends_at or 0, one.id)


@asynccontextmanager
async def in_words(office: Office, who: Caller, zone: ZoneInfo) -> AsyncIterator[None]:
    """Around an act that books: `Booked` comes out as `BookingClash`."""
    try:
        yield
    except Booked as booked:
        raise await clash_error(office, who, booked.clash, zone) from booked


async def clash_error(office: Office, who: Caller, clash: Clash, zone: ZoneInfo) -> BookingClash:
    """The clash in words that the caller may hear: what is booked, when, and by which lesson if the caller may know of it (S6)."""
    other = await office.schedule.lesson(clash.lesson)
    local = datetime.fromtimestamp(clash.starts_at / 1000, zone)
    seen = other is not None and who.may("lesson.see", other.where())
    name = other.name if other and seen else ""
    kind, _, row = clash.resource.partition(":")
    return BookingClash(
        f"{clash.resource} {clash.lesson}",
        what=await _called(office, who, kind, row),
        kind=kind,
        lesson=name,
        day=local.date().isoformat(),
        time=local.strftime("%H:%M"),
    )


async def _called(office: Office, who: Caller, kind: str, row: str) -> str:
    if kind == "room":
        room = await office.rooms.get(row)
        home = await OrgStore(office.database).get(room.org) if room else None
        return f"{home.name} {room.name}" if room and home else ""
    if kind == "class":
        group = await office.classes.get(row)
        return group.name if group else ""
    person = await office.people.get(row)
    home = await office.orgs.get(person.org) if person else None
    if person is None or home is None or not who.may("org.see", at(home.path)):
        return ""
    return (await office.contents.texts([person.name])).get(person.name, "")
