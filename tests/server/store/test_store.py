from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import inspect, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.events import Envelope, LessonLive, LessonOpened, ParticipantJoined, ParticipantLeft, ParticipantRemoved, StageCalled
from server.domain.link import Link
from server.domain.plan import NO_PLAN
from server.store import Append, Conflict, Life, Standing, Store, StoreClosed, tables
from server.store.engine import make_engine
from server.store.migrate import migrate
from server.store.tables import lesson, metadata
from tests.harness.postgres import both_databases

pytestmark = both_databases


def append(head: int, command_id: str, count: int = 1, principal: str = "t", lesson: str = "L1") -> Append:
    events = tuple(Envelope(lesson, head + n, 10, LessonOpened(), principal, None, command_id) for n in range(1, count + 1))
    return Append(lesson, head, principal, command_id, events)


async def test_events_come_back_as_they_went_in(store: Store) -> None:
    events = (
        Envelope("L1", 1, 5, LessonLive(), "teacher", None, "c1"),
        Envelope("L1", 2, 6, StageCalled(participant="p", position=3), "teacher", "somebody", "c1"),
    )
    assert (await store.append(Append("L1", 0, "teacher", "c1", events))).seq == 2
    assert tuple(await store.tail("L1", 0)) == events
    assert await store.tail("L1", 1) == [events[1]]
    assert await store.tail("L1", 0, limit=1) == [events[0]]
    assert await store.standings(["L1", "nowhere"]) == {"L1": Standing(2, NO_PLAN)}


async def test_who_is_here_is_read_of_many_lessons_at_once(store: Store) -> None:
    await store.create_lesson("L2", "Fractions", 2)
    came = [ParticipantJoined(participant=who, role="classroom") for who in ("a", "b", "c")]
    went = [ParticipantLeft(participant="a"), LessonLive(), ParticipantRemoved(participant="b"), ParticipantLeft(participant="nobody")]
    events = tuple(Envelope("L1", seq, 5, payload, "t", None, "c1") for seq, payload in enumerate([*came, *went], 1))
    await store.append(Append("L1", 0, "t", "c1", events))
    back = Envelope("L2", 1, 5, came[0], "t", None, "c1")
    await store.append(Append("L2", 0, "t", "c1", (back,)))
    assert await store.present(["L1", "L2", "nowhere"]) == {"L1": frozenset("c"), "L2": frozenset("a"), "nowhere": frozenset()}
    assert await store.present([]) == {}


async def test_a_repeat_gets_the_first_acknowledgement(store: Store) -> None:
    first = await store.append(append(0, "c1"))
    await store.append(append(1, "c2"))
    again = await store.append(append(2, "c1"))
    assert (again.seq, first.seq, again.repeated, first.repeated) == (1, 1, True, False)
    assert await store.receipt("L1", "t", "c1") == 1
    assert await store.receipt("L1", "other", "c1") is None
    assert len(await store.tail("L1", 0)) == 2


async def test_a_cancelled_lesson_goes_live_no_more_and_what_else_happens_is_written(store: Store) -> None:
    await store.database.execute(update(tables.lesson).where(tables.lesson.c.id == "L1").values(cancelled_at=7))
    opened = replace(append(0, "c1"), life=Life("open", None, None))
    assert (await store.append(opened)).seq == 1
    live = Append("L1", 1, "t", "c2", (Envelope("L1", 2, 10, LessonLive(), "t", None, "c2"),), Life("live", 10, None))
    with pytest.raises(Conflict):
        await store.append(live)
    assert (len(await store.tail("L1", 0)), await store.receipt("L1", "t", "c2")) == (1, None)
    await store.database.execute(update(tables.lesson).where(tables.lesson.c.id == "L1").values(cancelled_at=None))
    assert (await store.append(live)).seq == 2


async def test_a_lesson_that_moved_on_is_a_conflict(store: Store) -> None:
    await store.append(append(0, "c1"))
    with pytest.raises(Conflict):
        await store.append(append(0, "c2"))
    with pytest.raises(Conflict):
        await store.append(append(0, "c2", lesson="nowhere"))
    assert await store.receipt("L1", "t", "c2") is None


