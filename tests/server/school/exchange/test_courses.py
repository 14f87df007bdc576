"""A term's timetable from a table: references, clashes with their names, lessons made at once, on both databases."""

from __future__ import annotations

import pytest

from server.errors import SheetTooLarge, TooManyLessons
from server.school import groups, terms, timetable
from server.school.exchange import courses
from server.store.courses import CourseStore
from tests.harness.postgres import both_databases
from tests.server.school.exchange.conftest import Trade, bad, counts

pytestmark = both_databases
HEAD = "学校代码,课程名,学科,学段,年级,版本,册次,教师登录名,学期,结对组,班级代码,星期,节次,周次\n"
MATHS = "C-x1,三年级数学,数学,小学,三年级,人教版,上册,x1.teacher,T1,石桥专递课堂,301,"


@pytest.fixture
async def term(trade: Trade) -> None:
    who = await trade.town.caller("x.admin")
    form = terms.NewTerm(name="T1", first_day="2026-09-01", last_day="2026-12-31", week_one="2026-08-31")
    await terms.create_term(trade.office, who, "x", form)
    lines = "08:00-08:40 08:50-09:30 10:00-10:40 10:50-11:30"
    await terms.create_bell(trade.office, who, "x", terms.NewBell(name="B", valid_from="2026-09-01", lines=lines))


async def test_a_timetable_makes_courses_and_lessons(trade: Trade, term: None) -> None:
    text = (
        HEAD
        + MATHS
        + "星期一,3,\n"
        + MATHS
        + "周三,第2节,单周\n"
        + "C-x1,音乐,music,primary,3,人音版,上册,X1.teacher,T1,石桥专递课堂,,五,4,1-8\n"
    )
    assert counts(await trade.check("x.admin", "courses", text)) == (3, 0, 0)
    assert await CourseStore(trade.office.database).of_many(["x1"]) == []
    assert counts(await trade.apply("x.admin", "courses", text)) == (3, 0, 0)
    music, maths = await CourseStore(trade.office.database).of_many(["x1"])
    if music.name != "音乐":
        music, maths = maths, music
    assert (maths.subject, maths.stage, maths.grade, maths.school_class) == ("maths", "primary", "3", "x1.c1")
    assert [(slot.weekday, slot.period, slot.weeks) for slot in maths.slots] == [(1, 3, "all"), (3, 2, "odd")]
    lessons = await trade.office.schedule.of_course(maths.id)
    assert {(one.period, len(one.rooms), one.school_class) for one in lessons} == {(2, 2, "x1.c1"), (3, 2, "x1.c1")}
    assert len(lessons) == 14 + 7
    acts = [act for act, _ in await trade.acts()][2:]
    made = ["course.create", "course.slot", "course.slot", "course.publish"]
    assert acts == [*made, made[0], *made[2:], "org.import"]
    assert counts(await trade.apply("x.admin", "courses", text)) == (0, 0, 3)
    assert counts(await trade.apply("x.admin", "courses", text + MATHS + "二,1,双周\n")) == (0, 1, 3)
    assert len(await trade.office.schedule.of_course(maths.id)) == 21 + 8
    rows = await trade.export("x1.admin", "courses")
    assert rows[0] == HEAD.strip().split(",")
    assert [
        "C-x1",
        "三年级数学",
        "数学",
        "小学",
        "3",
        "人教版",
        "上册",
        "x1.teacher",
        "T1",
        "石桥专递课堂",
        "301",
        "星期三",
        "2",
        "单周",
    ] in rows
    back = "\n".join(",".join(row) for row in rows)
    assert counts(await trade.check("x.admin", "courses", back)) == (0, 0, 4)


