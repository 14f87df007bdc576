"""Making a course's lessons for the term: 排课 (S9). Double booking is refused with the clash named.

Publishing makes the lessons of a course what its weekly places, the calendar and the bells say now: what is missing is made, what is
held at another time is moved, what is held no more is cancelled; what an office moved or cancelled by hand stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.accounts.office import Office, target
from server.domain.calendar import Bell, Term
from server.domain.course import Course
from server.domain.orgs import Org
from server.domain.replan import Changes, Held, changes
from server.domain.schedule import ScheduledLesson, ScheduledRoom
from server.errors import TooManyLessons
from server.school.clash import in_words
from server.school.courses import find
from server.school.occurrences import Days, held
from server.school.roster import roster, roster_names
from server.school.terms import calendar
from server.store.bookings import Booked, Clash, add_lessons, bookings, clashes, clashing, resources_of, slots_made
from server.store.courses import hold_course
from server.store.lesson_changes import cancel_lessons, free_slots, hold_lessons, rewrite_lessons, unbook

MOST_LESSONS = 400
"""One course in one term."""
What = Literal["make", "move", "cancel", "keep"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A lesson, and what publishing would do to it."""

    lesson: ScheduledLesson
    """As it would be."""
    what: What
    clashes: tuple[Clash, ...] = ()
    """The first one, if any."""
    was: ScheduledLesson | None = None
    """One that would be moved, as it is."""

    @property
    def made(self) -> bool:
        """It is there already."""
        return self.what != "make"


