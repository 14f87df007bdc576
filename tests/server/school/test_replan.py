"""The calendar, the bells or the weekly places change after a term is made: publishing again moves lessons and never doubles them."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from server.accounts.caller import Caller
from server.domain.course import Course
from server.domain.schedule import ScheduledLesson
from server.errors import AppError, BookingClash, EditConflict
from server.school import course_change, courses, lessons, terms, timetable
from server.school.behind import behind
from server.school.timetable import Published
from server.school.today import today
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.school.plan import BELL, lessons_of, local, make_bell, make_course, make_term, publish, published
from tests.server.services import ZONE, Services

pytestmark = both_databases
Pair = tuple[Services, Services]


async def set_day(process: Services, course: Course, day: str, kind: str, stands_for: str | None = None) -> None:
    found = await terms.calendar(process.office).term(course.term)
    assert found
    form = terms.SetDay(day=day, kind=kind, stands_for=stands_for, version=found.version)  # type: ignore[arg-type]
    await terms.set_day(process.office, await process.caller("n.admin"), course.term, form)


async def national_day(process: Services, course: Course) -> None:
    """Monday 5 October is off, Saturday 10 October makes it up."""
    await set_day(process, course, "2026-10-05", "off")
    await set_day(process, course, "2026-10-10", "work", "2026-10-05")


async def standing(process: Services, course: Course, prefix: str = "10-") -> list[str]:
    """When its lessons are, those that are not cancelled."""
    times = [local(one) for one in await lessons_of(process, course) if one.phase != "cancelled"]
    return [time for time in times if time.startswith(prefix)]


async def on(process: Services, course: Course, day: str) -> ScheduledLesson:
    (found,) = [one for one in await lessons_of(process, course) if one.day == day and one.phase != "cancelled"]
    return found


async def seen_now(process: Services, course: Course, who: Caller) -> timetable.Plan:
    return await timetable.plan_of(process.office, *await courses.find(process.office, who, course.id, "course.see"), ZONE)


async def sound(process: Services, course: Course) -> None:
    """Exactly what is held is booked, when it is held, and no slot twice."""
    b = t.booking
    for one in await lessons_of(process, course):
        rows = await process.store.database.read(select(b).where(b.c.lesson == one.id))
        times = {(row.starts_at, row.ends_at) for row in rows}
        assert times == (set() if one.phase == "cancelled" else {(one.starts_at, one.ends_at)}), one
        assert len(rows) in (0, 7)
    slots = [one.slot for one in await lessons_of(process, course) if one.slot]
    assert len(slots) == len(set(slots))


async def test_a_make_up_day_after_publishing_moves_the_lesson_and_doubles_none(process: Services) -> None:
    course = await make_course(process, (1, 3, "all"))
    total = await publish(process, course)
    before = await on(process, course, "2026-10-05")
    await national_day(process, course)
    assert await published(process, course) == Published(made=0, moved=1, cancelled=0)
    assert (await process.line()).details == '{"cancelled":0,"lessons":0,"moved":1}'
    after = await on(process, course, "2026-10-10")
    assert await standing(process, course) == ["10-10 10:00", "10-12 10:00", "10-19 10:00", "10-26 10:00"]
    assert (after.id, after.rooms, after.version, after.moved) == (before.id, before.rooms, before.version + 1, False), "the same lesson"
    assert len(await lessons_of(process, course)) == total
    await sound(process, course)
    assert await published(process, course) == Published()
    await set_day(process, course, "2026-10-10", "usual")
    await set_day(process, course, "2026-10-05", "usual")
    assert await published(process, course) == Published(moved=1)
    assert (await on(process, course, "2026-10-05")).id == before.id


async def test_a_day_off_cancels_and_made_usual_again_it_is_taught_again(process: Services) -> None:
    course = await make_course(process, (1, 3, "all"))
    await publish(process, course)
    before = await on(process, course, "2026-10-05")
    await set_day(process, course, "2026-10-05", "off")
    assert await published(process, course) == Published(cancelled=1)
    gone = await process.office.schedule.lesson(before.id)
    assert gone == replace(before, phase="cancelled", slot=None, version=before.version + 1)
    assert before.id in await process.store.due(process.clock.now)
    await sound(process, course)
    await set_day(process, course, "2026-10-05", "usual")
    assert await published(process, course) == Published(made=1)
    monday = dt.datetime.combine(dt.date(2026, 10, 5), dt.time(), ZONE).timestamp() * 1000
    for who in ("x1.teacher", "x2.d1", "x.admin"):
        seen = await today(process.office, await process.caller(who), ZONE, since=int(monday))
        assert [item.state for item in seen.items] == ["later"], "the cancelled one is not listed beside the one that stands in its place"
    again = await on(process, course, "2026-10-05")
    assert again.id != before.id
    assert again.slot == before.slot
    await sound(process, course)
    assert await published(process, course) == Published()


async def test_a_saturdays_own_lesson_gives_way_to_the_monday_it_stands_for(process: Services) -> None:
    course = await make_course(process, (1, 3, "all"), (6, 1, "all"))
    await publish(process, course)
    await national_day(process, course)
    assert await published(process, course) == Published(moved=1, cancelled=1)
    assert await standing(process, course, "10-10") == ["10-10 10:00"]
    await sound(process, course)


async def test_what_was_cancelled_or_missed_on_the_holiday_is_made_up_all_the_same(process: Services) -> None:
    course, admin = await make_course(process, (1, 3, "all"), (1, 1, "all")), await process.caller("x.admin")
    await publish(process, course)
    first, second = [one for one in await lessons_of(process, course) if one.day == "2026-10-05"]
    await lessons.cancel(process.office, admin, first.id, lessons.CancelLesson(version=1))
    await process.store.database.execute(update(t.lesson).where(t.lesson.c.id == second.id).values(phase="ended"))  # nobody came
    await national_day(process, course)  # said on the day after, as after a storm
    process.clock.now = (second.ends_at or 0) + 1
    plan = await seen_now(process, course, admin)
    assert ([local(one) for one in plan.fresh], len(plan.freed), plan.shifted, plan.stale) == (["10-10 08:00", "10-10 10:00"], 2, [], [])
    assert await timetable.publish(process.office, admin, course.id, ZONE) == Published(made=2)
    assert await standing(process, course, "10-10") == ["10-10 08:00", "10-10 10:00"]
    assert await timetable.publish(process.office, admin, course.id, ZONE) == Published()


async def test_a_lesson_moved_by_hand_stays_and_is_not_made_up_once_more(process: Services) -> None:
    course, admin = await make_course(process, (1, 3, "all")), await process.caller("x.admin")
    await publish(process, course)
    lesson = await on(process, course, "2026-10-05")
    await lessons.move(process.office, admin, lesson.id, lessons.MoveLesson(day="2026-10-09", period=1, version=1), ZONE)
    await national_day(process, course)
    assert await published(process, course) == Published()
    assert "10-09 08:00" in await standing(process, course)
    assert not await standing(process, course, "10-10")


async def test_another_bell_moves_what_is_to_come(process: Services) -> None:
    term = (await make_term(process)).id
    bell = await make_bell(process)
    course, admin = await make_course(process, (1, 3, "all"), term=term), await process.caller("x.admin")
    await publish(process, course)
    first = await on(process, course, "2026-09-28")
    hand = await on(process, course, "2026-10-12")
    await lessons.move(process.office, admin, hand.id, lessons.MoveLesson(day="2026-10-12", begins="13:00", ends="13:40", version=1), ZONE)
    await process.store.database.execute(update(t.lesson).where(t.lesson.c.id == first.id).values(phase="live"))
    edit = terms.EditBell(name="B", valid_from="2026-09-01", lines=BELL.replace("10:00-10:40", "10:05-10:45"), version=1)
    await terms.edit_bell(process.office, admin, bell, edit)
    winter = terms.NewBell(name="冬季", valid_from="2026-11-01", lines="08:30-09:10 09:20-10:00 10:30-11:10")
    await terms.create_bell(process.office, admin, "x", winter)
    done = await published(process, course)
    assert (done.made, done.cancelled) == (0, 0)
    assert await standing(process, course, "09-") == ["09-28 10:00"], "it has begun"
    assert await standing(process, course) == ["10-05 10:05", "10-12 13:00", "10-19 10:05", "10-26 10:05"]
    assert {time[-5:] for time in await standing(process, course, "11-")} == {"10:30"}
    await sound(process, course)


async def test_a_period_that_is_no_more_cancels_and_a_day_without_any_bell_changes_nothing(process: Services) -> None:
    course, admin = await make_course(process, (1, 3, "all")), await process.caller("x.admin")
    total = await publish(process, course)
    own = terms.NewBell(name="B", valid_from="2026-11-01", lines="08:00-08:40 08:50-09:30")
    await terms.create_bell(process.office, admin, "x1", own)  # until then the school has no bell that counts
    done = await published(process, course)
    assert (done.made, done.moved) == (0, 0)
    assert len(await standing(process, course, "10-")) == 4
    assert not await standing(process, course, "11-")
    assert done.cancelled == total - 5


async def test_a_weekly_place_taken_away_takes_its_lessons_along(process: Services) -> None:
    course, admin = await make_course(process, (1, 3, "5,6,7"), (2, 1, "5")), await process.caller("x.admin")
    await publish(process, course)
    found, _ = await courses.find(process.office, admin, course.id, "course.see")
    slot = next(one.id for one in found.slots if one.weekday == 1)
    await courses.slot_removed(process.office, admin, course.id, courses.RemoveSlot(slot=slot, version=found.version))
    preview = await timetable.preview(process.office, admin, course.id, ZONE)
    assert [(one.what, local(one.lesson)) for one in preview] == [
        ("cancel", "09-28 10:00"),
        ("keep", "09-29 08:00"),
        ("cancel", "10-05 10:00"),
        ("cancel", "10-12 10:00"),
    ]
    assert await published(process, course) == Published(cancelled=3)
    assert await standing(process, course, "") == ["09-29 08:00"]


async def test_the_preview_says_what_publishing_does(process: Services) -> None:
    course, admin = await make_course(process, (1, 3, "5,6,7,8")), await process.caller("x.admin")
    await publish(process, course)
    await national_day(process, course)
    await set_day(process, course, "2026-10-12", "off")
    await courses.slot_added(process.office, admin, course.id, courses.AddSlot(weekday=2, period=1, weeks="5", version=2))
    preview = await timetable.preview(process.office, admin, course.id, ZONE)
    assert [(one.what, local(one.lesson), local(one.was) if one.was else "") for one in preview] == [
        ("keep", "09-28 10:00", ""),
        ("make", "09-29 08:00", ""),
        ("move", "10-10 10:00", "10-05 10:00"),
        ("cancel", "10-12 10:00", ""),
        ("keep", "10-19 10:00", ""),
    ]
    assert await published(process, course) == Published(made=1, moved=1, cancelled=1)


async def test_of_a_move_that_clashes_nothing_is_done_and_the_clash_is_named(process: Services) -> None:
    course, admin = await make_course(process, (1, 3, "all"), (2, 3, "all")), await process.caller("x.admin")
    await publish(process, course)
    new = lessons.NewLesson(name="家长会", standing_group="g.x", day="2026-10-10", begins="10:20")
    await lessons.create(process.office, admin, new, ZONE)
    await national_day(process, course)
    await set_day(process, course, "2026-10-06", "off")
    before = await lessons_of(process, course)
    (clash,) = [one for one in await timetable.preview(process.office, admin, course.id, ZONE) if one.clashes]
    assert (clash.what, local(clash.lesson)) == ("move", "10-10 10:00")
    with pytest.raises(BookingClash) as caught:
        await publish(process, course)
    assert caught.value.params["lesson"] == "家长会"
    assert await lessons_of(process, course) == before


async def test_lessons_may_take_each_others_places(process: Services) -> None:
    """Both periods are rung an hour later: the first one goes where the second one was."""
    term = (await make_term(process)).id
    bell = await make_bell(process, lines="08:00-08:40 09:00-09:40")
    course, admin = await make_course(process, (1, 1, "all"), (1, 2, "all"), term=term), await process.caller("x.admin")
    total = await publish(process, course)
    edit = terms.EditBell(name="B", valid_from="2026-09-01", lines="09:00-09:40 10:00-10:40", version=1)
    await terms.edit_bell(process.office, admin, bell, edit)
    assert not [one for one in await timetable.preview(process.office, admin, course.id, ZONE) if one.clashes]
    assert await published(process, course) == Published(moved=total)
    await sound(process, course)


async def test_two_offices_publish_the_change_at_once(pair: Pair) -> None:
    one, other = pair
    course = await make_course(one, (1, 3, "all"), (6, 1, "all"), (3, 1, "all"))
    await publish(one, course)
    await national_day(one, course)
    await set_day(one, course, "2026-10-07", "off")
    admin = await one.caller("x.admin")
    await courses.slot_added(one.office, admin, course.id, courses.AddSlot(weekday=4, period=1, version=4))
    done = await asyncio.gather(published(one, course), published(other, course))
    assert sum(each.made for each in done) > 10
    assert (sum(each.moved for each in done), sum(each.cancelled for each in done)) == (1, 2)
    await sound(one, course)
    assert await published(one, course) == Published()


async def test_a_lesson_that_begins_or_is_substituted_meanwhile_is_left_alone(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    course, admin = await make_course(process, (1, 3, "all")), await process.caller("x.admin")
    await publish(process, course)
    lesson, other = await on(process, course, "2026-10-05"), await on(process, course, "2026-10-12")
    for day in ("2026-10-05", "2026-10-12"):
        await set_day(process, course, day, "off")
    seen = await seen_now(process, course, admin)

    async def as_seen(*_: object) -> timetable.Plan:
        return seen

    monkeypatch.setattr(timetable, "plan_of", as_seen)
    await lessons.substitute(process.office, admin, lesson.id, lessons.Substitute(teacher="x2.teacher", version=1), ZONE)
    await process.store.database.execute(update(t.lesson).where(t.lesson.c.id == other.id).values(phase="live"))
    assert await published(process, course) == Published()
    await sound(process, course)


async def test_a_course_changed_meanwhile_is_published_by_nobody(process: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    course, admin = await make_course(process, (1, 3, "all")), await process.caller("x.admin")
    stale, org = await courses.find(process.office, admin, course.id, "course.edit")
    await course_change.close(process.office, admin, course.id, course_change.CloseCourse(closed="1", version=2))

    async def as_seen(*_: object) -> tuple[Course, object]:
        return stale, org

    monkeypatch.setattr(timetable, "find", as_seen)
    with pytest.raises(EditConflict):
        await publish(process, course)
    assert await lessons_of(process, course) == []


async def test_who_may_not_publish_cancels_nothing(process: Services) -> None:
    course = await make_course(process, (1, 3, "all"))
    await publish(process, course)
    await set_day(process, course, "2026-10-05", "off")
    for who in ("x1.teacher", "y.admin", "x.inspector"):
        with pytest.raises(AppError):
            await published(process, course, who)
    assert "10-05 10:00" in await standing(process, course)


async def test_the_office_is_told_which_courses_are_behind(process: Services) -> None:
    course = await make_course(process, (1, 3, "all"))
    path = process.world.paths
    await make_course(process, (2, 3, "all"), term=course.term, name="没排过的课")
    assert await behind(process.office, path["x"], ZONE) == []
    await publish(process, course)
    assert await behind(process.office, path["x"], ZONE) == []
    await set_day(process, course, "2026-10-05", "off")
    await set_day(process, course, "2026-10-12", "off")
    await set_day(process, course, "2026-10-10", "work", "2026-10-05")
    for org in ("n", "x", "x1"):
        (found,) = await behind(process.office, path[org], ZONE)
        assert (found.course.id, found.make, found.move, found.cancel) == (course.id, 0, 1, 1)
    for org in ("x2", "y", "y1"):
        assert await behind(process.office, path[org], ZONE) == [], "they attend, or have nothing to do with it"
    await publish(process, course)
    assert await behind(process.office, path["x"], ZONE) == []
    process.clock.now += int(dt.timedelta(days=300).total_seconds() * 1000)
    assert await behind(process.office, path["x"], ZONE) == []
