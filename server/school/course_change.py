"""A course changed or closed: its lessons that have not begun follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.caller import Caller
from server.accounts.office import Office, target
from server.domain.course import Course
from server.domain.replan import NOT_BEGUN
from server.domain.schedule import ScheduledLesson
from server.errors import EditConflict, Invalid
from server.school.clash import in_words
from server.school.courses import find, teaches_at
from server.school.fields import Id, Name, Version, Word
from server.store.bookings import Booked, clashes, resources_of
from server.store.courses import change_course
from server.store.lesson_changes import cancel_lessons, hold_lessons, rewrite_lessons
from server.store.people import narrow
from server.store.schedule import teacher_resource

CARRIED = ("name", "grade", "edition", "volume")
"""What lessons have of their course, unless somebody said otherwise of one."""


class EditCourse(msgspec.Struct, frozen=True, kw_only=True):
    """What it is about, and who teaches it."""

    name: Name
    grade: Word
    edition: Name
    volume: Word
    teacher: Id
    version: Version


class CloseCourse(msgspec.Struct, frozen=True, kw_only=True):
    """Close, or open again."""

    closed: Literal["0", "1"]
    version: Version


async def edit(office: Office, who: Caller, course_id: str, form: EditCourse, zone: ZoneInfo) -> None:
    """Change it and its lessons that have not begun; substitutes stay. Raises `Invalid`, `EditConflict`, `BookingClash`."""
    course, org = await find(office, who, course_id, "course.edit")
    if form.teacher != course.teacher:
        person = await office.people.get(form.teacher)
        if person is None or person.disabled_at is not None or not await teaches_at(office, person.id, org):
            raise Invalid({"teacher": "choice"})
    pairs = [(one, _followed(one, course, form)) for one in await _to_come(office, course)]
    pairs = [(old, new) for old, new in pairs if old != new]

    async def work(connection: AsyncConnection) -> int:
        values = {name: getattr(form, name) for name in (*CARRIED, "teacher")}
        await change_course(connection, course.id, form.version, **values)
        await _hold_all(connection, [old for old, _ in pairs])
        await _teacher_free(connection, form.teacher, [new for old, new in pairs if new.teacher != old.teacher])
        await rewrite_lessons(connection, [new for _, new in pairs])
        if any(new.teacher != old.teacher for old, new in pairs):
            await narrow(connection, course.teacher)
        return len(pairs)

    locks = tuple({resource for pair in pairs for one in pair for resource in resources_of(one)})
    async with in_words(office, who, zone):
        await office.acts.do(
            who, "course.edit", target("course", course.id, org), work, locks=locks, details=lambda count: {"lessons": count}
        )


def _followed(one: ScheduledLesson, course: Course, form: EditCourse) -> ScheduledLesson:
    said = {name: getattr(form, name) for name in CARRIED if getattr(one, name) == getattr(course, name)}
    if one.teacher == course.teacher:
        said["teacher"] = form.teacher
    if one.instead_of == course.teacher:
        said["instead_of"] = form.teacher if form.teacher != one.teacher else None
    return replace(one, **said)


async def _teacher_free(connection: AsyncConnection, teacher: str, lessons: Sequence[ScheduledLesson]) -> None:
    if not lessons:
        return
    begin, end = min(one.starts_at or 0 for one in lessons), max(one.ends_at or 0 for one in lessons)
    own = {one.id for one in lessons}
    booked = [one for one in await clashes(connection, [teacher_resource(teacher)], begin, end) if one.lesson not in own]
    for one in lessons:
        hit = next((other for other in booked if other.starts_at < (one.ends_at or 0) and other.ends_at > (one.starts_at or 0)), None)
        if hit:
            raise Booked(hit)


async def close(office: Office, who: Caller, course_id: str, form: CloseCourse) -> None:
    """Close: its lessons that have not begun are cancelled. Or open again: publishing makes them anew. Raises `EditConflict`."""
    course, org = await find(office, who, course_id, "course.edit")
    closing = form.closed == "1"
    lessons = await _to_come(office, course) if closing else []
    closed_at = (course.closed_at or office.now()) if closing else None

    async def work(connection: AsyncConnection) -> int:
        await change_course(connection, course.id, form.version, closed_at=closed_at)
        await _hold_all(connection, lessons)
        await cancel_lessons(connection, [one.id for one in lessons], office.now())
        return len(lessons)

    act = "course.close" if closing else "course.reopen"
    locks = tuple({resource for one in lessons for resource in resources_of(one)})
    done = target("course", course.id, org)
    await office.acts.do(who, act, done, work, locks=locks, details=lambda count: {"lessons": count})


async def _to_come(office: Office, course: Course) -> list[ScheduledLesson]:
    now = office.now()
    return [one for one in await office.schedule.of_course(course.id) if one.phase in NOT_BEGUN and (one.ends_at or 0) > now]


async def _hold_all(connection: AsyncConnection, lessons: Sequence[ScheduledLesson]) -> None:
    if len(await hold_lessons(connection, lessons)) != len(lessons):
        raise EditConflict("a lesson was changed, or began, meanwhile")