@dataclass(frozen=True, slots=True)
class Published:
    """How many lessons were made, moved and cancelled."""

    made: int = 0
    moved: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What publishing a course would do."""

    fresh: list[ScheduledLesson]
    shifted: list[tuple[ScheduledLesson, ScheduledLesson]]
    """As it is, and as it would be."""
    stale: list[ScheduledLesson]
    freed: list[ScheduledLesson]
    kept: list[ScheduledLesson]

    @property
    def booking(self) -> list[ScheduledLesson]:
        """What would be booked anew, by time."""
        return sorted([*self.fresh, *(new for _, new in self.shifted)], key=lambda one: one.starts_at or 0)

    def staying(self, now: int) -> list[ScheduledLesson]:
        """What is there, still to come and left alone."""
        return [one for one in self.kept if (one.starts_at or 0) > now and one.phase != "cancelled"]

    @property
    def leaving(self) -> list[ScheduledLesson]:
        """What would give its time back."""
        return [*self.stale, *(old for old, _ in self.shifted)]


async def preview(office: Office, who: Caller, course_id: str, zone: ZoneInfo) -> list[Planned]:
    """The coming lessons and what publishing would do to each, by time, with what would clash."""
    course, org = await find(office, who, course_id, "course.see")
    plan = await plan_of(office, course, org, zone)
    hits = dict(await _clashing(office, plan))
    found = [Planned(one, "make", _first(hits.get(one.id))) for one in plan.fresh]
    found += [Planned(new, "move", _first(hits.get(new.id)), old) for old, new in plan.shifted]
    found += [Planned(one, "cancel") for one in plan.stale]
    found += [Planned(one, "keep") for one in plan.staying(office.now())]
    return sorted(found, key=lambda one: one.lesson.starts_at or 0)


async def _clashing(office: Office, plan: Plan) -> list[tuple[str, Clash]]:
    if not plan.booking:
        return []
    leaving = {one.id for one in plan.leaving}
    booked = await bookings(office.database, _resources(plan.booking), *_span(plan.booking))
    return [(one.id, clash) for one, clash in clashing(plan.booking, [one for one in booked if one.lesson not in leaving])]


def _first(clash: Clash | None) -> tuple[Clash, ...]:
    return () if clash is None else (clash,)


async def publish(office: Office, who: Caller, course_id: str, zone: ZoneInfo) -> Published:
    """Make, move and cancel; all or none. Raises `BookingClash` naming the first clash, `TooManyLessons`, `EditConflict`."""
    course, org = await find(office, who, course_id, "course.edit")
    plan = await plan_of(office, course, org, zone)
    _bounded(len(plan.booking) + len(plan.staying(office.now())))
    names = await roster_names(office, org, course.rooms)

    async def work(connection: AsyncConnection) -> Published:
        await hold_course(connection, course.id, course.version)
        now = await _still(connection, plan)
        await unbook(connection, [one.id for one in now.leaving])
        if now.booking and (found := clashing(now.booking, await clashes(connection, _resources(now.booking), *_span(now.booking)))):
            raise Booked(found[0][1])
        await cancel_lessons(connection, [one.id for one in now.stale], office.now())
        await rewrite_lessons(connection, [new for _, new in now.shifted])
        await add_lessons(connection, [(one, roster(one, names)) for one in now.fresh], office.now())
        return Published(len(now.fresh), len(now.shifted), len(now.stale))

    locks = tuple(_resources([*plan.booking, *plan.leaving]))
    async with in_words(office, who, zone):
        done = target("course", course.id, org)
        return await office.acts.do(who, "course.publish", done, work, locks=locks, details=counts)


def counts(done: Published) -> dict[str, str | int]:
    """For the audit and for scripts."""
    return {"lessons": done.made, "moved": done.moved, "cancelled": done.cancelled}


async def _still(connection: AsyncConnection, plan: Plan) -> Plan:
    """What is left to do: somebody else may have pressed the button too, or changed a lesson, or it began."""
    held = await hold_lessons(connection, plan.leaving)
    await free_slots(connection, [one.id for one in plan.freed])
    there = await slots_made(connection, [one.slot for one in plan.fresh if one.slot])
    return replace(
        plan,
        fresh=[one for one in plan.fresh if one.slot not in there],
        shifted=[pair for pair in plan.shifted if pair[0].id in held],
        stale=[one for one in plan.stale if one.id in held],
    )


def _resources(lessons: Iterable[ScheduledLesson]) -> frozenset[str]:
    return frozenset(resource for one in lessons for resource in resources_of(one))


def _span(lessons: Sequence[ScheduledLesson]) -> tuple[int, int]:
    return min(one.starts_at or 0 for one in lessons), max(one.ends_at or 0 for one in lessons)


def _bounded(count: int) -> None:
    if count > MOST_LESSONS:
        raise TooManyLessons(limit=MOST_LESSONS, count=count)


# --- what is to be there -----------------------------------------------------------------------------------------------


async def plan_of(office: Office, course: Course, org: Org, zone: ZoneInfo) -> Plan:
    """The lessons of the rest of the term against those that are made."""
    term, bells = await calendar(office).term(course.term), await calendar(office).bells(org.path)
    made = [one for one in await office.schedule.of_course(course.id) if one.slot is not None]
    if term is None:
        return Plan([], [], [], [], made)
    found: Changes[ScheduledLesson] = changes(held(course, Days(term, bells, zone)), made, office.now())
    parts = await _parts(office, course)
    return Plan(
        fresh=[_lesson(course, org, when, parts) for when in found.fresh],
        shifted=[(old, _at(old, when)) for old, when in found.shifted],
        stale=list(found.stale),
        freed=list(found.freed),
        kept=list(found.kept),
    )


async def lessons_of(office: Office, course: Course, org: Org, term: Term, bells: Sequence[Bell], zone: ZoneInfo) -> list[ScheduledLesson]:
    """The coming lessons of a course that need not be stored yet. Raises `TooManyLessons`."""
    found: Changes[ScheduledLesson] = changes(held(course, Days(term, bells, zone)), (), office.now())
    _bounded(len(found.fresh))
    parts = await _parts(office, course)
    return [_lesson(course, org, when, parts) for when in found.fresh]


def _at(lesson: ScheduledLesson, when: Held) -> ScheduledLesson:
    return replace(lesson, day=when.day, period=when.period, starts_at=when.starts_at, ends_at=when.ends_at)


def _lesson(course: Course, org: Org, when: Held, parts: Mapping[str, ScheduledRoom]) -> ScheduledLesson:
    return ScheduledLesson(
        id=draw() + draw(),
        name=course.name,
        phase="scheduled",
        version=1,
        org=org.id,
        path=org.path,
        course=course.id,
        slot=when.slot,
        day=when.day,
        period=when.period,
        starts_at=when.starts_at,
        ends_at=when.ends_at,
        subject=course.subject,
        stage=course.stage,
        grade=course.grade,
        edition=course.edition,
        volume=course.volume,
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