async def test_a_command_without_events_leaves_a_receipt(store: Store) -> None:
    assert (await store.append(append(0, "c1", count=0))).seq == 0
    await store.append(append(0, "c2"))
    assert (await store.append(append(1, "c1"))).seq == 0


async def write(store: Store, name: str, count: int) -> list[int]:
    acks = []
    for n in range(count):
        while True:
            head = (await store.standings(["L1"]))["L1"].head
            try:
                acks.append((await store.append(append(head, f"{n}", principal=name))).seq)
                break
            except Conflict:
                continue
    return acks


async def test_eight_writers_in_two_processes_worth_of_stores_leave_no_gap(store: Store, database: str) -> None:
    other = await Store.open(database)
    acks = await asyncio.gather(*(write(store if n % 2 else other, f"w{n}", 5) for n in range(8)))
    await other.close()
    assert sorted(seq for mine in acks for seq in mine) == list(range(1, 41))
    assert [event.seq for event in await store.tail("L1", 0)] == list(range(1, 41))
    assert {(e.actor, e.command_id) for e in await store.tail("L1", 0)} == {(f"w{n}", str(k)) for n in range(8) for k in range(5)}


async def test_the_same_command_sent_eight_times_at_once_is_written_once(store: Store) -> None:
    acks = await asyncio.gather(*(store.append(append(0, "same")) for _ in range(8)))
    assert {ack.seq for ack in acks} == {1}
    assert [ack.repeated for ack in acks].count(False) == 1
    assert len(await store.tail("L1", 0)) == 1


async def test_one_bad_command_does_not_take_its_neighbours_along(store: Store) -> None:
    bad = Append("L1", 0, "t", "bad", (Envelope("L1", 1, 2**70, LessonOpened(), "t", None, "bad"),))
    results = await asyncio.gather(
        store.append(append(0, "good")), store.append(bad), store.append(append(1, "next")), return_exceptions=True
    )
    assert type(results[0]).__name__ == "Appended"
    assert isinstance(results[1], Exception)
    assert [e.command_id for e in await store.tail("L1", 0)] == ["good", "next"]


async def test_closing_writes_what_waits(database: str) -> None:
    store = await Store.open(database)
    await store.create_lesson("L1", "x", 1)
    waiting = asyncio.create_task(store.append(append(0, "c1")))
    await asyncio.sleep(0)
    await store.close()
    assert (await waiting).seq == 1
    with pytest.raises(StoreClosed):
        await store.append(append(1, "c2"))


async def test_finding_lessons(store: Store) -> None:
    await store.create_lesson("L2", "Fractions", 2)
    await store.create_lesson("L3", "L1", 3)
    assert await store.find_lesson("Fractions") == "L2"
    assert await store.find_lesson("L1") == "L1"
    assert await store.find_lesson("nothing") is None
    assert await store.lesson("nothing") is None
    assert (await store.lesson("L2")).name == "Fractions"


def link(link_id: str, role: str = "classroom", name: str = "Room", participant: str | None = None) -> Link:
    return Link(link_id, "L1", role, participant, name, 5, 99)


async def test_links_of_one_name_are_one_participant(store: Store) -> None:
    one = await store.add_link(link("a"), fresh="p1")
    two = await store.add_link(link("b"), fresh="p2")
    other = await store.add_link(link("c", name="Other"), fresh="p3")
    after = await store.add_link(link("d"), shunned={"p1"}, fresh="p4")
    master = await store.add_link(link("m", "master", "Ms Wang", "master"))
    await store.add_link(link("m2", "master", "Ms Wang", "master"))
    viewer = await store.add_link(link("v", "viewer", ""))
    assert [x.participant for x in (one, two, other, after, master, viewer)] == ["p1", "p1", "p3", "p4", "master", None]
    assert [(p.id, p.role, p.name) for p in await store.people("L1")] == [
        ("master", "master", "Ms Wang"),
        ("p1", "classroom", "Room"),
        ("p3", "classroom", "Other"),
        ("p4", "classroom", "Room"),
    ]
    assert await store.link("a") == one
    assert len(await store.links("L1")) == 7


