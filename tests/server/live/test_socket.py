from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import BadRequest
from server.live.messages import Hello, parse_hello, parse_message
from tests.server.live.doubles import OFFER, School


async def test_first_words(school: School) -> None:
    lesson = await school.lesson("Fractions")
    link = await school.link(lesson, "classroom", "Stone Bridge")
    page = await school.page(link)
    welcome, state, *rest = page.read()
    assert welcome["you"] == {"participant": link.participant, "role": "classroom", "name": "Stone Bridge", "seat": 0}
    assert welcome["lesson"] == {"id": lesson, "name": "Fractions"}
    assert (welcome["protocol"], welcome["build"]) == (2, "build-1")
    assert state["state"]["lesson"]["phase"] == "scheduled"
    assert [m["type"] for m in rest] == ["event", "presence"]
    assert rest[0]["payload"] == {"participant": link.participant, "role": "classroom", "name": "Stone Bridge"}


async def test_a_repeated_command_gets_its_first_acknowledgement(school: School) -> None:
    console = await school.page(await school.link(await school.lesson(), "master"))
    live = {"type": "command", "id": "same", "kind": "lesson.live", "payload": {}}
    await console.connection.handle(live)
    await school.order(console, "lesson.end")
    await console.connection.handle(live)
    first, _, again = console.of("ack")
    assert first == again
    assert [e["kind"] for e in console.of("event")][-2:] == ["lesson.ended", "record.stopped"]
    ack = await school.lessons.execute(console.principal, "same", "lesson.live", {})
    assert ack.seq == first["seq"]


@pytest.mark.parametrize(
    ("kind", "payload", "code"),
    [
        ("lesson.reopen", {}, "lesson.phase"),
        ("stage.call", {"participant": "nobody"}, "participant.unknown"),
        ("stage.call", {}, "request.malformed"),
        ("stage.call", {"participant": 5}, "request.malformed"),
        ("lesson.live", {"extra": 1}, "request.malformed"),
        ("participant.join", {"participant": "x", "role": "classroom"}, "request.malformed"),
        ("no.such", {}, "request.malformed"),
    ],
)
async def test_refused_commands(school: School, kind: str, payload: dict, code: str) -> None:
    console = await school.page(await school.link(await school.lesson(), "master"))
    await console.connection.handle({"type": "command", "id": "x", "kind": kind, "payload": payload})
    assert [(m["id"], m["error"]["code"]) for m in console.of("refused")] == [("x", code)]


async def test_only_the_master_commands(school: School) -> None:
    page = await school.page(await school.link(await school.lesson(), "viewer"))
    await school.order(page, "lesson.live")
    assert page.of("refused")[0]["error"]["code"] == "forbidden"


@pytest.mark.parametrize("message", [None, 5, [], {}, {"type": "dance"}, {"type": "signal", "kind": "played", "payload": {"audio": "x"}}])
async def test_nonsense_is_refused_and_the_socket_lives(school: School, message: object) -> None:
    page = await school.page(await school.link(await school.lesson(), "viewer"))
    await page.connection.handle(message)
    assert page.of("refused")[0]["error"]["code"] == "request.malformed"
    await page.connection.handle({"type": "ping", "t": 7})
    assert page.of("pong")[0]["t"] == 7


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)))
def test_any_json_is_parsed_or_refused(message: object) -> None:
    for value in (message, {"type": "hello", "after": message}, {"type": "signal", "kind": "mic", "payload": message}):
        with contextlib.suppress(BadRequest):
            assert parse_message(value) is not None


def test_hello_comes_first() -> None:
    assert parse_hello({"type": "hello", "protocol": 1, "build": "b", "surface": "console", "after": 3}) == Hello(
        protocol=1, build="b", surface="console", after=3
    )
    with pytest.raises(BadRequest):
        parse_hello({"type": "ping"})
    with pytest.raises(BadRequest):
        parse_hello({"type": "hello", "protocol": 1, "after": -1})


async def test_a_page_that_comes_back_gets_what_it_missed_once(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    viewer = await school.link(lesson, "viewer")
    page = await school.page(viewer)
    await school.order(console, "lesson.open")
    last = page.of("event")[-1]["seq"]
    await page.connection.close()
    room = await school.page(await school.link(lesson, "classroom", "Room"))
    await school.order(console, "lesson.live")
    await school.order(console, "stage.call", participant=room.principal.participant)
    again = await school.page(viewer, after=last)
    events = again.of("event")
    assert [e["kind"] for e in events] == ["lesson.live", "record.started", "stage.called"]
    assert events[0]["prev"] == last
    assert [event["prev"] for event in events[1:]] == [event["seq"] for event in events[:-1]]
    assert not again.of("state")


async def test_an_after_beyond_the_head_gets_the_state(school: School) -> None:
    page = await school.page(await school.link(await school.lesson(), "viewer"), after=99)
    assert page.of("state")


async def test_hidden_events_leave_no_gap(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    viewer = await school.page(await school.link(lesson, "viewer"))
    await school.order(console, "lesson.open")
    await school.page(await school.link(lesson, "classroom", "Room"))
    late = await school.page(await school.link(lesson, "viewer"))
    await school.order(console, "lesson.live")
    for page in (viewer, late):
        seen = page.of("state")[0]["seq"]
        for event in page.of("event"):
            assert event["prev"] == seen
            seen = event["seq"]
        assert {e["kind"] for e in page.of("event")} <= {"lesson.opened", "lesson.live", "record.started"}


async def test_hello_again_sends_the_state_again(school: School) -> None:
    page = await school.page(await school.link(await school.lesson(), "viewer"))
    await page.connection.handle({"type": "hello", "protocol": 1, "build": "b", "surface": "screen"})
    assert len(page.of("state")) == 2


async def test_slots_are_told_as_participants(school: School) -> None:
    lesson = await school.lesson()
    viewer = await school.page(await school.link(lesson, "viewer"), "p1")
    other = await school.page(await school.link(lesson, "viewer"), "p2")
    session = (await school.lessons.watch(viewer.principal, OFFER, ("program.camera", "stage.1.video"), page="p1")).session
    school.worker.show(session, "program.camera", f"{lesson}/master/camera")
    school.worker.show(session, "stage.1.video", None, "refused")
    await school.calm()
    assert viewer.of("slots")[-1] == {
        "type": "slots",
        "session": session,
        "slots": {
            "program.camera": {"participant": "master", "source": "camera", "why": "playing"},
            "stage.1.video": {"participant": None, "source": None, "why": "empty"},
        },
    }
    assert len(viewer.of("slots")) == 1
    assert not other.of("slots")


async def test_many_commands_at_once_are_all_carried_out_in_order(school: School) -> None:
    import asyncio

    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    rooms = [await school.page(await school.link(lesson, "classroom", f"Room {n}")) for n in range(4)]
    await school.order(console, "lesson.live")
    people = [room.principal.participant for room in rooms]
    acks = await asyncio.gather(
        *(school.lessons.execute(console.principal, f"call-{who}", "stage.call", {"participant": who}) for who in people)
    )
    assert len({ack.seq for ack in acks}) == 4
    stage = (await school.lessons.find(lesson)).stage
    assert sorted(stage.values()) == sorted(people)
    seqs = [e["seq"] for e in console.of("event")]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
