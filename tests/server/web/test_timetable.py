"""The pages of the timetable: the week, a course whose calendar changed, a course changed and closed, a lesson by hand."""

from __future__ import annotations

import datetime as dt
import re

from server.store.schedule import Schedule
from server.web import keys
from tests.harness.zones import SCHOOL_ZONE
from tests.server.web.conftest import Browser, Town
from tests.server.web.test_office import course, days, made, text


def monday(weeks: int = 0) -> dt.date:
    """Monday of this week, or of one so many weeks ahead."""
    today = dt.datetime.now(SCHOOL_ZONE).date()
    return today + dt.timedelta(days=7 * weeks - today.weekday())


async def by_hand(browser: Browser, day: dt.date, begins: str = "14:00", **more: str) -> str:
    form = {"name": "三年级数学", "standing_group": "g.x", "day": day.isoformat(), "begins": begins}
    return str((await made(await browser.post("/lessons/new", form | more)))["id"])


def columns(page: str) -> int:
    """Days of the week's table."""
    return page.count('<th scope="col"') - 1


async def set_day(admin: Browser, day: dt.date, kind: str, stands_for: str = "", org: str = "x1") -> None:
    page = await text(admin, f"/orgs/{org}/calendar")
    action, version = re.findall(rf'action="(/orgs/{org}/terms/[^/]+/days)">.*?name="version" value="(\d+)"', page, re.DOTALL)[0]
    form = {"day": day.isoformat(), "kind": kind, "stands_for": stands_for, "version": version}
    await made(await admin.post(action, form))


# --- the week ----------------------------------------------------------------------------------------------------------


async def test_an_empty_weekend_has_no_column_and_one_with_lessons_has(town: Town) -> None:
    teacher, wednesday = town.browser("x1.teacher"), monday(2) + dt.timedelta(days=2)
    await by_hand(teacher, wednesday)
    page = await text(teacher, f"/timetable?day={wednesday}")
    assert columns(page) == 5
    assert '<th scope="row">临时</th>' in page
    await by_hand(teacher, wednesday + dt.timedelta(days=4))
    assert columns(await text(teacher, f"/timetable?day={wednesday}")) == 6, "a Sunday lesson, and no Saturday"


async def test_the_week_of_a_school_counts_the_schools_own_weeks(town: Town) -> None:
    admin = town.browser("x.admin")
    for org, before in (("x", 0), ("x2", 2)):
        first = monday(-before)
        term = {"name": "T", "first_day": first, "last_day": monday(10), "week_one": first}
        await made(await admin.post(f"/orgs/{org}/terms", {name: str(value) for name, value in term.items()}))
    assert "第 1 周" in await text(admin, "/timetable?org=x1")
    assert "第 3 周" in await text(admin, "/timetable?org=x2")
    assert "第 1 周" in await text(admin, "/timetable")
    assert "第 3 周" in await text(town.browser("x2.teacher"), "/timetable")


async def test_a_cancelled_lesson_is_told_and_the_room_is_free(town: Town) -> None:
    admin, day = town.browser("x.admin"), dt.datetime.now(SCHOOL_ZONE).date()
    lesson = await by_hand(admin, day + dt.timedelta(days=1), begins="14:00")
    await made(await admin.post(f"/lessons/{lesson}/cancel", {"version": 1}))
    await made(await admin.post("/lessons/lesson.x/cancel", {"version": 1}))
    assert "分数的认识" not in await text(town.browser("x2.assistant"), "/rooms/x2.r1")
    device = await text(town.browser("x2.d1"), "/room")
    assert "分数的认识 · 已取消" in device
    assert 'id="name">今天没有课' in device
    for who in ("x2.assistant", "x2.c1.s1"):
        assert "三年级数学" in await text(town.browser(who), f"/timetable?day={day + dt.timedelta(days=1)}")


# --- a calendar that changes -------------------------------------------------------------------------------------------


