"""Two offices press at the same time, in two processes on one database: one wins, the other is told, nothing is half done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from server.domain.schedule import ScheduledLesson
from server.errors import BookingClash, EditConflict
from server.school import lessons, rooms
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.school.plan import lessons_of, make_course, publish
from tests.server.services import ZONE, Services

pytestmark = both_databases
Pair = tuple[Services, Services]


def by_hand(name: str, begins: str = "14:00", group: str = "g.x") -> lessons.NewLesson:
    return lessons.NewLesson(name=name, standing_group=group, day="2026-09-25", begins=begins)


async def booked(process: Services, resource: str) -> list[Any]:
    b = t.booking.c
    return list(await process.store.database.read(select(t.booking).where(b.resource == resource).order_by(b.starts_at)))


async def at_once(*attempts: Awaitable[Any]) -> tuple[list[Any], list[Any]]:
    """What came out well, and what was raised."""
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    return [one for one in outcomes if not isinstance(one, BaseException)], [one for one in outcomes if isinstance(one, BaseException)]


async def test_of_many_bookings_of_one_room_one_wins_and_the_others_are_told(pair: Pair) -> None:
    who = [await one.caller("x1.teacher") for one in pair]
    won, lost = await at_once(
        *(
            lessons.create(one.office, caller, by_hand(f"L{n}", f"14:{n:02}"), ZONE)
            for one, caller in zip(pair, who, strict=True)
            for n in range(12)
        )
    )
    assert len(won) == 1, lost
    assert {type(error) for error in lost} == {BookingClash}
    assert {error.params["lesson"] for error in lost} == {won[0].name}
    assert {error.params["day"] for error in lost} == {"2026-09-25"}
    assert [row.lesson for row in await booked(pair[0], "room:x1.r1") if row.lesson != "lesson.x"] == [won[0].id]
    assert await pair[0].acts() == ["lesson.create"]
    row = await pair[0].store.database.one(select(func.count().label("n")).select_from(t.lesson))
    assert row
    assert row.n == 2


@pytest.mark.parametrize(
    ("teacher", "school_class", "room", "kind"),
    [("x1.teacher", None, "x2.r2", "teacher"), ("x2.teacher", "x1.c1", "x2.r2", "class"), ("x2.teacher", None, "x2.r1", "room")],
)
async def test_of_two_terms_at_once_with_one_thing_in_common_one_is_made_whole(
    pair: Pair, teacher: str, school_class: str | None, room: str, kind: str
) -> None:
    one, other = pair
    first = await make_course(one, (1, 3, "odd"), (3, 1, "all"))
    await one.role("x2.teacher", "teacher", "x1")
    await other_group(one, room)
    given = {"standing_group": "g.other", "teacher": teacher, "school_class": school_class, "name": "另一门"}
    second = await make_course(one, (1, 3, "all"), (2, 2, "all"), term=first.term, **given)
    won, lost = await at_once(publish(one, first), publish(other, second))
    assert len(won) == 1
    (error,) = lost
    assert isinstance(error, BookingClash)
    made = [len(await lessons_of(one, course)) for course in (first, second)]
    assert sorted(made) == [0, won[0]], "all or none"
    assert (error.params["kind"], error.params["lesson"]) == (kind, "三年级数学" if made[0] else "另一门")
    assert error.params["what"]
    assert (await one.acts()).count("course.publish") == 1


async def other_group(process: Services, room: str) -> None:
    """A group led from another room of x1, without classes."""

    async def write(connection: Any) -> None:
        row = {"id": "g.other", "org": "x", "name": "G", "kind": "schools", "master_classroom": "x1.r2", "created": 0}
        await connection.execute(insert(t.standing_group).values(**row))
        await connection.execute(insert(t.group_room).values(standing_group="g.other", classroom=room, accepted_at=0))

    await process.store.database.write(write)


async def test_the_same_term_published_twice_at_once_is_made_once(pair: Pair) -> None:
    one, other = pair
    course = await make_course(one, (1, 3, "all"), (2, 1, "odd"))
    won, lost = await at_once(publish(one, course), publish(other, course))
    assert lost == []
    assert sorted(won) == [0, len(await lessons_of(one, course))]
    assert max(won) > 20


async def test_of_two_moves_from_one_page_one_counts(pair: Pair) -> None:
    one, other = pair
    course = await make_course(one, (1, 3, "5"))
    await publish(one, course)
    (lesson,) = await lessons_of(one, course)
    forms = [
        lessons.MoveLesson(day="2026-09-29", begins=begins, ends=ends, version=1)
        for begins, ends in (("13:00", "13:40"), ("15:00", "15:40"))
    ]
    callers = [await each.caller("x.admin") for each in pair]
    _, lost = await at_once(*(lessons.move(p.office, c, lesson.id, f, ZONE) for p, c, f in zip(pair, callers, forms, strict=True)))
    assert [type(error) for error in lost] == [EditConflict]
    (moved,) = await lessons_of(other, course)
    assert {(row.starts_at, row.ends_at) for row in await booked(one, "room:x1.r1") if row.lesson == lesson.id} == {
        (moved.starts_at, moved.ends_at)
    }
    assert (await one.acts()).count("lesson.move") == 1


async def test_a_move_and_a_substitute_at_once_leave_exactly_one_of_them(pair: Pair) -> None:
    one, other = pair
    course = await make_course(one, (1, 3, "5"))
    await publish(one, course)
    (lesson,) = await lessons_of(one, course)
    who = [await each.caller("x.admin") for each in pair]
    _, lost = await at_once(
        lessons.move(one.office, who[0], lesson.id, lessons.MoveLesson(day="2026-09-29", period=3, version=1), ZONE),
        lessons.substitute(other.office, who[1], lesson.id, lessons.Substitute(teacher="x2.teacher", version=1), ZONE),
    )
    assert [type(error) for error in lost] == [EditConflict]
    (kept,) = await lessons_of(one, course)
    assert (kept.day == "2026-09-29") != (kept.teacher == "x2.teacher")
    assert await resources(one, kept) == {
        f"teacher:{kept.teacher}",
        "room:x1.r1",
        "room:x1p.r1",
        "room:x2.r1",
        "class:x1.c1",
        "class:x1p.c1",
        "class:x2.c1",
    }


async def resources(process: Services, lesson: ScheduledLesson) -> set[str]:
    rows = await process.store.database.read(select(t.booking).where(t.booking.c.lesson == lesson.id))
    assert {(row.starts_at, row.ends_at) for row in rows} == {(lesson.starts_at, lesson.ends_at)}
    return {row.resource for row in rows}


async def test_of_two_edits_of_one_version_one_is_kept_whole(pair: Pair) -> None:
    who = [await one.caller("x1.admin") for one in pair]
    forms = [
        rooms.EditRoom(code=code, name=name, kind="both", seat_rows=size, seat_columns=size, version=1)
        for code, name, size in (("7", "七", 7), ("8", "八", 8))
    ]
    won, lost = await at_once(*(rooms.edit(p.office, c, "x1.r2", f) for p, c, f in zip(pair, who, forms, strict=True)))
    assert [type(error) for error in lost] == [EditConflict]
    kept = await pair[1].office.rooms.get("x1.r2")
    assert kept == won[0]
    assert await pair[0].acts() == ["room.edit"]
