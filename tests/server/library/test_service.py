"""From an ended lesson to a public resource and back: who may, what is kept, what is told to the audit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from server.domain.resource import Span
from server.errors import (
    AppError,
    EditConflict,
    Forbidden,
    Invalid,
    LessonNotOver,
    NotRecorded,
    NotThere,
    ResourceIncomplete,
    ResourceState,
    ResourceWithdrawn,
)
from server.library.desk import Desk, taught
from server.library.fields import SaveInfo, SaveSpan, Step, TakeBack
from server.library.service import Library
from server.library.waiting import waiting
from server.store import tables as t
from tests.harness.postgres import both_databases
from tests.server.library.taught import LENGTH, MINUTE, PICTURE, Tapes, drafted, over, published
from tests.server.services import Services

pytestmark = both_databases
LESSON = "done"
INFO: dict[str, Any] = {"title": "分数的初步认识", "summary": "王老师讲", "subject": "maths", "stage": "primary", "grade": "3"}
INFO |= {"edition": "人教版", "volume": "上册", "unit": "第八单元", "teacher": "x1.teacher"}


@pytest.fixture
async def tapes(process: Services) -> Tapes:
    made = Tapes()
    await over(process.store.database, made, LESSON)
    return made


@pytest.fixture
async def library(process: Services, tapes: Tapes) -> Library:
    return Library(process.office, tapes.recordings, tapes.cover)


async def desk(process: Services, library: Library, who: str = "x.librarian") -> Desk:
    return await library.desk(await process.caller(who), LESSON)


async def to_info(process: Services, library: Library, who: str = "x1.teacher", begin: str = "01:30", end: str = "21:00") -> None:
    """The first two steps."""
    caller = await process.caller(who)
    await library.save_span(caller, LESSON, SaveSpan(begin=begin, end=end, version=(await desk(process, library)).version))
    await library.save_info(caller, LESSON, SaveInfo(**INFO, version=(await desk(process, library)).version))


async def out(process: Services, library: Library, who: str = "x.librarian") -> str:
    """All steps; the public resource."""
    await to_info(process, library)
    return await library.publish(await process.caller(who), LESSON, Step(version=(await desk(process, library)).version))


async def test_the_desk_is_laid_from_the_timetable_and_the_whole_recording(process: Services, library: Library) -> None:
    found = await desk(process, library)
    assert (found.version, found.resource, found.offsets) == (0, None, (0, LENGTH))
    assert (found.about.title, found.about.subject, found.about.edition) == ("分数的认识", "maths", "人教版")
    assert found.about.teacher == "x1.teacher"
    assert taught(found) == ("x1.teacher",)


async def test_from_the_lesson_to_the_library_and_out_of_it(process: Services, library: Library, tapes: Tapes) -> None:
    teacher, librarian, other = [await process.caller(who) for who in ("x1.teacher", "x.librarian", "x2.teacher")]
    await to_info(process, library)
    found = await desk(process, library)
    assert (found.offsets, found.summary) == ((90_000, 21 * MINUTE), "王老师讲")
    assert found.standing.head == 1, "a draft is one version, however often it is saved"
    await library.submit(teacher, LESSON, Step(version=found.version))
    with pytest.raises(Forbidden):
        await library.publish(teacher, LESSON, Step(version=found.version + 1))
    resource = await library.publish(librarian, LESSON, Step(version=found.version + 1))
    shown = await library.shown(other, resource)
    assert (shown.version.about.title, shown.summary, shown.owner.name) == ("分数的初步认识", "王老师讲", "石桥中心小学")
    assert shown.version.span == Span(tapes.spans[LESSON].begin_ms + 90_000, tapes.spans[LESSON].begin_ms + 21 * MINUTE)
    assert shown.resource.shared == "x"
    tapes.pictures[LESSON] = PICTURE
    assert (await library.cover(other, resource))[1] == PICTURE
    await library.withdraw(librarian, resource, TakeBack(reason="有学生的名字", version=shown.resource.version))
    for look in (library.shown, library.cover):
        with pytest.raises(ResourceWithdrawn):
            await look(other, resource)
    steps = ["resource.create", "resource.edit", "resource.submit", "resource.publish", "resource.withdraw"]
    assert [act for act in await process.acts() if act.startswith("resource.")] == steps
    line = await process.line()
    assert (line.target_kind, line.target, line.path) == ("resource", resource, process.world.paths["x1"])
    assert "名字" not in line.details, "the reason is erasable, the audit is not"


async def test_a_correction_is_a_version_that_replaces_the_one_before_when_it_is_published(process: Services, library: Library) -> None:
    resource, librarian = await out(process, library), await process.caller("x.librarian")
    first = await library.shown(librarian, resource)
    process.clock.now += MINUTE
    await library.save_info(librarian, LESSON, SaveInfo(**INFO | {"title": "几分之一"}, version=first.resource.version))
    assert (await library.shown(librarian, resource)).version.about.title == "分数的初步认识"
    await library.publish(librarian, LESSON, Step(version=first.resource.version + 1))
    second = await library.shown(librarian, resource)
    assert (second.version.about.title, second.version.n, second.summary) == ("几分之一", 2, "王老师讲")
    assert second.resource.published_at == first.resource.published_at, "a correction is no news"
    c = t.resource_version.c
    rows = await process.store.database.read(select(c.n, c.state, c.title).where(c.resource == resource).order_by(c.n))
    assert [tuple(row) for row in rows] == [(1, "replaced", "分数的初步认识"), (2, "published", "几分之一")]


async def test_what_was_withdrawn_starts_from_what_it_said(process: Services, library: Library) -> None:
    resource, librarian = await out(process, library), await process.caller("x.librarian")
    found = await desk(process, library)
    await library.withdraw(librarian, resource, TakeBack(reason="错字", version=found.version))
    with pytest.raises(ResourceState):
        await library.publish(librarian, LESSON, Step(version=found.version + 1))
    again = await desk(process, library)
    assert (again.about, again.summary, again.offsets) == (found.about, found.summary, found.offsets)
    await library.save_span(librarian, LESSON, SaveSpan(begin="00:00", end="20:00", version=again.version))
    process.clock.now += MINUTE
    await library.publish(librarian, LESSON, Step(version=again.version + 1))
    back = (await library.shown(librarian, resource)).resource
    assert (back.withdrawn_at, back.reason, back.published_at) == (None, None, process.clock.now)


@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("x.admin", Forbidden),
        ("x1.assistant", Forbidden),
        ("y.librarian", NotThere),
        ("x2.teacher", NotThere),
        ("x.reviewer", NotThere),
    ],
)
async def test_who_may_not_make_one(process: Services, library: Library, who: str, error: type[AppError]) -> None:
    with pytest.raises(error):
        await desk(process, library, who)


async def test_a_colleague_who_did_not_teach_it_may_not(process: Services, library: Library) -> None:
    await process.role("x1.assistant", "teacher", "x1")
    with pytest.raises(Forbidden):
        await desk(process, library, "x1.assistant")


async def test_a_librarian_of_the_city_and_one_of_the_school_may(process: Services, library: Library) -> None:
    await process.role("d.admin", "librarian", "d")
    await process.role("x1.admin", "librarian", "x1")
    await to_info(process, library, "d.admin")
    await library.publish(await process.caller("x1.admin"), LESSON, Step(version=(await desk(process, library)).version))


@pytest.mark.parametrize("who", ["y1.teacher", "y.admin", "y1.d1", "y1.c1.s1", "x1.c1.s1.parent", "y.librarian"])
async def test_another_county_and_parents_do_not_know_of_it(process: Services, library: Library, who: str) -> None:
    resource = await out(process, library)
    with pytest.raises(NotThere):
        await library.shown(await process.caller(who), resource)


@pytest.mark.parametrize("who", ["x2.teacher", "x2.assistant", "x2.c1.s1", "x1p.d1", "x.inspector", "d.admin", "n.admin", "x.reviewer"])
async def test_the_county_and_those_above_see_it(process: Services, library: Library, who: str) -> None:
    assert (await library.shown(await process.caller(who), await out(process, library))).version.n == 1


async def test_a_draft_is_nowhere(process: Services, library: Library) -> None:
    await drafted(process.store.database, "secret")
    for who in ("x1.teacher", "x.librarian", "n.admin"):
        with pytest.raises(NotThere):
            await library.shown(await process.caller(who), "secret")


async def test_only_of_a_lesson_that_is_over_and_recorded(process: Services, library: Library, tapes: Tapes) -> None:
    librarian, c = await process.caller("x.librarian"), t.lesson.c
    for phase in ("scheduled", "open", "live", "break", "cancelled"):
        await process.store.database.execute(update(t.lesson).where(c.id == LESSON).values(phase=phase))
        with pytest.raises(LessonNotOver):
            await library.desk(librarian, LESSON)
    await process.store.database.execute(update(t.lesson).where(c.id == LESSON).values(phase="archived"))
    await to_info(process, library)
    tapes.spans[LESSON] = replace(tapes.spans[LESSON], end_ms=tapes.spans[LESSON].begin_ms + MINUTE)
    with pytest.raises(NotRecorded):  # the recording lost its end meanwhile
        await library.publish(librarian, LESSON, Step(version=3))
    del tapes.spans[LESSON]
    with pytest.raises(NotRecorded):
        await library.desk(librarian, LESSON)
    with pytest.raises(NotThere):
        await library.desk(librarian, "nosuch")


@pytest.mark.parametrize(
    ("begin", "end", "wrong"),
    [
        ("00:00", "40:02", {"end": "high"}),
        ("10:00", "10:00", {"begin": "high"}),
        ("41:00", "40:01", {"begin": "high"}),
        ("00:01", "00:00", {"begin": "high"}),
    ],
)
async def test_a_span_lies_in_the_recording(process: Services, library: Library, begin: str, end: str, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        await to_info(process, library, begin=begin, end=end)
    assert refused.value.fields == wrong


async def test_the_last_second_of_a_recording_counts_whole(process: Services, library: Library) -> None:
    await to_info(process, library, begin="00:00", end="40:01")
    assert (await desk(process, library)).offsets == (0, LENGTH)


async def test_what_is_mandatory_is_asked_for(process: Services, library: Library) -> None:
    librarian = await process.caller("x.librarian")
    await to_info(process, library)
    await library.save_info(librarian, LESSON, SaveInfo(**INFO | {"edition": ""}, version=3))
    with pytest.raises(ResourceIncomplete):
        await library.publish(librarian, LESSON, Step(version=4))
    with pytest.raises(Invalid):
        await library.save_info(librarian, LESSON, SaveInfo(**INFO | {"teacher": "x2.teacher"}, version=4))


async def test_of_two_who_save_at_once_one_is_told(process: Services, library: Library) -> None:
    teacher, librarian = await process.caller("x1.teacher"), await process.caller("x.librarian")
    forms = [SaveSpan(begin="00:00", end=end, version=0) for end in ("10:00", "20:00")]
    done = await asyncio.gather(
        library.save_span(teacher, LESSON, forms[0]), library.save_span(librarian, LESSON, forms[1]), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["EditConflict", "NoneType"]
    assert len(await process.store.database.read(select(t.resource.c.id))) == 1
    found = await desk(process, library)
    assert found.offsets == (0, (10 if done[0] is None else 20) * MINUTE)
    for stale in (found.version - 1, found.version + 1):
        with pytest.raises(EditConflict):
            await library.save_info(teacher, LESSON, SaveInfo(**INFO, version=max(stale, 1)))
        with pytest.raises(EditConflict):
            await library.submit(teacher, LESSON, Step(version=max(stale, 1)))
    assert (await desk(process, library)).about.title == "分数的认识", "nothing was written"


async def test_of_two_who_publish_and_withdraw_at_once_each_step_is_taken_once(process: Services, library: Library) -> None:
    await to_info(process, library)
    librarian, step = await process.caller("x.librarian"), Step(version=3)
    done = await asyncio.gather(*(library.publish(librarian, LESSON, step) for _ in range(3)), return_exceptions=True)
    (resource,) = {one for one in done if isinstance(one, str)}
    assert sum(isinstance(one, EditConflict) for one in done) == 2
    form = TakeBack(reason="错字", version=4)
    gone = await asyncio.gather(*(library.withdraw(librarian, resource, form) for _ in range(3)), return_exceptions=True)
    assert sorted(one is None for one in gone) == [False, False, True]
    assert (await process.acts()).count("resource.withdraw") == 1


async def test_summaries_are_sealed_and_no_draft_leaves_one_behind(process: Services, library: Library) -> None:
    await to_info(process, library)
    librarian = await process.caller("x.librarian")
    await library.save_info(librarian, LESSON, SaveInfo(**INFO | {"summary": "改过的话"}, version=3))
    rows = await process.store.database.read(select(t.content.c.id, t.content.c.owner).where(t.content.c.kind == "resource"))
    kept = await process.office.contents.texts({row.id for row in rows})
    assert list(kept.values()) == ["改过的话"]
    (row,) = await process.store.database.read(select(t.resource.c.id))
    assert rows[0].owner == row.id


async def test_what_waits_for_a_librarian(process: Services, library: Library, tapes: Tapes) -> None:
    database, librarian = process.store.database, await process.caller("x.librarian")
    await over(database, None, "unrecorded")
    await over(database, tapes, "trial", rehearsal=True)
    await over(database, tapes, "foreign", "y1")
    await over(database, tapes, "old", begin=process.clock.now - 40 * 24 * 60 * MINUTE)
    await over(database, tapes, "going", phase="live")
    await over(database, tapes, "later", "x2", begin=process.clock.now + MINUTE)
    await drafted(database, "begun")
    await drafted(database, "handed", state="submitted")
    await drafted(database, "theirs", "y1")
    await published(database, "public")
    found = await waiting(library, librarian)
    assert [one.id for one in found.lessons] == ["later", LESSON]
    assert [one.id for one in found.drafts] == ["handed", "begun"]
    assert {one.name for one in found.orgs.values()} == {"石桥中心小学", "石桥二小"}
    nobody = await waiting(library, await process.caller("x1.teacher"))
    assert (nobody.lessons, nobody.drafts) == ((), ())
