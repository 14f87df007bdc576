"""A role in one lesson: whoever has it takes part there, and has nothing to do with anything else of the school."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from server.accounts.caller import Caller
from server.accounts.residents import own_rooms, principal_of
from server.errors import AppError, EditConflict, Forbidden, Invalid, NotThere
from server.school import assistants
from server.school.assistants import AddAssistant, EndAssistant
from server.school.today import today
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.services import ZONE, Services

pytestmark = both_databases
HELPER = "x.librarian"


async def refused(attempt) -> AppError:
    with pytest.raises(AppError) as caught:
        await attempt
    return caught.value


async def name(process: Services, person: str = HELPER, who: str = "x.admin") -> str:
    return await assistants.add(process.office, await process.caller(who), "lesson.x", AddAssistant(person=person))


def actions(caller: Caller) -> set[str]:
    return {action for action in ("org.see", "room.see", "person.see", "student.see", "course.see", "audit.see") if caller.scopes(action)}


async def test_whoever_is_named_takes_part_in_this_lesson_and_in_nothing_else(process: Services) -> None:
    before = await process.caller(HELPER)
    await name(process)
    caller = await process.caller(HELPER)
    lesson, other = [await process.office.schedule.lesson(one) for one in ("lesson.x", "lesson.x")]
    assert lesson
    assert other
    assert [room.classroom for room in own_rooms(caller, lesson)] == ["x2.r1", "y1.r1"]
    principal = principal_of(caller, lesson, "classroom", "y1.r1")
    assert principal
    assert (principal.lesson, principal.participant) == ("lesson.x", "pt.y1")
    assert principal_of(caller, lesson, "master") is None
    assert actions(caller) == actions(before)
    shown = await today(process.office, caller, ZONE)
    assert [(item.lesson.id, item.door, len(item.lesson.rooms)) for item in shown.items] == [("lesson.x", "/class/lesson.x?room=x2.r1", 2)]
    assert (await today(process.office, caller, ZONE, since=process.clock.now + 24 * 3_600_000)).items == ()
    line = await process.line()
    assert (line.act, line.target, line.path, line.details) == (
        "lesson.assistant",
        "lesson.x",
        process.world.paths["x1"],
        f'{{"person":"{HELPER}"}}',
    )


async def test_it_ends_and_what_was_entered_with_it_is_closed(process: Services) -> None:
    role = await name(process)
    before = await process.caller(HELPER)
    admin = await process.caller("x1.admin")
    await assistants.end(process.office, admin, "lesson.x", EndAssistant(assignment=role))
    after = await process.caller(HELPER)
    assert (after.epoch, {grant.role for grant in after.grants}) == (before.epoch + 1, {"librarian"})
    assert await process.acts() == ["lesson.assistant", "lesson.assistant_end"]
    for assignment in (role, "a.x1.assistant", "none"):
        attempt = assistants.end(process.office, admin, "lesson.x", EndAssistant(assignment=assignment))
        assert type(await refused(attempt)) is NotThere


@pytest.mark.parametrize(
    ("who", "error"), [("x.inspector", Forbidden), ("x1.teacher", Forbidden), ("y.admin", Forbidden), ("y2.admin", NotThere)]
)
async def test_who_names_nobody(process: Services, who: str, error: type[AppError]) -> None:
    assert type(await refused(name(process, who=who))) is error
    assert await process.acts() == []


@pytest.mark.parametrize(
    ("person", "code"), [("y1.assistant", "choice"), ("none", "choice"), ("x1.teacher", "taken"), ("x1.c1.s1", "choice")]
)
async def test_who_is_not_named(process: Services, person: str, code: str) -> None:
    error = await refused(name(process, person))
    assert isinstance(error, Invalid)
    assert error.fields == {"person": code}


async def test_a_shut_account_and_a_lesson_that_is_over_have_no_assistants(process: Services) -> None:
    await process.store.database.execute(update(t.person).where(t.person.c.id == HELPER).values(disabled_at=1))
    assert type(await refused(name(process))) is Invalid
    await process.store.database.execute(update(t.lesson).values(phase="ended"))
    assert type(await refused(name(process, "x2.assistant"))) is EditConflict


async def test_named_twice_at_once_is_named_once(pair: tuple[Services, Services]) -> None:
    outcomes = await asyncio.gather(*(name(one) for one in pair), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["Invalid", "str"]
    assert len(await assistants.named(pair[0].office, "lesson.x")) == 1
