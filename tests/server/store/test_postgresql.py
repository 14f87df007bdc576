"""What only a database server can do to us: collide, deadlock, refuse, go away and come back."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from server.__main__ import main
from server.domain.events import Envelope, LessonOpened, StageCalled
from server.domain.link import Link
from server.errors import BadRequest
from server.live.messages import parse_message
from server.store import Append, Store, engine, retry
from tests.harness.postgres import Postgres, asyncpg_url
from tests.server.store.writer import once


@pytest.fixture
def name(postgres: Postgres) -> Iterator[str]:
    with postgres.database() as made:
        yield made


@pytest.fixture
def database(postgres: Postgres, name: str) -> str:
    return asyncpg_url(postgres.url(name))


@pytest.fixture
async def stranger(postgres: Postgres, name: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's connection; never the one a deadlock is resolved against."""
    connection = await asyncpg.connect(postgres.url(name))
    await connection.execute("SET deadlock_timeout = '60s'")
    yield connection
    if not connection.is_closed():
        await connection.close(timeout=2)


def append(command_id: str, lesson: str = "L1", head: int = 0, count: int = 1) -> Append:
    events = tuple(Envelope(lesson, head + n, 10, LessonOpened(), "t", None, command_id) for n in range(1, count + 1))
    return Append(lesson, head, "t", command_id, events)


COLLIDE = """
CREATE SEQUENCE tries;
CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '{state}'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER collide BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION collide();
"""


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_collision_is_tried_again(store: Store, postgres: Postgres, name: str, state: str) -> None:
    postgres.sql(name, COLLIDE.format(times=2, state=state, table="command_receipt"))
    await asyncio.gather(store.append(append("c1")), store.append(append("c2", head=1)))
    assert [e.command_id for e in await store.tail("L1", 0)] == ["c1", "c2"]
    assert int(postgres.sql(name, "SELECT last_value FROM tries")) == 4


async def test_links_are_tried_again_as_well(store: Store, postgres: Postgres, name: str) -> None:
    postgres.sql(name, COLLIDE.format(times=3, state="40001", table="link"))
    await store.add_link(Link("a", "L1", "classroom", None, "Room", 5, None), fresh="p1")
    assert len(await store.people("L1")) == len(await store.links("L1")) == 1


async def test_what_collides_for_ever_is_given_up(store: Store, postgres: Postgres, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "SECONDS", 0.3)
    postgres.sql(name, COLLIDE.format(times=10**9, state="40001", table="command_receipt"))
    with pytest.raises(DBAPIError, match="could not serialize"):
        await store.append(append("c1"))
    assert 2 < int(postgres.sql(name, "SELECT last_value FROM tries")) < 10
    postgres.sql(name, "DROP TRIGGER collide ON command_receipt")
    assert (await store.append(append("c1"))).seq == 1