async def test_a_master_without_a_name_gets_the_first_one_that_comes(store: Store) -> None:
    for link_id, name in (("m1", ""), ("m2", "Ms Wang"), ("m3", "Mr Li")):
        await store.add_link(link(link_id, "master", name, "master"))
    assert [(p.id, p.name) for p in await store.people("L1")] == [("master", "Ms Wang")]


async def test_what_was_decided_on_an_event_needs_that_very_event(store: Store) -> None:
    await store.append(append(0, "theirs", principal="other"))
    with pytest.raises(Conflict):
        await store.append(replace(append(1, "c2"), after=("t", "c1")))
    with pytest.raises(Conflict):
        await store.append(replace(append(0, "c3", lesson="nowhere"), after=("t", "c1")))
    assert (await store.append(replace(append(1, "c2"), after=("other", "theirs")))).seq == 2


async def test_revocation_keeps_its_first_time(store: Store) -> None:
    await store.add_link(link("a"), fresh="p1")
    assert await store.revoke_link("a", 70)
    assert await store.revoke_link("a", 80)
    assert not await store.revoke_link("nobody", 70)
    assert (await store.link("a")).revoked_at == 70
    many = {f"x{n}" for n in range(1_200)}
    assert await store.revoked(many | {"a"}) == {"a"}


async def test_migrations_make_exactly_the_tables_and_run_once(database: str) -> None:
    engine = make_engine(database)
    await asyncio.gather(migrate(engine), migrate(engine))
    async with engine.connect() as connection:
        found = await connection.run_sync(_shape)
    await engine.dispose()
    assert found == {table.name: {(column.name, column.nullable) for column in table.columns} for table in metadata.sorted_tables}


def _shape(connection) -> dict:
    tables = inspect(connection)
    return {
        name: {(column["name"], column["nullable"]) for column in tables.get_columns(name)}
        for name in tables.get_table_names()
        if name != "alembic_version"
    }


async def test_commands_of_one_moment_share_a_commit(store: Store) -> None:
    from sqlalchemy import event

    commits = []
    event.listen(store.database.engine.sync_engine, "commit", commits.append)
    await asyncio.gather(*(store.append(append(n, f"c{n}")) for n in range(20)))
    assert len(commits) == 1
    assert (await store.standings(["L1"]))["L1"].head == 20


async def test_what_can_wait_is_written_between_commands_and_its_failure_is_its_own(store: Store) -> None:
    said: list[str] = []

    async def note(connection: AsyncConnection) -> None:
        await connection.execute(lesson.update().values(name="noted"))
        said.append("later")

    async def fail(connection: AsyncConnection) -> None:
        await connection.execute(lesson.update().values(name="lost"))
        raise ValueError("no")

    async def command(n: int) -> None:
        await store.append(append(n, f"c{n}"))
        said.append(f"c{n}")

    results = await asyncio.gather(
        store._log.later(note), store._log.later(fail), *(command(n) for n in range(3)), store._log.later(note), return_exceptions=True
    )
    assert [type(result) for result in results] == [type(None), ValueError, *[type(None)] * 4]
    assert said[-1] == "later"
    assert said[:-1] == ["c0", "c1", "c2", "later"] or said[:-1] == ["later", "c0", "c1", "c2"]
    assert [tuple(row) for row in await store.database.read(select(lesson.c.name, lesson.c.head))] == [("noted", 3)]


async def test_closing_writes_what_can_wait_too(database: str) -> None:
    store = await Store.open(database)
    await store.create_lesson("L1", "x", 1)
    await store.append(append(0, "c1", count=9))
    waiting = asyncio.create_task(store.keep_snapshot("L1", 9, "v", b"nine"))
    await asyncio.sleep(0)
    await store.close()
    await waiting
    again = await Store.open(database)
    assert await again.snapshot("L1", "v") == b"nine"
    with pytest.raises(StoreClosed):
        await store.keep_snapshot("L1", 9, "v", b"late")
    await again.close()
