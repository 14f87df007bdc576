"""One occurrence: cancelled, moved, taught by somebody else, made by hand; what is refused leaves it as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from server.domain.schedule import ScheduledLesson
from server.errors import AppError, BookingClash, EditConflict, Forbidden, Invalid, NotThere
from server.school import groups, lessons
from server.school.lessons import CancelLesson, EditLesson, MoveLesson, NewLesson, Substitute
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.school.plan import lessons_of, local, make_course, publish
from tests.server.services import ZONE, Services
from tests.server.world import HOUR

pytestmark = both_databases


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def two(process: Services) -> list[ScheduledLesson]:
    """Lessons of 28 September and 12 October, 10:00."""
    course = await make_course(process, (1, 3, "5,7"))
    await publish(process, course)
    return await lessons_of(process, course)


async def now(process: Services, lesson: ScheduledLesson) -> ScheduledLesson:
    found = await process.office.schedule.lesson(lesson.id)
    assert found
    return found


async def booked(process: Services, lesson: ScheduledLesson) -> set[tuple[str, int, int]]:
    rows = await process.store.database.read(select(t.booking).where(t.booking.c.lesson == lesson.id))
    return {(row.resource, row.starts_at, row.ends_at) for row in rows}


async def phase(process: Services, lesson: ScheduledLesson, name: str) -> None:
    await process.store.database.execute(update(t.lesson).where(t.lesson.c.id == lesson.id).values(phase=name))


# --- rights ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("x1.teacher", Forbidden),
        ("x2.assistant", Forbidden),
        ("x2.admin", Forbidden),
        ("x.inspector", Forbidden),
        ("y.admin", NotThere),
        ("y1.teacher", NotThere),
        ("x2.teacher", NotThere),
    ],
)
async def test_who_changes_no_lesson(process: Services, who: str, error: type[AppError]) -> None:
    lesson, _ = await two(process)
    caller, office, before = await process.caller(who), process.office, await process.acts()
    for attempt in (
        lessons.cancel(office, caller, lesson.id, CancelLesson(version=1)),
        lessons.move(office, caller, lesson.id, MoveLesson(day="2026-09-29", period=1, version=1), ZONE),
        lessons.substitute(office, caller, lesson.id, Substitute(teacher="x2.teacher", version=1), ZONE),
        lessons.edit(office, caller, lesson.id, EditLesson(name="x", version=1)),
    ):
        assert type(await refused(attempt)) is error
    assert (await process.acts(), await now(process, lesson)) == (before, lesson)


# --- cancelling --------------------------------------------------------------------------------------------------------


async def test_a_cancelled_lesson_leaves_its_time_to_others(process: Services) -> None:
    lesson, other = await two(process)
    admin = await process.caller("x.admin")
    assert isinstance(await refused(move(process, other, day="2026-09-28", period=3)), BookingClash)
    await lessons.cancel(process.office, admin, lesson.id, CancelLesson(version=1))
    assert (await now(process, lesson)).phase == "cancelled"
    assert await booked(process, lesson) == set()
    for attempt in (
        lessons.cancel(process.office, admin, lesson.id, CancelLesson(version=2)),
        lessons.substitute(process.office, admin, lesson.id, Substitute(teacher="x2.teacher", version=2), ZONE),
        lessons.edit(process.office, admin, lesson.id, EditLesson(name="x", version=2)),
        move(process, lesson, version=2, day="2026-09-29", period=1),
    ):
        assert type(await refused(attempt)) is EditConflict
    row = await process.store.database.one(select(t.lesson.c.phase).where(t.lesson.c.id == lesson.id))
    assert row is not None
    assert row.phase == "scheduled", "the phase is the log's; the clock makes the log follow"
    assert lesson.id in await process.store.due(process.clock.now)
    await move(process, other, day="2026-09-28", period=3)
    assert (await process.acts())[-2:] == ["lesson.cancel", "lesson.move"]


@pytest.mark.parametrize("name", ["live", "break", "ended", "archived"])
async def test_what_has_begun_is_neither_cancelled_nor_moved(process: Services, name: str) -> None:
    lesson, _ = await two(process)
    await phase(process, lesson, name)
    admin = await process.caller("x.admin")
    assert type(await refused(lessons.cancel(process.office, admin, lesson.id, CancelLesson(version=1)))) is EditConflict
    assert type(await refused(move(process, lesson, day="2026-09-29", period=1))) is EditConflict
    assert len(await booked(process, lesson)) == 7


# --- moving ------------------------------------------------------------------------------------------------------------


async def move(process: Services, lesson: ScheduledLesson, version: int = 1, **to: object) -> None:
    form = MoveLesson(version=version, **to)  # type: ignore[arg-type]
    await lessons.move(process.office, await process.caller("x.admin"), lesson.id, form, ZONE)


async def test_a_moved_lesson_is_booked_there_and_only_there(process: Services) -> None:
    lesson, _ = await two(process)
    before = await booked(process, lesson)
    await move(process, lesson, day="2026-09-29", period=1)
    moved = await now(process, lesson)
    assert (local(moved), moved.day, moved.period, moved.version, moved.slot) == ("09-29 08:00", "2026-09-29", 1, 2, lesson.slot)
    assert (moved.moved, lesson.moved) == (True, False)
    assert await booked(process, lesson) == {(resource, moved.starts_at, moved.ends_at) for resource, _, _ in before}
    assert (await process.line()).details == '{"day":"2026-09-29"}'


async def test_times_of_its_own_are_no_period(process: Services) -> None:
    lesson, _ = await two(process)
    await move(process, lesson, day="2026-09-28", period=3, begins="13:00", ends="13:45")
    moved = await now(process, lesson)
    assert (local(moved), moved.period) == ("09-28 13:00", None)


async def test_back_to_back_is_no_clash_and_a_minute_is(process: Services) -> None:
    lesson, other = await two(process)
    await move(process, other, day="2026-09-28", begins="10:40", ends="11:20")
    error = await refused(move(process, other, version=2, day="2026-09-28", begins="10:39", ends="11:19"))
    assert isinstance(error, BookingClash)
    assert (error.params["lesson"], error.params["day"], error.params["time"]) == (lesson.name, "2026-09-28", "10:00")
    assert local(await now(process, other)) == "09-28 10:40"


@pytest.mark.parametrize(
    ("to", "fields"),
    [
        ({"day": "2026-09-29"}, {"period": "required"}),
        ({"day": "2026-09-29", "period": 9}, {"period": "choice"}),
        ({"day": "2026-02-30", "period": 1}, {"day": "format"}),
        ({"day": "2026-09-20", "period": 1}, {"day": "low"}),
        ({"day": "2026-09-29", "begins": "10:00", "ends": "10:00"}, {"ends": "low"}),
        ({"day": "2026-09-29", "begins": "08:00", "ends": "12:01"}, {"ends": "high"}),
        ({"day": "2026-09-29", "begins": "08:00", "period": 1}, {"ends": "required"}),
        ({"day": "2026-09-29", "ends": "08:00"}, {"begins": "required"}),
    ],
)
async def test_where_it_is_not_moved(process: Services, to: dict[str, object], fields: dict[str, str]) -> None:
    lesson, _ = await two(process)
    error = await refused(move(process, lesson, **to))
    assert isinstance(error, Invalid)
    assert error.fields == fields
    assert await now(process, lesson) == lesson


# --- substitutes -------------------------------------------------------------------------------------------------------


async def substitute(process: Services, lesson: ScheduledLesson, teacher: str, version: int = 1) -> None:
    form = Substitute(teacher=teacher, version=version)
    await lessons.substitute(process.office, await process.caller("x.admin"), lesson.id, form, ZONE)


async def test_a_substitute_teaches_and_the_one_before_is_out_and_free(process: Services) -> None:
    lesson, _ = await two(process)
    epoch = (await process.caller("x1.teacher")).epoch
    await substitute(process, lesson, "x2.teacher")
    changed = await now(process, lesson)
    assert (changed.teacher, changed.instead_of) == ("x2.teacher", "x1.teacher")
    assert (await process.caller("x1.teacher")).epoch == epoch + 1
    assert {resource for resource, _, _ in await booked(process, lesson)} & {"teacher:x1.teacher", "teacher:x2.teacher"} == {
        "teacher:x2.teacher"
    }
    assert (await process.line()).details == '{"teacher":"x2.teacher"}'
    await substitute(process, lesson, "x1.teacher", 2)
    assert (await now(process, lesson)).instead_of is None, "the teacher is back"


async def test_nobody_teaches_two_lessons_at_once(process: Services) -> None:
    lesson, other = await two(process)
    await substitute(process, lesson, "x2.teacher")
    course = await make_course(
        process, (1, 3, "5"), term=(await course_term(process, other)), standing_group=await free_group(process), school_class=None
    )
    await publish(process, course)
    (third,) = await lessons_of(process, course)
    error = await refused(substitute(process, third, "x2.teacher"))
    assert isinstance(error, BookingClash)
    assert (error.params["kind"], error.params["what"]) == ("teacher", "姓名x2.teacher")
    assert (await now(process, third)).teacher == "x1.teacher"


async def course_term(process: Services, lesson: ScheduledLesson) -> str:
    row = await process.store.database.one(select(t.course.c.term).where(t.course.c.id == lesson.course))
    assert row
    return str(row.term)


async def free_group(process: Services) -> str:
    admin = await process.caller("x.admin")
    group = await groups.create(process.office, admin, "x", groups.NewGroup(name="G", kind="schools", master_classroom="x1.r2"))
    await groups.add_room(process.office, admin, group.id, groups.AddRoom(room="x2.r2", version=1))
    return group.id


@pytest.mark.parametrize("teacher", ["y1.teacher", "x1.assistant", "nobody"])
async def test_who_is_no_substitute(process: Services, teacher: str) -> None:
    lesson, _ = await two(process)
    error = await refused(substitute(process, lesson, teacher))
    assert isinstance(error, Invalid)
    assert error.fields == {"teacher": "choice"}


async def test_a_substitute_is_a_teacher_on_the_day_of_the_lesson(process: Services) -> None:
    lesson, later = await two(process)
    begin = lesson.starts_at or 0
    await process.role("x2.assistant", "teacher", "x2", process.clock.now - HOUR, begin)
    assert type(await refused(substitute(process, lesson, "x2.assistant"))) is Invalid, "the role is over then"
    await process.role("x2.admin", "teacher", "x2", begin + HOUR)
    assert type(await refused(substitute(process, lesson, "x2.admin"))) is Invalid, "it has not begun then"
    await substitute(process, later, "x2.admin")
    await process.store.database.execute(update(t.person).where(t.person.c.id == "x2.teacher").values(disabled_at=1))
    assert type(await refused(substitute(process, lesson, "x2.teacher"))) is Invalid, "the account is shut"


async def test_a_running_lesson_gets_a_substitute_an_ended_one_not(process: Services) -> None:
    lesson, _ = await two(process)
    await phase(process, lesson, "live")
    await substitute(process, lesson, "x2.teacher")
    await phase(process, lesson, "ended")
    assert type(await refused(substitute(process, lesson, "x1.teacher", 2))) is EditConflict


async def test_a_lesson_is_classified_by_hand(process: Services) -> None:
    about = {"unit": "第二单元", "subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册"}
    admin = await process.caller("x.admin")
    made = await lessons.create(process.office, admin, by_hand(**about), ZONE)
    kept = await now(process, made)
    assert {name: getattr(kept, name) for name in about} == about
    other = about | {"stage": "junior", "edition": "北师大版", "volume": ""}
    await lessons.edit(process.office, admin, made.id, EditLesson(name="x", version=1, **other))  # type: ignore[arg-type]
    kept = await now(process, made)
    assert {name: getattr(kept, name) for name in about} == other


async def test_an_edit_of_a_stale_page_changes_nothing(process: Services) -> None:
    lesson, _ = await two(process)
    admin = await process.caller("x.admin")
    await lessons.edit(process.office, admin, lesson.id, EditLesson(name="分数", unit="第二单元", rehearsal="1", version=1))
    kept = await now(process, lesson)
    assert kept == replace(lesson, name="分数", unit="第二单元", rehearsal=True, version=2)
    assert type(await refused(lessons.edit(process.office, admin, lesson.id, EditLesson(name="x", version=1)))) is EditConflict
    assert await now(process, lesson) == kept


# --- by hand -----------------------------------------------------------------------------------------------------------


def by_hand(**values: object) -> NewLesson:
    return NewLesson(**{"name": "公开课", "standing_group": "g.x", "day": "2026-09-28", "begins": "14:00"} | values)  # type: ignore[arg-type]


async def test_a_teacher_makes_a_lesson_and_teaches_it_an_admin_only_makes_one(process: Services) -> None:
    mine = await lessons.create(process.office, await process.caller("x1.teacher"), by_hand(minutes=45, rehearsal="1"), ZONE)
    assert await now(process, mine) == mine
    assert (local(mine), mine.teacher, mine.rehearsal, set(mine.rooms)) == ("09-28 14:00", "x1.teacher", True, {"x1p.r1", "x2.r1"})
    theirs = await lessons.create(process.office, await process.caller("x.admin"), by_hand(begins="15:00"), ZONE)
    assert theirs.teacher is None
    assert await process.acts() == ["lesson.create", "lesson.create"]


async def test_an_admin_names_the_teacher(process: Services) -> None:
    made = await lessons.create(process.office, await process.caller("x.admin"), by_hand(teacher="x2.teacher"), ZONE)
    assert (await now(process, made)).teacher == "x2.teacher"
    assert "teacher:x2.teacher" in {resource for resource, _, _ in await booked(process, made)}
    other = by_hand(standing_group=await free_group(process), teacher="x2.teacher")
    error = await refused(lessons.create(process.office, await process.caller("x.admin"), other, ZONE))
    assert isinstance(error, BookingClash)
    assert error.params["kind"] == "teacher"


@pytest.mark.parametrize(
    ("who", "teacher"),
    [
        ("x.admin", "y1.teacher"),
        ("x.admin", "x1.assistant"),
        ("x.admin", "nobody"),
        ("x1.admin", "x2.teacher"),
        ("x1.teacher", "x2.teacher"),
    ],
)
async def test_who_is_not_named_teacher(process: Services, who: str, teacher: str) -> None:
    error = await refused(lessons.create(process.office, await process.caller(who), by_hand(teacher=teacher), ZONE))
    assert isinstance(error, Invalid)
    assert error.fields == {"teacher": "choice"}
    assert await process.acts() == []


@pytest.mark.parametrize(
    ("who", "values", "error"),
    [
        ("x2.teacher", {}, NotThere),
        ("x1.assistant", {}, Forbidden),
        ("x.inspector", {}, Forbidden),
        ("y.admin", {}, NotThere),
        ("x1.teacher", {"standing_group": "nowhere"}, Invalid),
        ("x1.teacher", {"day": "2026-09-21", "begins": "19:00"}, Invalid),
        ("x1.teacher", {"day": "2026-09-21", "begins": "22:30"}, BookingClash),
    ],
)
async def test_what_is_not_made_by_hand(process: Services, who: str, values: dict[str, str], error: type[AppError]) -> None:
    assert type(await refused(lessons.create(process.office, await process.caller(who), by_hand(**values), ZONE))) is error
    assert await process.acts() == []


async def test_a_closed_group_makes_no_lesson(process: Services) -> None:
    await groups.close(process.office, await process.caller("x.admin"), "g.x", groups.CloseGroup(closed="1", version=1))
    error = await refused(lessons.create(process.office, await process.caller("x1.teacher"), by_hand(), ZONE))
    assert isinstance(error, Invalid)
    assert error.fields == {"standing_group": "missing"}
