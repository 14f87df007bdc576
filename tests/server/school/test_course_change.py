"""A course is changed or closed: what has not begun follows, all or none."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update

from server.domain.course import Course
from server.domain.schedule import ScheduledLesson
from server.errors import AppError, BookingClash, EditConflict, Forbidden, Invalid, NotThere
from server.school import course_change, courses, groups, lessons
from server.school.course_change import CloseCourse, EditCourse
from server.store import tables as t
from server.store.courses import CourseStore
from tests.harness.postgres import both_databases
from tests.server.school.plan import lessons_of, make_course, publish
from tests.server.services import ZONE, Services

pytestmark = both_databases
USUAL = {"name": "三年级数学", "grade": "3", "edition": "人教版", "volume": "上册", "teacher": "x1.teacher"}


async def taught(process: Services) -> Course:
    """A course of four lessons, 28 September to 19 October, which x1.assistant could teach as well."""
    await process.role("x1.assistant", "teacher", "x1")
    course = await make_course(process, (1, 3, "5-8"))
    await publish(process, course)
    return course


async def edit(process: Services, course: Course, who: str = "x.admin", version: int = 2, **values: Any) -> None:
    form = EditCourse(**(USUAL | {"version": version} | values))
    await course_change.edit(process.office, await process.caller(who), course.id, form, ZONE)


async def close(process: Services, course: Course, closed: Any = "1", who: str = "x.admin", version: int = 2) -> None:
    form = CloseCourse(closed=closed, version=version)
    await course_change.close(process.office, await process.caller(who), course.id, form)


async def found(process: Services, course: Course) -> Course:
    one, _ = await courses.find(process.office, await process.caller("x.admin"), course.id, "course.see")
    return one


async def teachers_booked(process: Services, lesson: ScheduledLesson) -> set[str]:
    rows = await process.store.database.read(select(t.booking.c.resource).where(t.booking.c.lesson == lesson.id))
    return {row.resource for row in rows if row.resource.startswith("teacher:")}


async def refused(attempt: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def test_lessons_that_have_not_begun_get_the_new_teacher_and_title(process: Services) -> None:
    course, admin = await taught(process), await process.caller("x.admin")
    begun, cancelled, renamed, last = await lessons_of(process, course)
    await process.store.database.execute(update(t.lesson).where(t.lesson.c.id == begun.id).values(phase="live"))
    await lessons.cancel(process.office, admin, cancelled.id, lessons.CancelLesson(version=1))
    form = lessons.EditLesson(name="公开课", grade="3", edition="北师大版", volume="上册", version=1)
    await lessons.edit(process.office, admin, renamed.id, form)
    epoch = (await process.caller("x1.teacher")).epoch
    await edit(process, course, name="四年级数学", grade="4", edition="苏教版", volume="下册", teacher="x1.assistant")
    kept = await found(process, course)
    assert (kept.name, kept.grade, kept.edition, kept.volume, kept.teacher) == ("四年级数学", "4", "苏教版", "下册", "x1.assistant")
    said = [(one.name, one.grade, one.edition, one.volume, one.teacher) for one in await lessons_of(process, course)]
    old = ("三年级数学", "3", "人教版", "上册", "x1.teacher")
    assert said == [
        old,
        old,
        ("公开课", "4", "北师大版", "下册", "x1.assistant"),
        ("四年级数学", "4", "苏教版", "下册", "x1.assistant"),
    ], "what somebody said of one lesson stays"
    assert await teachers_booked(process, begun) == {"teacher:x1.teacher"}
    assert await teachers_booked(process, cancelled) == set()
    assert await teachers_booked(process, last) == {"teacher:x1.assistant"}
    assert (await process.caller("x1.teacher")).epoch == epoch + 1, "the one before is out within two seconds"
    line = await process.line()
    assert (line.act, line.target, line.details) == ("course.edit", course.id, '{"lessons":2}')


async def test_substitutes_stay_and_stand_for_the_new_teacher(process: Services) -> None:
    course, admin = await taught(process), await process.caller("x.admin")
    first, second, *_ = await lessons_of(process, course)
    for lesson, teacher in ((first, "x2.teacher"), (second, "x1.assistant")):
        await lessons.substitute(process.office, admin, lesson.id, lessons.Substitute(teacher=teacher, version=1), ZONE)
    await edit(process, course, teacher="x1.assistant")
    assert [(one.teacher, one.instead_of) for one in await lessons_of(process, course)] == [
        ("x2.teacher", "x1.assistant"),
        ("x1.assistant", None),
        ("x1.assistant", None),
        ("x1.assistant", None),
    ]


async def test_a_teacher_who_teaches_elsewhere_then_is_named_and_nothing_changes(process: Services) -> None:
    course, admin = await taught(process), await process.caller("x.admin")
    group = await groups.create(process.office, admin, "x", groups.NewGroup(name="G", kind="schools", master_classroom="x1.r2"))
    new = lessons.NewLesson(name="家长会", standing_group=group.id, teacher="x1.assistant", day="2026-10-12", begins="10:20")
    await lessons.create(process.office, admin, new, ZONE)
    before = await lessons_of(process, course)
    error = await refused(edit(process, course, name="四年级数学", teacher="x1.assistant"))
    assert isinstance(error, BookingClash)
    assert (error.params["kind"], error.params["lesson"], error.params["day"]) == ("teacher", "家长会", "2026-10-12")
    assert (await found(process, course)).name == "三年级数学"
    assert await lessons_of(process, course) == before


@pytest.mark.parametrize("teacher", ["x2.teacher", "nobody", "x1.admin"])
async def test_who_does_not_teach_it(process: Services, teacher: str) -> None:
    course = await taught(process)
    error = await refused(edit(process, course, teacher=teacher))
    assert isinstance(error, Invalid)
    assert error.fields == {"teacher": "choice"}


async def test_closing_cancels_what_has_not_begun_and_opened_again_it_is_made_anew(process: Services) -> None:
    course, admin = await taught(process), await process.caller("x.admin")
    begun, moved, *_ = await lessons_of(process, course)
    await process.store.database.execute(update(t.lesson).where(t.lesson.c.id == begun.id).values(phase="live"))
    await lessons.move(process.office, admin, moved.id, lessons.MoveLesson(day="2026-10-06", period=1, version=1), ZONE)
    await close(process, course)
    assert [one.phase for one in await lessons_of(process, course)] == ["live", "cancelled", "cancelled", "cancelled"]
    assert ((await process.line()).act, (await process.line()).details) == ("course.close", '{"lessons":3}')
    store = CourseStore(process.store.database)
    path = process.world.paths["x1"]
    assert ([one.id for one in await store.under([path])], [one.id for one in await store.closed_of("x1")]) == ([], [course.id])
    assert await publish(process, course) == 0
    await close(process, course, "0", version=3)
    assert (await process.line()).act == "course.reopen"
    assert await publish(process, course) == 3
    assert ([one.id for one in await store.under([path])], await store.closed_of("x1")) == ([course.id], [])


@pytest.mark.parametrize(
    ("who", "error"), [("x1.teacher", Forbidden), ("x.inspector", Forbidden), ("x2.admin", NotThere), ("y.admin", NotThere)]
)
async def test_who_changes_no_course(process: Services, who: str, error: type[AppError]) -> None:
    course = await taught(process)
    before = await process.acts()
    assert type(await refused(edit(process, course, who, name="x"))) is error
    assert type(await refused(close(process, course, who=who))) is error
    assert await process.acts() == before


async def test_of_two_edits_of_one_page_one_counts(pair: tuple[Services, Services]) -> None:
    one, other = pair
    course = await taught(one)
    outcomes = await asyncio.gather(
        edit(one, course, teacher="x1.assistant"), close(other, course), edit(other, course, name="四年级数学"), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EditConflict", "EditConflict", "NoneType"]
    kept = await lessons_of(one, course)
    assert len({(lesson.teacher, lesson.name, lesson.phase) for lesson in kept}) == 1, "all or none"


async def test_a_lesson_changed_meanwhile_is_not_overwritten(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    course, admin = await taught(process), await process.caller("x.admin")
    seen = await lessons_of(process, course)

    async def as_seen(*_: object) -> list[ScheduledLesson]:
        return seen

    monkeypatch.setattr(course_change, "_to_come", as_seen)
    await lessons.substitute(process.office, admin, seen[0].id, lessons.Substitute(teacher="x2.teacher", version=1), ZONE)
    for attempt in (edit(process, course, teacher="x1.assistant"), close(process, course)):
        assert type(await refused(attempt)) is EditConflict
    assert (await found(process, course)).version == 2
    assert [one.phase for one in await lessons_of(process, course)] == ["scheduled"] * 4