async def test_bad_references(trade: Trade, term: None) -> None:
    who = await trade.town.caller("x.admin")
    for _ in range(2):
        await groups.create(trade.office, who, "x", groups.NewGroup(name="两个", kind="schools", master_classroom="x1.r1"))
    rows = (
        MATHS.replace("T1", "T2") + "一,3,",
        MATHS.replace("石桥专递课堂", "没有") + "一,3,",
        MATHS.replace("石桥专递课堂", "两个") + "一,3,",
        MATHS.replace("x1.teacher", "y1.teacher") + "一,3,",
        MATHS.replace("x1.teacher", "nobody") + "一,3,",
        MATHS.replace("x1.teacher", "x2.teacher") + "一,3,",
        MATHS.replace("301", "999") + "一,3,",
        MATHS.replace("C-x1", "C-x2") + "一,3,",
        MATHS.replace("C-x1", "C-y1") + "一,3,",
        MATHS + "八,5,每天",
        MATHS.replace("小学", "大学") + "日,0,99999",
    )
    assert bad(await trade.apply("x.admin", "courses", HEAD + "\n".join(rows))) == [
        (2, "学期", "missing"),
        (3, "结对组", "missing"),
        (4, "结对组", "ambiguous"),
        (5, "教师登录名", "missing"),
        (6, "教师登录名", "missing"),
        (7, "教师登录名", "teacher"),
        (8, "班级代码", "missing"),
        (9, "教师登录名", "teacher"),
        (9, "结对组", "missing"),
        (10, "学校代码", "missing"),
        (11, "星期", "choice"),
        (11, "节次", "period"),
        (11, "周次", "format"),
        (12, "学段", "choice"),
        (12, "节次", "low"),
        (12, "周次", "format"),
    ]
    assert await CourseStore(trade.office.database).of_many(["x1", "x2"]) == []


async def test_rows_of_one_course_agree(trade: Trade, term: None) -> None:
    text = HEAD + MATHS + "一,3,\n" + MATHS.replace("人教版", "北师大版") + "二,3,\n" + MATHS + "一,3,每周\n"
    assert bad(await trade.check("x.admin", "courses", text)) == [(3, "版本", "differs"), (4, "节次", "twice")]
    assert counts(await trade.apply("x.admin", "courses", HEAD + MATHS + "一,3,\n")) == (1, 0, 0)
    assert bad(await trade.check("x.admin", "courses", HEAD + MATHS.replace("上册", "下册") + "一,3,\n")) == [(2, "册次", "fixed")]


async def test_clashes_are_named(trade: Trade, term: None) -> None:
    """With what is booked, and between two rows of the file."""
    assert counts(await trade.apply("x.admin", "courses", HEAD + MATHS + "一,3,\n")) == (1, 0, 0)
    music = MATHS.replace("三年级数学", "音乐").replace("数学", "音乐").replace(",301,", ",,")
    text = (
        HEAD
        + music
        + "一,3,双周\n"
        + music
        + "二,1,\n"
        + music.replace("音乐,音乐", "美术,美术")
        + "二,1,\n"
        + music
        + "三,1,单周\n"
        + music
        + "三,1,双周\n"
    )
    report = await trade.apply("x.admin", "courses", text)
    assert bad(report) == [(2, "节次", "clash"), (4, "节次", "clash_row")]
    assert report.bad[0].params == {"what": "三年级1班", "day": "2026-10-05", "time": "10:00", "lesson": "三年级数学"}
    assert report.bad[1].params["other"] == 3
    assert report.bad[1].params["day"] == "2026-09-22"
    assert len(await CourseStore(trade.office.database).of_many(["x1"])) == 1
    assert [one.teacher for one in await CourseStore(trade.office.database).of_many(["x1"])] == ["x1.teacher"]


async def test_a_school_without_periods_is_told(trade: Trade) -> None:
    report = await trade.check("x.admin", "courses", HEAD + MATHS + "一,3,\n")
    assert bad(report) == [(2, "学期", "missing"), (2, "节次", "no_bell")]


async def test_more_lessons_than_one_file_may_make(trade: Trade, term: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetable, "MOST_LESSONS", 10)
    with pytest.raises(TooManyLessons):
        await trade.check("x.admin", "courses", HEAD + MATHS + "一,3,\n")
    monkeypatch.undo()
    monkeypatch.setattr(courses, "MOST_LESSONS", 10)
    with pytest.raises(SheetTooLarge):
        await trade.check("x.admin", "courses", HEAD + MATHS + "一,3,\n")


async def test_a_course_in_its_own_way(trade: Trade, term: None) -> None:
    """Two slots of one course at one time."""
    report = await trade.check("x.admin", "courses", HEAD + MATHS + "一,3,\n" + MATHS + "一,3,双周\n")
    assert bad(report) == [(3, "节次", "clash_row")]
