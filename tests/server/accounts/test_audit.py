"""The chain of the audit: written by many at once, and what the verifier finds, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from server.accounts import verify as verifying
from server.accounts.acts import Acts, Target
from server.accounts.audit import Audit, Entry
from server.accounts.caller import Caller, system
from server.accounts.contents import Contents
from server.accounts.gate import Gate
from server.accounts.heads import Head, keep_head, read_heads
from server.accounts.vault import Vault
from server.accounts.verify import Fault, Report, Verifier
from server.accounts.watch import Watch
from server.store import Database, Store
from server.store.database import lock
from server.store.tables import audit, audit_head, content
from tests.harness.postgres import both_databases
from tests.server import world as worlds
from tests.server.conftest import Clock, Office

pytestmark = both_databases
TARGET = Target("org", "x1", "/n/x1/")
KEY = b"a" * 32
CHUNK = 8


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "CHUNK", CHUNK)
    monkeypatch.setattr(verifying, "STRETCH", 3)


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    """Without the two counties: nothing here needs them."""
    clock, store = Clock(worlds.NOW), await Store.open(database)
    contents = Contents(store.database, Vault({"1": b"k" * 32}, "1", b"i" * 32), clock)
    log = Audit(contents, KEY, clock)
    yield Office(store, contents, log, Acts(store.database, log), Gate(store.database, clock), clock, worlds.World())
    await store.close()


async def nothing(_: object) -> None:
    return None


async def write(office: Office, lines: int, details: dict[str, str | int] | None = None) -> None:
    for n in range(lines):
        await office.acts.do(system(f"cli tester{n}"), "org.edit", TARGET, nothing, details=details or {"n": n})


def verifier(office: Office, key: bytes = KEY) -> Verifier:
    return Verifier(office.database, office.contents, key)


async def verify(office: Office, exported: Sequence[Head] = (), key: bytes = KEY) -> Report:
    return await verifier(office, key).verify(exported)


async def head_of(office: Office) -> Head:
    head = await verifier(office).head()
    assert head is not None
    return head


async def test_a_sound_audit_verifies(office: Office) -> None:
    assert await verify(office) == Report(0, 0, 0, 0, 0)
    await write(office, 5, {"ids": "a b,c", "n": 3})
    assert await verify(office, [await head_of(office)]) == Report(5, 5, 5, 0, 1)
    await write(office, CHUNK, {"n": 0})
    report = await verify(office)
    assert (report.ok, report.lines) == (True, CHUNK + 5)


async def edit(office: Office) -> None:
    await office.database.execute(update(audit).where(audit.c.seq == 4).values(details='{"n":9}'))


async def edit_mac(office: Office) -> None:
    await office.database.execute(update(audit).where(audit.c.seq == 4).values(mac="f" * 64))


async def edit_time(office: Office) -> None:
    await office.database.execute(update(audit).where(audit.c.seq == 4).values(at=audit.c.at - 1))


async def remove(office: Office) -> None:
    await office.database.execute(delete(audit).where(audit.c.seq == 4))


async def remove_and_close_up(office: Office) -> None:
    await remove(office)
    for seq in range(5, 11):
        await office.database.execute(update(audit).where(audit.c.seq == seq).values(seq=seq - 1))
    await office.database.execute(update(audit_head).values(seq=9))


async def swap(office: Office) -> None:
    for old, new in ((4, 99), (7, 4), (99, 7)):
        await office.database.execute(update(audit).where(audit.c.seq == old).values(seq=new))


async def move_to_the_end(office: Office) -> None:
    await office.database.execute(update(audit).where(audit.c.seq == 4).values(seq=11))


async def exchange_texts(office: Office) -> None:
    rows = {row.seq: row for row in await office.database.read(select(audit).where(audit.c.seq.in_([4, 5])))}
    for here, there in ((4, 5), (5, 4)):
        await office.database.execute(update(audit).where(audit.c.seq == here).values(details=rows[there].details))


async def forge(office: Office) -> None:
    row = (await office.database.read(select(audit).where(audit.c.seq == 10)))[0]
    await office.database.execute(insert(audit).values(**{**row._mapping, "seq": 11}))
    await office.database.execute(update(audit_head).values(seq=11))


async def forge_beyond_the_head(office: Office) -> None:
    row = (await office.database.read(select(audit).where(audit.c.seq == 10)))[0]
    await office.database.execute(insert(audit).values(**{**row._mapping, "seq": 12}))


async def hide_before_the_first(office: Office) -> None:
    row = (await office.database.read(select(audit).where(audit.c.seq == 10)))[0]
    await office.database.execute(insert(audit).values(**{**row._mapping, "seq": 0}))


async def cut(office: Office) -> None:
    await office.database.execute(delete(audit).where(audit.c.seq > 7))


async def cut_all(office: Office) -> None:
    await office.database.execute(delete(audit))


async def remove_head(office: Office) -> None:
    await office.database.execute(delete(audit_head))


async def change_head(office: Office) -> None:
    await office.database.execute(update(audit_head).values(mac="0" * 64))


async def set_head_back(office: Office) -> None:
    await office.database.execute(update(audit_head).values(seq=9))


async def exchange_origin(office: Office) -> None:
    ref = await office.database.write(lambda c: office.contents.put(c, "origin", "system", "web 198.51.100.1"))
    row = (await office.database.read(select(content).where(content.c.id == ref.id)))[0]
    line = (await office.database.read(select(audit).where(audit.c.seq == 4)))[0]
    own = Vault({"1": b"k" * 32}, "1", b"i" * 32).seal("web 198.51.100.1", f"{line.origin}/origin")
    await office.database.execute(update(content).where(content.c.id == line.origin).values(sealed=own, salt=row.salt))


async def garble_origin(office: Office) -> None:
    line = (await office.database.read(select(audit).where(audit.c.seq == 4)))[0]
    await office.database.execute(update(content).where(content.c.id == line.origin).values(sealed=b"x" * 40))


async def point_elsewhere(office: Office) -> None:
    line = (await office.database.read(select(audit).where(audit.c.seq == 9)))[0]
    await office.database.execute(update(audit).where(audit.c.seq == 4).values(origin=line.origin))


ATTACKS = (
    (edit, Fault(4, "edited")),
    (edit_mac, Fault(4, "edited")),
    (edit_time, Fault(4, "edited")),
    (remove, Fault(4, "missing")),
    (remove_and_close_up, Fault(4, "edited")),
    (swap, Fault(4, "moved")),
    (move_to_the_end, Fault(4, "moved")),
    (exchange_texts, Fault(4, "edited")),
    (forge, Fault(11, "edited")),
    (forge_beyond_the_head, Fault(10, "head")),
    (hide_before_the_first, Fault(0, "edited")),
    (cut, Fault(8, "cut")),
    (cut_all, Fault(1, "cut")),
    (remove_head, Fault(10, "head")),
    (change_head, Fault(10, "head")),
    (set_head_back, Fault(9, "head")),
    (exchange_origin, Fault(4, "origin")),
    (garble_origin, Fault(4, "origin")),
    (point_elsewhere, Fault(4, "edited")),
)


async def test_tampering_is_found(office: Office) -> None:
    for attack, fault in ATTACKS:
        for table in (audit, audit_head, content):
            await office.database.execute(delete(table))
        await write(office, 10)
        assert (await verify(office)).ok
        await attack(office)
        report = await verify(office)
        assert (attack.__name__, report.fault) == (attack.__name__, fault)
        assert not report.ok
        assert report.lines <= fault.seq


async def cut_with_head(office: Office) -> None:
    row = (await office.database.read(select(audit).where(audit.c.seq == 7)))[0]
    await office.database.execute(delete(audit).where(audit.c.seq > 7))
    await office.database.execute(update(audit_head).values(seq=7, mac=row.mac))


async def test_a_tail_cut_off_together_with_its_head_is_found_by_an_exported_head(office: Office) -> None:
    await write(office, 10)
    exported = await head_of(office)
    await cut_with_head(office)
    assert (await verify(office)).ok, "the database alone cannot know"
    assert (await verify(office, [exported])).fault == Fault(8, "cut")
    await write(office, 2)
    assert (await verify(office, [exported])).fault == Fault(10, "cut")
    await write(office, 5)
    assert (await verify(office, [exported])).fault == Fault(10, "rewritten"), "new lines in place of the old ones"


async def test_an_emptied_audit_is_found_by_an_exported_head(office: Office) -> None:
    await write(office, 3)
    exported = await head_of(office)
    await cut_all(office)
    await remove_head(office)
    assert (await verify(office)).ok
    assert (await verify(office, [exported])).fault == Fault(1, "cut")


async def test_a_wrong_key_is_told_from_an_edited_first_line(office: Office) -> None:
    await write(office, 5)
    assert (await verify(office, key=b"b" * 32)).fault == Fault(1, "key")
    await office.database.execute(update(audit).where(audit.c.seq == 1).values(actor="somebody"))
    assert (await verify(office)).fault == Fault(1, "edited")


async def test_the_first_fault_is_named_wherever_it_lies(office: Office) -> None:
    await write(office, CHUNK + 3)
    await office.database.execute(update(audit).where(audit.c.seq == CHUNK + 1).values(act="org.close"))
    await office.database.execute(update(audit).where(audit.c.seq == CHUNK + 3).values(act="org.close"))
    assert (await verify(office)).fault == Fault(CHUNK + 1, "edited")


async def test_after_an_erasure_the_chain_still_verifies(office: Office) -> None:
    await write(office, 3)
    who = Caller("person", "x1.admin", origin="web 203.0.113.7")
    await office.acts.do(who, "room.edit", TARGET, nothing)
    await office.database.write(lambda c: office.contents.put(c, "name", "x1.admin", "张三丰"))
    erased = await office.database.write(lambda c: office.contents.erase_owner(c, "x1.admin"))
    assert erased == 2, "name and address"
    report = await verify(office, [await head_of(office)])
    assert report == Report(4, 4, 3, 1, 1)


async def test_lines_hold_ids_and_codes_only(office: Office) -> None:
    who = Caller("person", "x1.admin", origin="web 203.0.113.7")
    await office.acts.do(who, "room.edit", TARGET, nothing, details={"room": "x1.r1", "seats": 40})
    row = (await office.database.read(select(audit)))[0]
    assert "203.0.113.7" not in str(row._mapping), "where it came from lies in contents"
    assert (await office.contents.texts([row.origin]))[row.origin] == "web 203.0.113.7"
    for details in ({"name": "张三丰"}, {"x": "a" * 201}, {"x": "a\nb"}, {f"k{n}": n for n in range(17)}):
        with pytest.raises(ValueError, match="detail"):
            await office.acts.do(who, "room.edit", TARGET, nothing, details=details)
    with pytest.raises(ValueError, match="act"):
        await office.acts.do(who, "Edit the room", TARGET, nothing)
    assert (await verify(office)).lines == 1, "what was refused left nothing"


# --- writers at once ---------------------------------------------------------------------------------------------------


class Process:
    """A process of its own on the same database."""

    def __init__(self, store: Store) -> None:
        contents = Contents(store.database, Vault({"1": b"k" * 32}, "1", b"i" * 32), Clock(5), lambda: contents.vault)
        self.database = store.database
        self.contents = contents
        self.audit = Audit(contents, KEY, Clock(5))
        self.acts = Acts(store.database, self.audit)


@pytest.fixture
async def two(database: str):
    stores = [await Store.open(database), await Store.open(database)]
    yield [Process(store) for store in stores]
    for store in stores:
        await store.close()


async def test_many_acts_at_once_leave_one_chain_without_gaps(two: list[Process]) -> None:
    async def act(n: int) -> None:
        process = two[n % 2]

        async def work(connection) -> None:
            await process.contents.put(connection, "name", "p", f"{n}")
            if n % 7 == 0:
                raise LookupError("this act fails, and leaves nothing")

        locks = (f"room:{n % 5}", f"room:{n % 4 + 10}")
        await process.acts.do(system(f"cli {n}"), "room.edit", TARGET, work, locks=locks, details={"n": n})

    results = await asyncio.gather(*(act(n) for n in range(60)), return_exceptions=True)
    assert [r for r in results if r is not None and not isinstance(r, LookupError)] == []
    rows = await two[0].database.read(select(audit.c.seq, audit.c.details).order_by(audit.c.seq))
    done = sum(n % 7 != 0 for n in range(60))
    assert [row.seq for row in rows] == list(range(1, done + 1))
    assert len({row.details for row in rows}) == done
    assert (await Verifier(two[1].database, two[1].contents, KEY).verify()).lines == done


async def test_the_head_is_read_after_the_lock(two: list[Process], database: str) -> None:
    """A writer that begins while another holds the lock must build on what that one commits."""
    one, other = two
    written, go_on = asyncio.Event(), asyncio.Event()

    async def slow(connection) -> None:
        await one.audit.append(connection, Entry(system(), "org.edit", "org", "x", "/n/"))
        written.set()
        await go_on.wait()

    async def beginning(connection) -> None:
        await connection.execute(select(audit_head))  # a snapshot of its own, were it not READ COMMITTED
        await other.audit.append(connection, Entry(system(), "org.edit", "org", "x", "/n/"))

    first = asyncio.create_task(one.database.write(slow))
    await written.wait()
    second = asyncio.create_task(other.database.write(beginning))
    done, _ = await asyncio.wait([second], timeout=0.2)
    assert not done, "one writer at a time"
    go_on.set()
    await asyncio.gather(first, second)
    assert (await Verifier(one.database, one.contents, KEY).verify()).lines == 2


async def test_verifying_beside_writers_finds_no_fault(two: list[Process]) -> None:
    stop = asyncio.Event()

    async def write_on() -> int:
        n = 0
        while not stop.is_set():
            await two[0].acts.do(system(), "org.edit", TARGET, nothing)
            n += 1
        return n

    writing = asyncio.create_task(write_on())
    reports = [await Verifier(two[1].database, two[1].contents, KEY).verify() for _ in range(15)]
    stop.set()
    assert await writing > 0
    assert [report.fault for report in reports] == [None] * 15


async def test_the_lock_is_the_audits_own(two: list[Process]) -> None:
    """Whoever holds another lock keeps nobody from the audit, and the reverse (PostgreSQL; SQLite has one writer anyway)."""
    if two[0].database.engine.dialect.name != "postgresql":
        return

    async def hold(connection) -> None:
        await lock(connection, "room:1")
        await two[1].acts.do(system(), "org.edit", TARGET, nothing)

    await asyncio.wait_for(two[0].database.write(hold), 5)


# --- heads and the watch -----------------------------------------------------------------------------------------------


def watch(database: Database, office: Office, folder: Path) -> Watch:
    return Watch(Verifier(database, office.contents, KEY), folder, office.clock)


async def test_the_head_is_exported_at_start_and_each_day(office: Office, tmp_path: Path) -> None:
    day = 24 * 3_600_000
    passed = 0

    async def pause(_: float) -> None:
        nonlocal passed
        passed += 1
        office.clock.now += day // 4
        await write(office, 1)
        if passed == 9:
            await asyncio.Event().wait()

    keeper = Watch(verifier(office), tmp_path, office.clock, pause)
    await write(office, 2)
    keeper.start()
    while passed < 9:
        await asyncio.sleep(0.001)
    await keeper.stop()
    kept = read_heads(tmp_path / "audit-heads.jsonl").heads
    assert [head.date for head in kept] == ["2026-09-21", "2026-09-22", "2026-09-23"]
    assert kept[0].seq == 2
    assert (await verify(office, kept)).ok
    assert keeper.verified is not None
    assert keeper.verified.ok
    assert (tmp_path / "audit-heads.jsonl").stat().st_mode & 0o777 == 0o600


async def test_the_watch_finds_a_cut_tail_by_its_own_file(office: Office, tmp_path: Path) -> None:
    keeper = watch(office.database, office, tmp_path)
    await write(office, 10)
    assert await keeper.once()
    await cut_with_head(office)
    assert await keeper.once()
    verified = keeper.verified
    assert verified is not None
    assert (verified.ok, verified.fault, verified.fault_seq) == (False, "cut", 8)
    assert (await keeper.verify()).fault == Fault(8, "cut"), "the export of the shorter tail does not hide it"


async def test_an_empty_audit_has_no_head_to_export(office: Office, tmp_path: Path) -> None:
    keeper = watch(office.database, office, tmp_path)
    assert await keeper.once()
    assert not (tmp_path / "audit-heads.jsonl").exists()
    assert keeper.verified is not None


async def test_a_watch_that_cannot_write_stops_nobody(office: Office, tmp_path: Path) -> None:
    await write(office, 1)
    assert await watch(office.database, office, tmp_path / "nowhere" / "\0").once() is False


async def test_many_processes_export_at_once(office: Office, tmp_path: Path) -> None:
    await write(office, 1)
    path = tmp_path / "heads"
    head = await head_of(office)
    await asyncio.gather(*(asyncio.to_thread(keep_head, path, Head(f"2026-09-{n:02}", head.seq, head.mac)) for n in range(1, 29)))
    found = read_heads(path)
    assert (len(found.heads), found.unreadable) == (28, 0)


async def test_a_torn_line_hides_no_other(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "heads"
    path.write_bytes(b'{"date":"2026-09-01","seq":1,"mac":"aa"}\n{"date":"2026-')
    assert keep_head(path, Head("2026-09-02", 2, "bb"))
    assert not keep_head(path, Head("2026-09-02", 2, "bb")), "the same head is kept once"
    found = read_heads(path)
    assert ([head.seq for head in found.heads], found.unreadable) == ([1, 2], 1)
    with path.open("ab") as file:
        file.truncate(17 * 1024 * 1024)
    with pytest.raises(OSError, match="too large"):
        read_heads(path)