async def test_the_calendar_names_the_courses_behind_and_the_course_says_what_publishing_does(town: Town) -> None:
    admin = town.browser("x.admin")
    new = await course(admin)
    await made(await admin.post(f"/courses/{new}/publish"))
    assert f"/courses/{new}" not in await text(admin, "/orgs/x1/calendar")
    off, gone, work = monday(2), monday(3), monday(2) + dt.timedelta(days=5)
    await set_day(admin, off, "off")
    await set_day(admin, gone, "off")
    await set_day(admin, work, "work", off.isoformat())
    for org in ("x1", "x"):
        page = await text(admin, f"/orgs/{org}/calendar")
        assert f'<a href="/courses/{new}">三年级数学 · 生成 0 节，取消 1 节，改时间 1 节</a>' in page
    assert f"/courses/{new}" not in await text(town.browser("x1.teacher"), "/orgs/x1/calendar"), "who may not publish is not asked to"
    page = await text(admin, f"/courses/{new}")
    assert "生成 0 节，取消 1 节，改时间 1 节</button>" in page
    published = await made(await admin.post(f"/courses/{new}/publish"))
    assert (published["lessons"], published["cancelled"], published["moved"]) == (0, 1, 1)
    kept = [one for one in await Schedule(town.web.app[keys.STORE].database).of_course(new) if one.phase != "cancelled"]
    assert {off.isoformat(), gone.isoformat()}.isdisjoint({one.day for one in kept})
    assert [one.day for one in kept].count(work.isoformat()) == 1
    assert "<button" not in (await text(admin, f"/courses/{new}")).partition('/publish"')[1]
    assert f"/courses/{new}" not in await text(admin, "/orgs/x1/calendar")


async def test_a_bell_is_changed_on_the_page_and_comes_again_when_refused(town: Town) -> None:
    admin = town.browser("x.admin")
    new = await course(admin)
    await made(await admin.post(f"/courses/{new}/publish"))
    page = await text(admin, "/orgs/x1/calendar")
    action = re.search(r'action="(/orgs/x1/bells/[^"]+)"', page)
    assert action
    assert "08:00-08:40\n08:50-09:30\n10:00-10:40</textarea>" in page
    form = {"name": "冬季", "valid_from": days()[0], "version": "1"}
    wrong = await admin.post(action[1], form | {"lines": "08:00"}, page=True)
    assert (wrong.status, 'aria-invalid="true"' in await wrong.text(), ">08:00</textarea>" in await wrong.text()) == (422, True, True)
    since = (dt.date.fromisoformat(days()[0]) - dt.timedelta(days=1)).isoformat()
    lines = "08:00-08:40\n08:50-09:30\n10:10-10:50"
    await made(await admin.post(action[1], form | {"lines": lines, "valid_from": since}))
    assert re.search(r"三年级数学 · 生成 0 节，取消 0 节，改时间 \d+ 节", await text(admin, "/orgs/x1/calendar"))


# --- a course changed --------------------------------------------------------------------------------------------------


async def test_a_course_is_changed_closed_and_opened_again(town: Town) -> None:
    admin = town.browser("x1.admin")
    new = await course(town.browser("x.admin"))
    await made(await admin.post(f"/courses/{new}/publish"))
    form = {"name": "四年级数学", "grade": "4", "edition": "人教版", "volume": "下册", "teacher": "x1.teacher", "version": "3"}
    stale = await admin.post(f"/courses/{new}", form | {"version": "2"}, page=True)
    assert stale.status == 409
    assert 'value="四年级数学"' in await stale.text(), "what was typed is kept"
    await made(await admin.post(f"/courses/{new}", form))
    assert "四年级数学" in await text(admin, "/orgs/x1/courses")
    schedule = Schedule(town.web.app[keys.STORE].database)
    coming = [one for one in await schedule.of_course(new) if one.phase == "scheduled"]
    assert {(one.name, one.grade, one.volume) for one in coming} == {("四年级数学", "4", "下册")}
    await made(await admin.post(f"/courses/{new}/close", {"closed": "1", "version": "4"}))
    assert not [one for one in await schedule.of_course(new) if one.phase == "scheduled" and one.id in {each.id for each in coming}]
    page = await text(admin, f"/courses/{new}")
    assert "已停用" in page
    assert f"/courses/{new}/publish" not in page
    listing = await text(admin, "/orgs/x1/courses")
    assert listing.index("已停用的课程") < listing.index(f"/courses/{new}")
    await made(await admin.post(f"/courses/{new}/close", {"closed": "0", "version": "5"}))
    assert (await made(await admin.post(f"/courses/{new}/publish")))["lessons"] > 0


