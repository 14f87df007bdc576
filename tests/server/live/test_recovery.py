from __future__ import annotations

from server.store import Store
from tests.harness.postgres import both_databases
from tests.server.live.doubles import OFFER, FakeClock, FakeWorker, School

pytestmark = both_databases

SOURCES = ("mic", "camera")


async def test_worker_killed_pages_are_told_to_post_again(school: School) -> None:
    lesson = await school.lesson()
    page = await school.page(await school.link(lesson, "classroom", "Room"), "p1")
    up = await school.lessons.publish(page.principal, OFFER, SOURCES, page="p1")
    down = await school.lessons.watch(page.principal, OFFER, ("program.camera",), page="p1")
    school.worker.crash()
    await school.calm()
    assert not page.of("media.lost")
    school.worker.connect()
    await school.calm()
    assert {m["session"] for m in page.of("media.lost")} == {up.session, down.session}
    assert school.lessons.counts()["sessions"] == 0


async def test_a_dead_session_is_lost_but_a_closed_one_is_not(school: School) -> None:
    page = await school.page(await school.link(await school.lesson(), "viewer"), "p1")
    one = await school.lessons.watch(page.principal, OFFER, None, page="p1")
    two = await school.lessons.watch(page.principal, OFFER, None, page="p1")
    school.worker.end(one.session, "timeout")
    await school.lessons.close(page.principal, two.session)
    assert [m["session"] for m in page.of("media.lost")] == [one.session]


async def test_a_connection_lost_and_found_applies_everything_again(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"), "p1")
    viewer = (await school.link(lesson, "viewer")).principal("x")
    await school.lessons.publish(console.principal, OFFER, SOURCES, page="p1")
    player = await school.lessons.watch(viewer, OFFER, None)
    school.worker.disconnect()
    await school.order(console, "lesson.live")
    assert school.worker.sources[f"{lesson}/master/camera"].labels == ()
    school.worker.connect()
    await school.calm()
    assert school.worker.sources[f"{lesson}/master/camera"].labels == (f"{lesson}/program",)
    assert school.worker.told[player.session].slots["plain.2"].sources == (f"{lesson}/master/camera",)
    assert not console.of("media.lost")


async def test_a_new_web_process_adopts_the_sessions_of_the_old(school: School, store: Store) -> None:
    lesson = await school.lesson()
    teacher, room, viewer = [await school.link(lesson, role, "Room") for role in ("master", "classroom", "viewer")]
    console, screen = await school.page(teacher, "p1"), await school.page(room, "p2")
    await school.lessons.publish(console.principal, OFFER, SOURCES, page="p1")
    await school.lessons.publish(screen.principal, OFFER, SOURCES, page="p2")
    player = await school.lessons.watch(viewer.principal("x"), OFFER, None)
    await school.order(console, "lesson.live")
    worker, clock = school.worker, school.clock
    worker.disconnect()
    worker.listeners.clear()
    await school.lessons.stop()
    worker.commands.clear()

    after = await School(store, worker, clock).open()
    assert not worker.closed
    assert after.lessons.counts()["sessions"] == 3
    assert worker.told[player.session].slots["plain.2"].sources == (f"{lesson}/master/camera",)
    again = await after.page(teacher, "p1", after=console.of("event")[-1]["seq"], sessions=())
    assert not again.of("state")
    await after.order(again, "stage.call", participant=room.participant)
    assert not worker.sources[f"{lesson}/{room.participant}/mic"].muted
    await after.lessons.patch(viewer.principal("x"), player.session, "*", "a=candidate")
    await after.lessons.close(viewer.principal("x"), player.session)
    assert player.session not in worker.sessions
    await after.lessons.stop()


async def test_a_room_that_left_while_the_web_was_down_is_missed(school: School, store: Store) -> None:
    lesson = await school.lesson()
    teacher, stays, leaves = (
        await school.link(lesson, "master"),
        await school.link(lesson, "classroom", "Stays"),
        await school.link(lesson, "classroom", "Leaves"),
    )
    for link in (stays, leaves):
        await school.page(link)
        await school.lessons.publish(link.principal("a1"), OFFER, SOURCES)
    gone = next(s for s, state in school.worker.sessions.items() if str(leaves.participant) in state.owner)
    school.worker.listeners.clear()
    await school.lessons.stop()
    school.worker.end(gone, "timeout")

    after = await School(store, school.worker, school.clock).open()
    console = await after.page(teacher)
    await after.pass_ms(9_000)
    assert not console.of("event")[1:]
    await after.pass_ms(2_000)
    assert [e["payload"]["participant"] for e in console.of("event") if e["kind"] == "participant.left"] == [leaves.participant]
    last = console.of("presence")[-1]["participants"]
    assert last[leaves.participant]["online"] is False
    assert last[stays.participant]["online"] is True
    await after.lessons.stop()


async def test_orphans_end(store: Store) -> None:
    one, two = School(store, FakeWorker(), FakeClock()), FakeWorker()
    await one.open()
    ended = await one.lesson()
    master = await one.page(await one.link(ended, "master"))
    await one.lessons.publish(master.principal, OFFER, SOURCES)
    two.sessions = dict(one.worker.sessions)
    await one.order(master, "lesson.open")
    await one.order(master, "lesson.end")
    await one.lessons.stop()
    tagged = next(iter(two.sessions.values()))
    from msgspec.structs import replace

    two.sessions["lost"] = replace(tagged, session="lost", tag=tagged.tag.replace(ended, "nowhere"))
    two.sessions["alien"] = replace(tagged, session="alien", tag="what")
    again = await School(store, two, FakeClock()).open()
    assert two.sessions == {}
    assert {reason for session, reason in two.closed if session in ("lost", "alien")} == {"orphan"}
    await again.lessons.stop()


async def test_a_page_learns_that_its_sessions_are_gone_when_both_died(school: School) -> None:
    link = await school.link(await school.lesson(), "viewer")
    page = await school.page(link, "p1", sessions=("s77",))
    assert [m["session"] for m in page.of("media.lost")] == ["s77"]
    school.worker.crash()
    other = await school.page(link, "p2", sessions=("s78",))
    assert not other.of("media.lost")
    school.worker.connect()
    await school.calm()
    assert [m["session"] for m in other.of("media.lost")] == ["s78"]


async def test_a_session_unknown_to_the_worker_is_lost(school: School) -> None:
    lesson = await school.lesson()
    console = await school.page(await school.link(lesson, "master"), "p1")
    viewer = await school.page(await school.link(lesson, "viewer"), "p2")
    await school.lessons.publish(console.principal, OFFER, SOURCES, page="p1")
    player = await school.lessons.watch(viewer.principal, OFFER, None, page="p2")
    del school.worker.sessions[player.session]
    await school.order(console, "lesson.live")
    assert [m["session"] for m in viewer.of("media.lost")] == [player.session]
