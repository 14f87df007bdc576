"""Pointer and unfinished ink: who may send them, who gets them, and how little is kept of them (S17)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from server.bus import LocalBus
from server.live.outbox import Outbox
from server.live.relay import PER_SECOND
from server.store import Store
from server.store.tables import lesson_event
from tests.server.live.doubles import FakeClock, FakeWorker, Page, School

AT = {"sheet": "c1", "page": 3, "x": 5000, "y": 1200}
INK = {"sheet": "c1", "page": 3, "item": "i1", "points": "KKKK", "color": "#d02030", "width": 20, "tool": "marker"}


async def signal(sender: Page, kind: str, **payload: Any) -> str:
    """The code of the refusal, empty when there was none."""
    before = len(sender.of("refused"))
    await sender.connection.handle({"type": "signal", "kind": kind, "payload": payload})
    refused = sender.of("refused")[before:]
    return str(refused[0]["error"]["code"]) if refused else ""


def heard(page: Page) -> list[tuple[str, str, dict[str, Any]]]:
    return [(one["kind"], one["by"], one["payload"]) for one in page.of("signal")]


async def room(school: School) -> tuple[str, dict[str, Page]]:
    lesson = await school.lesson()
    roles = (("master", "Ms Wang"), ("classroom", "A"), ("classroom", "B"), ("assistant", "A"), ("viewer", None), ("wall", None))
    pages = {f"{role}.{name}": await school.page(await school.link(lesson, role, name)) for role, name in roles}
    await school.order(pages["master.Ms Wang"], "lesson.live")
    return lesson, pages


async def give_pen(school: School, pages: dict[str, Page]) -> None:
    for kind in ("stage.call", "pen.give"):
        await school.order(pages["master.Ms Wang"], kind, participant=pages["classroom.A"].principal.participant)


async def test_everybody_else_sees_where_the_teacher_points(school: School) -> None:
    _, pages = await room(school)
    assert await signal(pages["master.Ms Wang"], "pointer", **AT) == ""
    assert await signal(pages["master.Ms Wang"], "ink", **INK) == ""
    for name, page in pages.items():
        expected = [] if name == "master.Ms Wang" else [("pointer", "master", AT), ("ink", "master", INK)]
        assert heard(page) == expected, name


async def test_a_pointer_without_a_place_is_gone(school: School) -> None:
    _, pages = await room(school)
    assert await signal(pages["master.Ms Wang"], "pointer") == ""
    assert heard(pages["classroom.A"]) == [("pointer", "master", {})]


async def test_a_room_points_only_with_the_pen(school: School) -> None:
    _, pages = await room(school)
    assert await signal(pages["classroom.A"], "pointer", **AT) == "pen.elsewhere"
    for other in ("assistant.A", "viewer.None", "wall.None"):
        assert await signal(pages[other], "ink", **INK) == "forbidden"
    await give_pen(school, pages)
    assert await signal(pages["classroom.A"], "pointer", **AT) == ""
    assert await signal(pages["classroom.B"], "pointer", **AT) == "pen.elsewhere"
    assert heard(pages["master.Ms Wang"]) == heard(pages["viewer.None"]) == [("pointer", "room", AT)]
    assert heard(pages["classroom.A"]) == []
    await school.order(pages["master.Ms Wang"], "pen.take")
    assert await signal(pages["classroom.A"], "pointer", **AT) == "pen.elsewhere"


async def test_what_is_too_much_is_dropped_and_a_second_later_counts_again(school: School) -> None:
    _, pages = await room(school)
    for x in range(PER_SECOND + 5):
        assert await signal(pages["master.Ms Wang"], "pointer", **AT | {"x": x}) == ""
        pages["classroom.A"].read()
    assert [payload["x"] for _, _, payload in heard(pages["classroom.A"])] == list(range(PER_SECOND))
    assert await signal(pages["master.Ms Wang"], "ink", **INK) == ""
    assert heard(pages["classroom.A"])[-1] == ("ink", "master", INK)
    school.clock.now += 1000
    assert await signal(pages["master.Ms Wang"], "pointer", **AT) == ""
    assert heard(pages["classroom.A"])[-1] == ("pointer", "master", AT)


async def test_wrong_ones_are_refused(school: School) -> None:
    _, pages = await room(school)
    for kind, payload in (
        ("pointer", {"x": "left"}),
        ("pointer", {"x": 10**7}),
        ("ink", INK | {"points": "A" * 4000}),
        ("ink", INK | {"tool": "brush"}),
        ("laser", AT),
    ):
        assert await signal(pages["master.Ms Wang"], kind, **payload) == "request.malformed", payload
    assert heard(pages["classroom.A"]) == []


async def test_nothing_of_it_is_stored(school: School) -> None:
    lesson, pages = await room(school)
    head = (await school.lessons.find(lesson)).seq
    await signal(pages["master.Ms Wang"], "ink", **INK)
    await school.calm()
    (stored,) = await school.store.database.read(select(func.count()).select_from(lesson_event))
    assert (stored[0], (await school.lessons.find(lesson)).seq) == (head, head)
    late = await school.page(await school.link(lesson, "viewer"))
    assert heard(late) == []


async def test_pages_of_another_process_see_it(store: Store, database: str) -> None:
    bus, clock = LocalBus(), FakeClock()
    other_store = await Store.open(database)
    one, two = School(store, FakeWorker(), clock, bus), School(other_store, FakeWorker(), clock, bus)
    await one.open()
    await two.open()
    lesson = await one.lesson()
    master = await one.page(await one.link(lesson, "master"))
    near = await one.page(await one.link(lesson, "viewer"))
    far = await two.page(await one.link(lesson, "viewer"))
    elsewhere = await two.page(await one.link(await one.lesson("another"), "viewer"))
    for x in range(3):
        await master.connection.handle({"type": "signal", "kind": "pointer", "payload": AT | {"x": x}})
    await one.calm()
    assert [payload["x"] for _, _, payload in heard(far)] == [2], "only the latest is sent on"
    assert [payload["x"] for _, _, payload in heard(near)] == [2], "and waits for the page"
    assert heard(elsewhere) == heard(master) == []
    await one.lessons.stop()
    await two.lessons.stop()
    await other_store.close()


async def test_a_signal_goes_out_at_its_turn_and_once() -> None:
    outbox = Outbox()
    for number in range(5):
        outbox.put_latest({"type": "signal", "kind": "pointer", "by": "master", "payload": number})
        outbox.put_latest({"type": "signal", "kind": "ink", "by": "master", "payload": number})
    assert [(one["kind"], one["payload"]) for one in await outbox.batch() if isinstance(one, dict)] == [("pointer", 4), ("ink", 4)]
    outbox.put_latest({"type": "signal", "kind": "pointer", "by": "master", "payload": 6})
    assert await outbox.batch() == [{"type": "signal", "kind": "pointer", "by": "master", "payload": 6}]
