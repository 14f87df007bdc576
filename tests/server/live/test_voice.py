"""Who is told what: each audience its own, made into bytes once for all that are told the same (S16, S17)."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.audience import project_event
from server.domain.seen import audience_of
from server.live import outbox, voice
from server.live.outbox import Shared
from tests.server.live.doubles import Page, School


def shared(page: Page) -> list[Shared]:
    """The shared messages that wait for a page."""
    return [message for message in page.outbox.take() if isinstance(message, Shared)]


async def crowd(school: School) -> tuple[Page, list[Page]]:
    """A console, and pages of two rooms, viewers and assistants, all up to date."""
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    links = [await school.link(lesson, *who) for who in (("classroom", "A"), ("classroom", "B"), ("viewer", None), ("assistant", "A"))]
    pages = [await school.page(link, admission=f"a{number}") for link in links for number in range(4)]
    await school.order(console, "lesson.live")
    for page in (console, *pages):
        page.read()
    return console, pages


async def test_an_event_is_projected_once_a_view_and_encoded_once(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    projected: list[Any] = []
    encoded: list[Any] = []

    def project(*given: Any) -> Any:
        projected.append(given[1].view)
        return project_event(*given)

    encode = outbox.encode
    monkeypatch.setattr(voice.audience, "project_event", project)
    monkeypatch.setattr(outbox, "encode", lambda message: (encoded.append(message), encode(message))[1])
    console, pages = await crowd(school)
    projected.clear()
    await school.order(console, "stage.call", participant=pages[0].principal.participant)
    assert sorted(projected) == ["master", "room", "staff", "viewer"]
    told = [shared(page) for page in (console, *pages)]
    assert len({id(one) for each in told for one in each}) == 4
    assert len({one.data() for each in told for one in each}) >= 1
    assert len(encoded) == 4, "two rooms are told the same"


async def test_audiences_that_missed_different_events_are_told_different_prevs(school: School) -> None:
    console, pages = await crowd(school)
    lesson, first, other = console.principal.lesson, pages[0], pages[4]
    help_ = {"participant": first.principal.participant, "word": "ready"}
    await first.connection.handle({"type": "command", "id": "s", "kind": "help.signal", "payload": help_})
    await school.calm()
    seen = school.lessons.rooms.running(lesson)
    assert seen
    for page in (console, *pages):
        page.read()
    await school.order(console, "lesson.pause")
    kinds = {page: [event for event in page.of("event") if event["kind"] == "lesson.paused"][-1] for page in (console, first, other)}
    assert kinds[console]["prev"] > kinds[other]["prev"], "the other room has not seen the signal"
    assert all(event["seq"] == kinds[console]["seq"] for event in kinds.values())


async def test_every_page_has_an_unbroken_chain(school: School) -> None:
    console, pages = await crowd(school)
    people = [pages[0].principal.participant, pages[4].principal.participant]
    for number in range(12):
        who = people[number % 2]
        await school.order(console, ("stage.call", "stage.release")[number // 2 % 2], participant=who)
        payload = {"participant": who, "seat": 1 + number}
        await school.lessons.execute(pages[number % 2 * 4].principal, f"h{number}", "hand.raise", payload)
    for page in (console, *pages):
        last = page.of("state")[-1]["seq"]
        for event in page.of("event"):
            assert event["prev"] == last
            last = event["seq"]
        who = page.principal
        room = school.lessons.rooms.running(who.lesson)
        assert room
        assert last == room.log.horizon.of(audience_of(who.role, who.participant))
