from __future__ import annotations

import pytest

from server.bus import LocalBus
from server.errors import Forbidden
from server.store import Store
from tests.server.live.doubles import OFFER, School


async def test_revocation_ends_sockets_and_media(school: School) -> None:
    lesson = await school.lesson()
    link, other = await school.link(lesson, "classroom", "Room"), await school.link(lesson, "viewer")
    page, bystander = await school.page(link), await school.page(other)
    await school.lessons.publish(page.principal, OFFER, ("mic", "camera"))
    await school.lessons.watch(page.principal, OFFER, None)
    assert await school.lessons.revoke(link.id)
    await school.calm()
    assert [m["code"] for m in page.of("bye")] == ["revoked"]
    assert {reason for _, reason in school.worker.closed} == {"revoked"}
    assert school.worker.sessions == {}
    assert not bystander.of("bye")
    with pytest.raises(Forbidden):
        await school.lessons.publish(page.principal, OFFER, ("mic",))
    assert [m["code"] for m in (await school.page(link)).of("bye")] == ["revoked"]


async def test_revocation_by_another_process_is_found_within_two_seconds(school: School, store: Store) -> None:
    link = await school.link(await school.lesson(), "viewer")
    page = await school.page(link)
    await school.lessons.watch(page.principal, OFFER, None)
    await store.revoke_link(link.id, 1)
    await school.pass_ms(1_250)
    assert [m["code"] for m in page.of("bye")] == ["revoked"]
    assert school.worker.sessions == {}


async def test_sessions_of_links_revoked_while_the_web_was_down_end(school: School, store: Store) -> None:
    link = await school.link(await school.lesson(), "viewer")
    await school.lessons.watch(link.principal("x"), OFFER, None)
    school.worker.listeners.clear()
    await school.lessons.stop()
    await store.revoke_link(link.id, 1)
    after = await School(store, school.worker, school.clock).open()
    assert school.worker.sessions == {}
    await after.lessons.stop()


async def test_no_such_link(school: School) -> None:
    assert await school.lessons.revoke("nobody") is False
    assert await school.lessons.link("nobody") is None


async def test_removed_classroom_goes_and_needs_a_new_link(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"))
    link = await school.link(lesson, "classroom", "Room")
    page = await school.page(link)
    await school.lessons.publish(page.principal, OFFER, ("camera",))
    await school.order(console, "participant.remove", participant=link.participant)
    assert [m["code"] for m in page.of("bye")] == ["removed"]
    assert school.worker.sessions == {}
    assert [m["code"] for m in (await school.page(link)).of("bye")] == ["removed"]
    again = await school.link(lesson, "classroom", "Room")
    assert again.participant != link.participant
    assert (await school.page(again)).of("state")


async def test_two_processes_share_events_and_revocations(school: School, store: Store) -> None:
    bus = LocalBus()
    lesson = await school.lesson()
    link, viewer = await school.link(lesson, "master"), await school.link(lesson, "viewer")
    one = await School(store, school.worker, school.clock, bus).open()
    two = await School(store, school.worker, school.clock, bus).open()
    console, page = await one.page(link), await two.page(viewer)
    await one.order(console, "lesson.live")
    await two.calm()
    assert [e["kind"] for e in page.of("event")] == ["lesson.opened", "lesson.live", "record.started"]
    await one.lessons.revoke(viewer.id)
    await two.calm()
    assert [m["code"] for m in page.of("bye")] == ["revoked"]
    for school_ in (one, two):
        await school_.lessons.stop()
