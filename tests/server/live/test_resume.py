"""A page that comes back, to this process or another, goes on exactly where it was, or is told everything afresh (S19)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from server.domain.audience import project_state
from server.domain.lesson import LessonState, fold_all
from server.domain.link import Link
from server.live import log as live_log
from server.store import Store
from server.store.tables import command_receipt, lesson, lesson_event
from tests.harness.postgres import both_databases
from tests.server.live.doubles import FakeClock, FakeWorker, Page, School

pytestmark = both_databases


@pytest.fixture
async def doors(store: Store, database: str) -> AsyncIterator[tuple[School, School]]:
    """Two web processes of one school; no bus between them."""
    other = await Store.open(database)
    schools = (await School(store, FakeWorker(), FakeClock()).open(), await School(other, FakeWorker(), FakeClock()).open())
    yield schools
    for school in schools:
        await school.lessons.stop()
    await other.close()


def chain(page: Page, last: int) -> int:
    """The seq after an unbroken chain of everything the page was told."""
    for message in page.got:
        if message["type"] == "state":
            last = message["seq"]
        elif message["type"] == "event":
            assert message["prev"] == last, message
            last = message["seq"]
    return last


async def hands(school: School, page: Page, count: int, word: str) -> None:
    payload = {"participant": page.principal.participant, "seat": 1}
    for number in range(count):
        kind = ("hand.raise", "hand.cancel")[number % 2]
        await school.lessons.execute(page.principal, f"{word}{number}", kind, payload)


async def class_of(school: School) -> tuple[str, dict[str, Link], dict[str, Page]]:
    key = await school.lesson()
    links = {name: await school.link(key, role, name) for role, name in (("master", "T"), ("classroom", "A"), ("classroom", "B"))}
    links["viewer"] = await school.link(key, "viewer")
    pages = {name: await school.page(link) for name, link in links.items()}
    await school.order(pages["T"], "lesson.live")
    return key, links, pages


async def test_a_second_process_takes_up_every_pages_chain(doors: tuple[School, School]) -> None:
    one, two = doors
    key, links, pages = await class_of(one)
    await two.lessons.rooms.get(key)
    await hands(one, pages["A"], 6, "a")
    lasts = {}
    for name, page in pages.items():
        page.read()
        lasts[name] = chain(page, 0)
        await page.connection.close()
    await one.lessons.execute(pages["T"].principal, "call", "stage.call", {"participant": pages["B"].principal.participant})
    again = {name: await two.page(link, after=lasts[name]) for name, link in links.items()}
    await hands(two, again["B"], 3, "b")
    await two.order(again["T"], "stage.release", participant=pages["B"].principal.participant)
    for name, page in again.items():
        page.read()
        assert not page.of("state"), name
        chain(page, lasts[name])
    kinds = [event["kind"] for event in again["viewer"].of("event")]
    assert kinds == ["stage.called", "stage.released"], "of hands it is told nothing, and misses nothing"
    assert again["A"].of("event")[-1]["seq"] == again["viewer"].of("event")[-1]["seq"]


async def test_events_of_both_processes_make_one_chain(doors: tuple[School, School]) -> None:
    one, two = doors
    _, links, near = await class_of(one)
    far = {name: await two.page(link, admission="far") for name, link in links.items()}
    for number in range(4):
        await hands(one, near["A"], 2, f"a{number}.")
        await two.lessons.rooms.poll()
        await hands(two, far["B"], 2, f"b{number}.")
        await one.lessons.rooms.poll()
    ends = set()
    for page in (*near.values(), *far.values()):
        page.read()
        ends.add((page.principal.role, chain(page, 0)))
    assert len(ends) == 3, "wherever they came in, pages of equal rights have seen the same"


async def test_a_page_that_was_away_for_long_gets_the_state(doors: tuple[School, School], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_log, "RECENT", 8)
    one, _ = doors
    _, links, pages = await class_of(one)
    pages["viewer"].read()
    last = chain(pages["A"], 0)
    await hands(one, pages["A"], 9, "a")
    again = await one.page(links["A"], after=last)
    assert len(again.of("state")) == 1
    chain(again, 0)


async def test_a_restored_backup_sends_everybody_the_state(doors: tuple[School, School], store: Store) -> None:
    """The school's database goes back to the evening before: pages have seen events that are there no more."""
    one, _ = doors
    key, links, pages = await class_of(one)
    await hands(one, pages["A"], 2, "kept")
    head = (await one.lessons.find(key)).seq
    await hands(one, pages["A"], 3, "lost")
    lasts = {}
    for name, page in pages.items():
        page.read()
        lasts[name] = chain(page, 0)
    await one.lessons.stop()
    await _cut(store, key, head)

    after = await School(store, FakeWorker(), FakeClock()).open()
    again = {name: await after.page(link, after=lasts[name]) for name, link in links.items()}
    await hands(after, again["B"], 5, "new")
    for name, page in again.items():
        page.read()
        assert len(page.of("state")) == (1 if lasts[name] > head else 0), name
        chain(page, lasts[name])
    assert again["A"].of("state")[0]["seq"] == head
    assert _shown(again["A"].of("state")[0]) == _fresh(after, again["A"], await _folded(store, key, head))
    await after.lessons.stop()


async def _cut(store: Store, key: str, head: int) -> None:
    e, r = lesson_event.c, command_receipt.c
    await store.database.execute(lesson_event.delete().where(e.lesson == key, e.seq > head))
    await store.database.execute(command_receipt.delete().where(r.lesson == key, r.seq > head))
    await store.database.execute(lesson.update().where(lesson.c.id == key).values(head=head))


async def _folded(store: Store, key: str, head: int) -> LessonState:
    start = await store.lesson(key)
    assert start
    return fold_all(start, (await store.tail(key, 0))[:head])


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return dict(message["state"])


def _fresh(school: School, page: Page, state: LessonState) -> dict[str, Any]:
    room = school.lessons.rooms.running(state.id)
    assert room
    return project_state(state, page.connection.audience, room.log.lookup)