async def test_more_lessons_than_a_term_holds_are_told_on_the_page(town: Town, monkeypatch) -> None:
    from server.school import timetable

    admin = town.browser("x.admin")
    new = await course(admin)
    monkeypatch.setattr(timetable, "MOST_LESSONS", 3)
    page = await text(admin, f"/courses/{new}")
    assert "一个学期最多排 3 节" in page
    assert f"/courses/{new}/publish" not in page
    refused = await admin.post(f"/courses/{new}/publish")
    assert (refused.status, (await refused.json())["error"]["code"]) == (422, "course.too_many")


# --- a lesson by hand --------------------------------------------------------------------------------------------------


async def test_a_lesson_by_hand_has_a_teacher_and_a_subject(town: Town) -> None:
    admin = town.browser("x.admin")
    assert 'name="teacher"' in await text(admin, "/lessons/new")
    assert 'name="teacher"' not in await text(town.browser("x1.teacher"), "/lessons/new"), "a teacher makes own lessons"
    about = {"subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册", "unit": "分数"}
    new = await by_hand(admin, monday(1), teacher="x1.teacher", **about)
    page = await text(admin, f"/lessons/{new}")
    assert "数学 · 小学 · 3 · 人教版 · 上册 · 分数" in page
    assert '<option value="maths" selected>' in page
    assert "三年级数学" in await text(town.browser("x1.teacher"), f"/timetable?day={monday(1)}")
    odd = await admin.post(
        "/lessons/new", {"name": "x", "standing_group": "g.x", "day": str(monday(1)), "begins": "9:00", "stage": "college"}
    )
    assert set((await odd.json())["error"]["fields"]) == {"begins", "stage"}


async def test_what_an_edit_leaves_out_stays(town: Town) -> None:
    admin, store = town.browser("x.admin"), Schedule(town.web.app[keys.STORE].database)
    about = {"unit": "第二单元", "subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册"}
    lesson = await by_hand(admin, monday(2), rehearsal="1", **about)

    async def edited(version: int, pairs: list[tuple[str, str]]) -> tuple[dict[str, str], bool]:
        fields = [("version", str(version)), ("csrf", admin.token), *pairs]
        await made(await admin._ask("POST", f"/lessons/{lesson}", data=fields, headers={"Accept": "application/json"}))
        now = await store.lesson(lesson)
        assert now is not None
        return {name: getattr(now, name) for name in ("name", *about)}, now.rehearsal

    assert await edited(1, [("name", "公开课")]) == ({"name": "公开课", **about}, True)
    assert await edited(2, [("name", "公开课"), ("unit", ""), ("stage", " ")]) == (
        {"name": "公开课", **about, "unit": "", "stage": ""},
        True,
    )
    page = await text(admin, f"/lessons/{lesson}")
    unticked, ticked = re.findall(r'<input [^>]*name="rehearsal" value="([01])"', page)
    assert (await edited(3, [("name", "课"), ("rehearsal", unticked), ("rehearsal", ticked)]))[1] is True
    assert (await edited(4, [("name", "课"), ("rehearsal", unticked)]))[1] is False, "a box that is not ticked is not sent"
