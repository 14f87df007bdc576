"""What a parent sees: the own child's week, in words about nobody else."""

from __future__ import annotations

import dataclasses

import pytest
from sqlalchemy import insert, update

from server.errors import Forbidden
from server.school import lessons
from server.school.child import ChildLesson, weeks
from server.store import tables as t
from tests.server.services import ZONE, Services
from tests.server.world import HOUR

PARENT = "x1.c1.s1.parent"


async def test_a_parent_sees_when_and_what(process: Services) -> None:
    (child,) = await weeks(process.office, await process.caller(PARENT), ZONE, process.clock.now)
    assert (child.student, child.name, child.number) == ("x1.c1.s1", "学生x1.c1.s1", "01")
    assert (child.school, child.school_class) == ("石桥中心小学", "三年级1班")
    begin = process.clock.now + 10 * 60_000
    assert child.lessons == (ChildLesson("分数的认识", begin, begin + 40 * 60_000, "soon"),)


async def test_nothing_else_is_in_it(process: Services) -> None:
    """No field could tell of another child, a room, a teacher or another school."""
    assert {field.name for field in dataclasses.fields(ChildLesson)} == {"name", "starts_at", "ends_at", "state"}
    said = str(await weeks(process.office, await process.caller("y1.c1.s1.parent"), ZONE, process.clock.now))
    assert "学生y1.c1.s1" in said
    assert not [word for word in ("s2", "s3", "石桥", "教室", "teacher", "姓名") if word in said]


async def test_other_weeks_and_other_classes_are_empty(process: Services) -> None:
    (child,) = await weeks(process.office, await process.caller(PARENT), ZONE, process.clock.now + 7 * 24 * HOUR)
    assert child.lessons == ()
    (child,) = await weeks(process.office, await process.caller("y2.c1.s1.parent"), ZONE, process.clock.now)
    assert child.lessons == ()


async def test_a_cancelled_lesson_is_told_and_not_dropped(process: Services) -> None:
    await lessons.cancel(process.office, await process.caller("x.admin"), "lesson.x", lessons.CancelLesson(version=1))
    for parent in (PARENT, "y1.c1.s1.parent"):
        (child,) = await weeks(process.office, await process.caller(parent), ZONE, process.clock.now)
        assert [(one.name, one.state) for one in child.lessons] == [("分数的认识", "cancelled")]


async def test_rehearsals_are_the_teachers_matter(process: Services) -> None:
    await process.store.database.execute(update(t.lesson).values(rehearsal=True))
    (child,) = await weeks(process.office, await process.caller(PARENT), ZONE, process.clock.now)
    assert child.lessons == ()


async def test_several_children_each_with_the_own_lessons(process: Services) -> None:
    row = {"id": "a.more", "person": PARENT, "role": "parent", "student": "y2.c1.s1", "valid_from": 0, "granted_by": "t", "created": 0}
    await process.store.database.execute(insert(t.assignment).values(**row))
    found = await weeks(process.office, await process.caller(PARENT), ZONE, process.clock.now)
    assert [(one.student, len(one.lessons)) for one in found] == [("x1.c1.s1", 1), ("y2.c1.s1", 0)]


@pytest.mark.parametrize("who", ["x1.teacher", "n.admin", "x1.c1.s1", "x1.d1"])
async def test_who_has_no_child_here_sees_none(process: Services, who: str) -> None:
    with pytest.raises(Forbidden):
        await weeks(process.office, await process.caller(who), ZONE, process.clock.now)


@pytest.mark.parametrize("ended", ["role", "left"])
async def test_nothing_is_left_at_the_end(process: Services, ended: str) -> None:
    if ended == "role":
        await process.store.database.execute(
            update(t.assignment).where(t.assignment.c.person == PARENT).values(valid_until=process.clock.now)
        )
    else:
        await process.store.database.execute(update(t.student).where(t.student.c.id == "x1.c1.s1").values(left_at=process.clock.now))
    with pytest.raises(Forbidden):
        await weeks(process.office, await process.caller(PARENT), ZONE, process.clock.now)
