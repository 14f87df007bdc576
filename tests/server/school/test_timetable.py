"""Making the lessons of a term: weeks, holidays, make-up days; all or none, never twice; clashes are named to who may hear it."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from server.errors import AppError, BookingClash, EditConflict, Forbidden, Invalid, NotThere, Taken, TooManyLessons
from server.school import courses, groups, lessons, rooms, terms, timetable
from server.school.courses import AddSlot, RemoveSlot
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.school.plan import form, lessons_of, local, make_bell, make_course, make_term, publish
from tests.server.services import ZONE, Services

pytestmark = both_databases


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def special(process: Services, term: str, day: str, kind: str, stands_for: str | None = None) -> None:
    found = await terms.calendar(process.office).term(term)
    assert found
    form_ = terms.SetDay(day=day, kind=kind, stands_for=stands_for, name="国庆节", version=found.version)  # type: ignore[arg-type]
    await terms.set_day(process.office, await process.caller("n.admin"), term, form_)


# --- courses -----------------------------------------------------------------------------------------------------------


async def test_a_courses_rooms_come_from_its_group(process: Services) -> None:
    course = await make_course(process)
    assert course.master_classroom == "x1.r1"
    assert course.rooms == {"x1p.r1": "x1p.c1", "x2.r1": "x2.c1"}
    line = await process.line()
    assert (line.act, line.target, line.path) == ("course.create", course.id, process.world.paths["x1"])


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"teacher": "x2.teacher"}, "teacher"),
        ({"teacher": "nobody"}, "teacher"),
        ({"teacher": "x1.assistant"}, "teacher"),
        ({"standing_group": "nowhere"}, "standing_group"),
        ({"school_class": "x2.c1"}, "school_class"),
        ({"school_class": "y1.c1"}, "school_class"),
        ({"school_class": "nowhere"}, "school_class"),
        ({"term": "nowhere"}, "term"),
    ],
)
async def test_what_does_not_fit_a_course_is_named(process: Services, values: dict[str, str], field: str) -> None:
    term = (await make_term(process)).id
    error = await refused(courses.create(process.office, await process.caller("x.admin"), "x1", form(**{"term": term} | values)))
    assert isinstance(error, Invalid)
    assert error.fields == {field: "choice"}
    assert "course.create" not in await process.acts()


@pytest.mark.parametrize(
    ("who", "error"), [("x1.teacher", Forbidden), ("x2.admin", NotThere), ("y.admin", NotThere), ("x.inspector", Forbidden)]
)
async def test_who_plans_nothing(process: Services, who: str, error: type[AppError]) -> None:
    course = await make_course(process, (1, 3, "all"))
    caller, before = await process.caller(who), await process.acts()
    for attempt in (
        courses.create(process.office, caller, "x1", form(course.term)),
        courses.slot_added(process.office, caller, course.id, AddSlot(weekday=2, period=1, version=2)),
        courses.rooms_from_group(process.office, caller, course.id, 2),
        publish(process, course, who),
    ):
        assert type(await refused(attempt)) is error
    assert await process.acts() == before


async def test_weekly_places_come_and_go(process: Services) -> None:
    course, admin = await make_course(process, (1, 3, "odd")), await process.caller("x.admin")

    def add(period: int, weeks: str, version: int) -> AddSlot:
        return AddSlot(weekday=1, period=period, weeks=weeks, version=version)

    for weeks, taken in (("odd", True), ("all", True), ("1-8", True), ("5", True), ("even", False)):
        attempt = courses.slot_added(process.office, admin, course.id, add(3, weeks, 2))
        if taken:
            error = await refused(attempt)
            assert (type(error), error.params) == (Taken, {"field": "period"}), weeks
        else:
            await attempt
    error = await refused(courses.slot_added(process.office, admin, course.id, add(1, "8-2", 3)))
    assert isinstance(error, Invalid)
    assert error.fields == {"weeks": "format"}
    assert type(await refused(courses.slot_added(process.office, admin, course.id, add(1, "all", 2)))) is EditConflict
    found, _ = await courses.find(process.office, admin, course.id, "course.see")
    gone = RemoveSlot(slot=next(slot.id for slot in found.slots if slot.weeks == "odd"), version=3)
    await courses.slot_removed(process.office, admin, course.id, gone)
    assert type(await refused(courses.slot_removed(process.office, admin, course.id, gone))) is NotThere
    found, _ = await courses.find(process.office, admin, course.id, "course.see")
    assert [slot.weeks for slot in found.slots] == ["even"]


async def test_the_rooms_follow_the_group_again_when_asked(process: Services) -> None:
    course, admin = await make_course(process), await process.caller("x.admin")
    await groups.add_room(process.office, await process.caller("n.admin"), "g.x", groups.AddRoom(room="100032", version=1))
    await courses.rooms_from_group(process.office, admin, course.id, 1)
    found, _ = await courses.find(process.office, admin, course.id, "course.see")
    assert set(found.rooms) == {"x1p.r1", "x2.r1", "y1.r2"}
    await groups.close(process.office, admin, "g.x", groups.CloseGroup(closed="1", version=2))
    error = await refused(courses.rooms_from_group(process.office, admin, course.id, 2))
    assert isinstance(error, Invalid)
    assert error.fields == {"standing_group": "choice"}


# --- making lessons ----------------------------------------------------------------------------------------------------


async def test_odd_and_even_weeks(process: Services) -> None:
    course = await make_course(process, (1, 3, "odd"), (2, 1, "even"), (3, 2, "5,8"))
    await publish(process, course)
    times = [local(one) for one in await lessons_of(process, course)]
    assert times[:7] == ["09-22 08:00", "09-28 10:00", "09-30 08:50", "10-06 08:00", "10-12 10:00", "10-20 08:00", "10-21 08:50"]
    assert sum(time.endswith("08:50") for time in times) == 2
    assert len(set(times)) == len(times)


async def test_holidays_are_off_and_a_make_up_day_follows_the_day_it_stands_for(process: Services) -> None:
    course = await make_course(process, (1, 3, "all"), (1, 4, "odd"), (1, 2, "even"), (6, 1, "all"))
    await special(process, course.term, "2026-10-05", "off")
    await special(process, course.term, "2026-10-10", "work", "2026-10-05")  # Saturday, for the Monday of week 6
    await publish(process, course)
    times = [local(one) for one in await lessons_of(process, course)]
    assert not [time for time in times if time.startswith("10-05")]
    assert [time for time in times if time.startswith("10-10")] == ["10-10 08:50", "10-10 10:00"], "week 6 is even, and no Saturday lesson"
    assert [time for time in times if time.startswith("10-17")] == ["10-17 08:00"]


async def test_publishing_again_makes_only_what_is_missing_whatever_became_of_the_others(process: Services) -> None:
    course, admin = await make_course(process, (1, 3, "all")), await process.caller("x.admin")
    first = await publish(process, course)
    made = await lessons_of(process, course)
    await lessons.cancel(process.office, admin, made[0].id, lessons.CancelLesson(version=1))
    await lessons.move(process.office, admin, made[1].id, lessons.MoveLesson(day="2026-10-13", period=1, version=1), ZONE)
    assert await publish(process, course) == 0
    assert len(await lessons_of(process, course)) == first
    await courses.slot_added(process.office, admin, course.id, AddSlot(weekday=5, period=1, weeks="5", version=2))
    assert await publish(process, course) == 1
    assert len(await lessons_of(process, course)) == first + 1
    preview = await timetable.preview(process.office, admin, course.id, ZONE)
    assert all(one.made and not one.clashes for one in preview)


async def test_only_what_is_still_to_come_is_made(process: Services) -> None:
    course = await make_course(process, (1, 3, "all"))
    await publish(process, course)
    assert min(local(one) for one in await lessons_of(process, course) if (one.day or "") < "2027") == "09-28 10:00"


async def test_a_day_follows_the_bell_that_counts_then_and_a_missing_period_is_no_lesson(process: Services) -> None:
    term = (await make_term(process)).id
    await make_bell(process, "x1")
    await make_bell(process, "x1", "09:00-09:40 09:50-10:30", "2026-10-08")
    course = await make_course(process, (2, 1, "all"), (2, 3, "all"), term=term)
    await publish(process, course)
    times = [local(one) for one in await lessons_of(process, course)]
    assert times[:5] == ["09-22 08:00", "09-22 10:00", "09-29 08:00", "09-29 10:00", "10-06 08:00"]
    assert [time for time in times if time.startswith("10-13")] == ["10-13 09:00"]


async def test_a_lesson_is_whole(process: Services) -> None:
    course = await make_course(process, (1, 3, "5"))
    await publish(process, course)
    (one,) = await lessons_of(process, course)
    assert (one.name, one.day, one.period, one.teacher, one.phase) == ("三年级数学", "2026-09-28", 3, "x1.teacher", "scheduled")
    assert (one.subject, one.stage, one.grade, one.edition, one.volume) == ("maths", "primary", "3", "人教版", "上册")
    assert (one.ends_at or 0) - (one.starts_at or 0) == 40 * 60_000
    assert {room.school_class for room in one.rooms.values()} == {"x1p.c1", "x2.c1"}
    parts = [room.participant for room in one.rooms.values()]
    assert len({*parts, *one.rooms}) == 4, "in the log a room is nobody's id"
    rows = await process.store.database.read(select(t.participant).where(t.participant.c.lesson == one.id))
    assert {(row.role, row.name) for row in rows} == {
        ("master", "石桥中心小学"),
        ("classroom", "云岭教学点"),
        ("classroom", "石桥二小"),
    }


async def test_two_rooms_of_the_masters_school_have_two_names(process: Services) -> None:
    admin = await process.caller("x.admin")
    await groups.add_room(process.office, admin, "g.x", groups.AddRoom(room="x1.r2", version=1))
    course = await make_course(process, (1, 3, "5"))
    await publish(process, course)
    (one,) = await lessons_of(process, course)
    rows = await process.store.database.read(select(t.participant.c.name).where(t.participant.c.lesson == one.id))
    assert {row.name for row in rows} == {"石桥中心小学", "石桥中心小学 2号教室", "云岭教学点", "石桥二小"}


async def test_a_closed_room_takes_no_part(process: Services) -> None:
    course = await make_course(process, (1, 3, "5"))
    await rooms.close(process.office, await process.caller("x2.admin"), "x2.r1", rooms.CloseRoom(closed="1", version=1))
    await publish(process, course)
    (one,) = await lessons_of(process, course)
    assert set(one.rooms) == {"x1p.r1"}


# --- all or none -------------------------------------------------------------------------------------------------------


async def count(process: Services, table) -> int:
    row = await process.store.database.one(select(func.count().label("n")).select_from(table))
    assert row
    return int(row.n)


async def test_four_hundred_lessons_are_made_in_one_act_or_not_at_all(process: Services) -> None:
    term = (await make_term(process)).id
    await make_bell(process, lines="08:00-08:40 09:00-09:40 10:00-10:40 11:00-11:40 14:00-14:40")
    slots = [(weekday, period, "all") for weekday in range(1, 5) for period in range(1, 6)]
    slots += [(5, 4, "all"), (5, 5, "all"), (5, 3, "5-20")]
    course = await make_course(process, *slots, term=term)
    admin = await process.caller("x.admin")
    in_the_way = await lessons.create(
        process.office, admin, lessons.NewLesson(name="家长会", standing_group="g.x", day="2026-12-18", begins="14:20"), ZONE
    )
    before = [await count(process, table) for table in (t.lesson, t.lesson_room, t.participant, t.booking, t.audit)]
    error = await refused(publish(process, course))
    assert isinstance(error, BookingClash)
    assert (error.params["lesson"], error.params["day"], error.params["time"]) == ("家长会", "2026-12-18", "14:20")
    assert [await count(process, table) for table in (t.lesson, t.lesson_room, t.participant, t.booking, t.audit)] == before
    await lessons.cancel(process.office, admin, in_the_way.id, lessons.CancelLesson(version=1))
    assert await publish(process, course) == 400
    assert len(await lessons_of(process, course)) == 400
    assert (await process.line()).details == '{"cancelled":0,"lessons":400,"moved":0}'
    assert (await process.acts()).count("course.publish") == 1


async def test_more_than_a_term_holds_is_refused_and_never_cut_short(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    course = await make_course(process, (1, 3, "all"))
    monkeypatch.setattr(timetable, "MOST_LESSONS", 10)
    error = await refused(publish(process, course))
    assert (type(error), error.params) == (TooManyLessons, {"limit": 10, "count": 17})
    assert await lessons_of(process, course) == []
    assert len(await timetable.preview(process.office, await process.caller("x.admin"), course.id, ZONE)) == 17, (
        "the page can still show them"
    )
    monkeypatch.setattr(timetable, "MOST_LESSONS", 17)
    assert await publish(process, course) == 17


# --- clashes in words (S6) ---------------------------------------------------------------------------------------------


async def test_a_foreign_lesson_in_the_way_has_no_name(process: Services) -> None:
    """y's teacher books room y1.r1 for a lesson of y; x may hear when it is busy, and no more."""
    admin = await process.caller("n.admin")
    group = await groups.create(process.office, admin, "y", groups.NewGroup(name="G", kind="schools", master_classroom="y2.r2"))
    await groups.add_room(process.office, admin, group.id, groups.AddRoom(room="y1.r2", version=1))
    new = lessons.NewLesson(name="红旗的秘密", standing_group=group.id, day="2026-09-28", begins="10:20")
    await lessons.create(process.office, await process.caller("y2.teacher"), new, ZONE)
    await groups.add_room(process.office, admin, "g.x", groups.AddRoom(room="100032", version=1))
    course = await make_course(process, (1, 3, "all"))
    error = await refused(publish(process, course))
    assert isinstance(error, BookingClash)
    assert error.params == {"what": "红旗中心小学 2号教室", "kind": "room", "lesson": "", "day": "2026-09-28", "time": "10:20"}
    error = await refused(publish(process, course, "d.admin"))
    assert error.params["lesson"] == "红旗的秘密"
    clashing = [one for one in await timetable.preview(process.office, await process.caller("x.admin"), course.id, ZONE) if one.clashes]
    assert [local(one.lesson) for one in clashing] == ["09-28 10:00"]


async def test_a_foreign_teacher_in_the_way_has_no_name(process: Services) -> None:
    await process.role("y1.teacher", "teacher", "x1")
    course = await make_course(process, (1, 3, "5"), teacher="y1.teacher")
    starts, ends = 1790561700000, 1790564100000
    await process.store.database.execute(
        update(t.lesson).where(t.lesson.c.id == "lesson.x").values(teacher="y1.teacher", org="y1", starts_at=starts, ends_at=ends)
    )
    await process.store.database.execute(t.booking.delete())
    await process.store.database.execute(
        t.booking.insert().values(resource="teacher:y1.teacher", lesson="lesson.x", starts_at=starts, ends_at=ends)
    )
    error = await refused(publish(process, course))
    assert isinstance(error, BookingClash)
    assert (error.params["kind"], error.params["what"]) == ("teacher", "")
    error = await refused(publish(process, course, "d.admin"))
    assert error.params["what"] == "姓名y1.teacher"
