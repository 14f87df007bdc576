"""Words between the teacher and the assistants: who hears them, once, and that nothing is left of them."""

from __future__ import annotations

import itertools

from sqlalchemy import func, select

from server.domain.plan import KEPT_MS
from server.store.tables import content, intercom, lesson_event
from tests.server.live.doubles import Page, School

_ids = itertools.count(1)


async def say(page: Page, text: str, to: str = "", identity: str = "") -> str:
    """The code of the refusal, empty when it was said."""
    identity = identity or f"w{next(_ids)}"
    await page.connection.handle({"type": "intercom", "id": identity, "to": to, "text": text})
    answer = next(m for m in reversed(page.read()) if m.get("id") == identity)
    return "" if answer["type"] == "ack" else str(answer["error"]["code"])


def heard(page: Page) -> list[str]:
    return [one["text"] for message in page.of("intercom") for one in message["messages"]]


async def room(school: School) -> tuple[str, dict[str, Page]]:
    lesson = await school.lesson()
    roles = (("master", "Ms Wang"), ("classroom", "A"), ("assistant", "A"), ("assistant", "B"), ("viewer", None), ("wall", None))
    return lesson, {f"{role}.{name}": await school.page(await school.link(lesson, role, name)) for role, name in roles}


async def test_teacher_and_assistants_and_nobody_else(school: School) -> None:
    _, pages = await room(school)
    a = pages["assistant.A"].principal.participant
    assert await say(pages["master.Ms Wang"], "to all") == ""
    assert await say(pages["master.Ms Wang"], "to A", a) == ""
    assert await say(pages["assistant.A"], "from A") == ""
    assert await say(pages["assistant.B"], "from B") == ""
    assert heard(pages["master.Ms Wang"]) == ["to all", "to A", "from A", "from B"]
    assert heard(pages["assistant.A"]) == ["to all", "to A", "from A"]
    assert heard(pages["assistant.B"]) == ["to all", "from B"]
    for other in ("classroom.A", "viewer.None", "wall.None"):
        assert heard(pages[other]) == []
        assert await say(pages[other], "me too") == "forbidden"
    assert await say(pages["assistant.A"], "psst", pages["assistant.B"].principal.participant) == "forbidden"


async def test_said_twice_it_is_heard_once(school: School) -> None:
    _, pages = await room(school)
    for _ in range(2):
        assert await say(pages["assistant.A"], "once", identity="same") == ""
    assert heard(pages["master.Ms Wang"]) == ["once"]


async def test_a_page_that_opens_later_is_told(school: School) -> None:
    lesson, pages = await room(school)
    await say(pages["assistant.A"], "earlier")
    late = await school.page(await school.link(lesson, "assistant", "A"))
    other = await school.page(await school.link(lesson, "assistant", "C"))
    assert (heard(late), heard(other)) == (["earlier"], [])


async def test_no_word_of_it_is_in_the_log_and_archiving_erases_it(school: School) -> None:
    _, pages = await room(school)
    await say(pages["assistant.A"], "do not keep me")
    database = school.store.database
    assert all("keep me" not in row.payload for row in await database.read(select(lesson_event.c.payload)))
    sealed = await database.read(select(content.c.sealed).where(content.c.kind == "intercom"))
    assert len(sealed) == 1
    assert b"keep me" not in sealed[0].sealed
    await school.order(pages["master.Ms Wang"], "lesson.live")
    await school.order(pages["master.Ms Wang"], "lesson.end")
    school.clock.now += KEPT_MS
    await school.pass_ms(500)
    for table in (intercom, content):
        assert (await database.one(select(func.count().label("n")).select_from(table))).n == 0
    assert await say(pages["assistant.A"], "too late") == "lesson.phase"