async def test_a_lesson_somebody_holds_is_waited_for_once_and_not_by_the_others(
    store: Store, database: str, stranger: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.create_lesson("L2", "x", 2)
    monkeypatch.setattr(engine, "_LIMITS", engine._LIMITS | {"lock_timeout": "200"})
    hasty = await Store.open(database)
    failures: list[object] = []
    event.listen(
        hasty.database.engine.sync_engine, "handle_error", lambda context: failures.append(context.sqlalchemy_exception.orig.sqlstate)
    )
    async with stranger.transaction():
        await stranger.execute("SELECT 1 FROM lesson WHERE id = 'L2' FOR UPDATE")
        ours = [hasty.append(append(f"c{n}", lesson, n // 2)) for n, lesson in enumerate(("L1", "L2") * 5)]
        done = await asyncio.gather(*ours, return_exceptions=True)
    assert [getattr(one, "seq", None) for one in done[::2]] == [1, 2, 3, 4, 5]
    assert all(isinstance(one, DBAPIError) for one in done[1::2])
    assert failures == ["55P03", "55P03"], "once together, once for the lesson alone"
    await hasty.close()


async def test_a_deadlock_is_tried_again(store: Store, postgres: Postgres, name: str, stranger: asyncpg.Connection) -> None:
    await store.create_lesson("L2", "x", 2)
    postgres.sql(name, f"ALTER DATABASE {name} SET deadlock_timeout = '2s'")  # looked for once, when both wait
    await store.database.engine.dispose()
    failures: list[object] = []
    event.listen(
        store.database.engine.sync_engine, "handle_error", lambda context: failures.append(context.sqlalchemy_exception.orig.sqlstate)
    )
    async with stranger.transaction():
        await stranger.execute("SELECT 1 FROM lesson WHERE id = 'L2' FOR UPDATE")
        ours = asyncio.gather(store.append(append("c1")), store.append(append("c2", lesson="L2")))
        while postgres.sql(name, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "0":
            await asyncio.sleep(0.01)
        await stranger.execute("SELECT 1 FROM lesson WHERE id = 'L1' FOR UPDATE")  # now each waits for the other
    assert [done.seq for done in await ours] == [1, 1]
    assert "40P01" in failures


async def test_a_command_of_no_events_sent_twice_at_once_is_kept_once(store: Store, database: str) -> None:
    other = await Store.open(database)
    for n in range(10):
        one, two = await asyncio.gather(*(s.append(append(f"c{n}", count=0)) for s in (store, other)))
        assert (one.seq, two.seq, {one.repeated, two.repeated}) == (0, 0, {False, True})
    await other.close()


async def test_two_processes_make_links_of_one_name_for_one_participant(store: Store, database: str) -> None:
    other = await Store.open(database)
    made = await asyncio.gather(
        *(s.add_link(Link(f"k{n}", "L1", "classroom", None, "Room", 5, None), fresh=f"p{n}") for n, s in enumerate([store, other] * 5))
    )
    await other.close()
    assert len({link.participant for link in made}) == len(await store.people("L1")) == 1


async def test_after_a_restart_of_the_server_nobody_notices(store: Store, postgres: Postgres) -> None:
    await asyncio.gather(*(store.ping() for _ in range(5)))  # several pooled connections, all about to die
    with postgres.down():
        with pytest.raises(OSError, match="Connect call failed"):
            await store.ping()
        waiting = asyncio.gather(store.append(append("c1")), store.standings(["L1"]))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    done, standings = await waiting
    assert (done.seq, done.repeated) == (1, False)
    assert standings["L1"].head in (0, 1)
    assert all(count == 1 for count in await asyncio.gather(*(_events(store) for _ in range(5))))


async def _events(store: Store) -> int:
    return len(await store.tail("L1", 0))


async def test_a_commit_whose_answer_is_lost_is_not_written_twice(store: Store) -> None:
    """The server ends the connection right after it has committed: for the writer this is no different from one that never arrived."""
    cut = []

    def lose(connection: asyncpg.Connection) -> None:
        if not cut:
            cut.append(True)
            raise ConnectionResetError("cut off after the commit")

    dialect = store.database.engine.sync_engine.dialect
    commit = dialect.do_commit

    def commit_and_lose(connection: asyncpg.Connection) -> None:
        commit(connection)
        lose(connection)

    dialect.do_commit = commit_and_lose  # type: ignore[method-assign]
    first = await store.append(append("c1", count=2))
    assert (first.seq, first.repeated, cut) == (2, True, [True])
    assert await _events(store) == 2


async def test_connections_cut_while_writing_lose_nothing(store: Store, postgres: Postgres, name: str) -> None:
    """An administrator ends every connection, again and again, while four write."""
    writing = [asyncio.create_task(_write(store, f"w{n}")) for n in range(4)]
    cuts = 0
    while not all(task.done() for task in writing) and cuts < 15:
        await asyncio.to_thread(
            postgres.sql, name, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'shuangshi'"
        )
        cuts += 1
    acknowledged = await asyncio.gather(*writing)
    assert cuts > 2
    events = await store.tail("L1", 0)
    assert [e.seq for e in events] == list(range(1, 41))
    assert {(e.actor, e.command_id): e.seq for e in events} == {key: seq for one in acknowledged for key, seq in one.items()}


async def _write(store: Store, name: str) -> dict[tuple[str, str], int]:
    return {(name, f"c{n}"): (await once(store, name, f"c{n}")).seq for n in range(10)}


async def test_words_and_numbers_come_back_as_they_went_in(store: Store) -> None:
    """Chinese beyond the BMP, a NUL inside JSON, milliseconds of the year 9999: whatever the server's time zone."""
    at, odd = 253_402_300_799_999, "𠀀😀'\"\\%\x00"
    called = Envelope("L1", 1, at, StageCalled(participant=odd, position=1), "t" * 64, "字" * 64, "c'1")
    await store.append(Append("L1", 0, "t" * 64, "c'1", (called,)))
    assert await store.tail("L1", 0) == [called]
    link = await store.add_link(Link("k", "L1", "classroom", None, "𠀀" * 200, at, at), fresh="p")
    assert (await store.link("k")) == link
    await store.revoke_link("k", at)
    assert (await store.link("k")).revoked_at == at


async def test_what_postgresql_cannot_keep_is_refused_before_it_gets_there(store: Store) -> None:
    assert await store.find_lesson("L1\0") is None
    for command_id, taken in (("c\n1", True), ("c\x001", False), ("c1\n\x00", False)):
        with contextlib.nullcontext() if taken else pytest.raises(BadRequest):
            parse_message({"type": "command", "id": command_id, "kind": "lesson.open"})


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object) -> object:
    """What the command line says to an address of a database, and how it ends."""

    def tell(url: str) -> tuple[object, str]:
        monkeypatch.setenv("SHUANGSHI_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("SHUANGSHI_DATABASE_URL", url)
        with pytest.raises(SystemExit) as ended:
            main(["lesson", "list"])
        return ended.value.code, capsys.readouterr().err

    return tell


def test_what_is_wrong_with_a_database_is_one_clear_line(told, postgres: Postgres, name: str) -> None:  # type: ignore[no-untyped-def]
    good = postgres.url(name)
    with postgres.database("ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0") as narrow:
        for url, words in (
            (good.replace("p%40ss", "guess"), "password authentication failed"),
            (good + "x", "does not exist"),
            (postgres.url(narrow), "encoding is SQL_ASCII"),
            ("postgresql://school@127.0.0.1:1/x", "Connect call failed"),
        ):
            status, said = told(url)
            assert status == 1
            assert words in said
            assert said.count("\n") == 1, said
            assert "guess" not in said


def test_without_the_driver_the_extra_is_named(told, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    status, said = told("postgresql://school@127.0.0.1/x")
    assert status == 78, "the supervisor does not start it again"
    assert "SHUANGSHI_DATABASE_URL" in said
    assert "shuangshi[postgresql]" in said
