"""Contents on both databases: sealing, erasing, rotation beside running writers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from server.accounts.acts import Acts, Target
from server.accounts.audit import Audit
from server.accounts.caller import system
from server.accounts.contents import Contents, KeysMissing, text_of
from server.accounts.erasure import erase
from server.accounts.keyfile import KeyFile
from server.accounts.rotation import BATCH, Rotation
from server.accounts.vault import Sealed, Vault
from server.store import Store
from server.store.audit import AuditLines, Wanted
from server.store.tables import content
from tests.harness.postgres import both_databases
from tests.server.conftest import Clock, Office

pytestmark = both_databases


class Process:
    """One process of an installation: own connections, own idea of the keys."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.file = KeyFile(folder / "data.keys", b"i" * 32)
        self.clock = Clock(1_000)
        self.contents = Contents(store.database, self.file.vault(), self.clock, self.file.vault)
        self.audit = Audit(self.contents, b"a" * 32, self.clock)
        self.acts = Acts(store.database, self.audit)

    async def put(self, text: str, owner: str = "p1") -> str:
        return (await self.store.database.write(lambda c: self.contents.put(c, "name", owner, text))).id

    async def keys_in_use(self) -> dict[str, int]:
        query = select(content.c.key_id, func.count()).group_by(content.c.key_id)
        return {row[0]: row[1] for row in await self.store.database.read(query)}

    async def drop(self) -> list[str]:
        return await self.store.database.write(Rotation(self.store.database, self.contents, self.file).drop)

    async def reseal(self):
        return await Rotation(self.store.database, self.contents, self.file).reseal()


@pytest.fixture
async def processes(database: str, tmp_path: Path):
    stores = [await Store.open(database), await Store.open(database)]
    yield [Process(store, tmp_path) for store in stores]
    for store in stores:
        await store.close()


async def test_texts_are_sealed_and_come_back(office: Office) -> None:
    refs = await office.database.write(lambda c: office.contents.put_many(c, "name", [("p1", "张三丰"), ("p2", "Anna")]))
    assert await office.contents.texts([refs[0].id, refs[1].id, "", "unknown"]) == {refs[0].id: "张三丰", refs[1].id: "Anna"}
    rows = await office.database.read(select(content).where(content.c.id.in_([ref.id for ref in refs])))
    assert not any("张三丰".encode() in row.sealed for row in rows)
    assert await office.contents.digests([ref.id for ref in refs]) == {ref.id: ref.digest for ref in refs}
    assert await office.database.write(lambda c: office.contents.put_many(c, "name", [])) == []


async def test_erased_texts_are_missing_and_pages_can_say_so(office: Office) -> None:
    kept, gone = [await office.database.write(lambda c, o=o: office.contents.put(c, "name", o, "王五")) for o in ("p8", "p9")]
    more = await office.database.write(lambda c: office.contents.put(c, "number", "p9", "007"))
    assert await office.database.write(lambda c: office.contents.erase_owner(c, "p9")) == 2
    texts = await office.contents.texts([kept.id, gone.id, more.id])
    assert texts == {kept.id: "王五"}
    assert (text_of(texts, kept.id), text_of(texts, gone.id), text_of(texts, None)) == ("王五", None, None)
    rows = await office.database.read(select(content).where(content.c.owner == "p9"))
    assert rows == [], "the salt is gone with the text"


async def test_an_erasure_is_an_act_of_its_own(office: Office) -> None:
    ref = await office.database.write(lambda c: office.contents.put(c, "name", "p9", "王五"))
    rows = await erase(office.acts, office.contents, system("cli tester"), Target("content", "p9", "/n/"))
    assert rows == 1
    assert await office.contents.texts([ref.id]) == {}
    line = (await AuditLines(office.database).lines(("/n/",), Wanted(act="content.erase")))[0]
    assert (line.target, line.details, line.actor_kind) == ("p9", '{"rows":1}', "system")


async def test_an_altered_row_is_not_opened(office: Office) -> None:
    one, two = [await office.database.write(lambda c, t=t: office.contents.put(c, "name", "p", t)) for t in ("甲", "乙")]
    row = await office.database.one(select(content).where(content.c.id == two.id))
    assert row is not None
    await office.database.execute(update(content).where(content.c.id == one.id).values(sealed=row.sealed))
    with pytest.raises(Sealed, match="altered"):
        await office.contents.texts([one.id])
    assert await office.contents.digests([one.id, two.id]) == {one.id: None, two.id: two.digest}


async def test_a_database_with_other_keys_is_refused_at_the_start(processes: list[Process], tmp_path: Path) -> None:
    here, _ = processes
    await here.contents.check()
    await here.put("甲")
    await here.contents.check()
    for stranger in (Vault({"other": b"x" * 32}, "other", b"i" * 32), Vault({here.contents.vault.current: b"x" * 32}, "1", b"i" * 32)):
        with pytest.raises(KeysMissing, match=here.contents.vault.current):
            await Contents(here.store.database, stranger, Clock(0)).check()


async def test_a_running_process_follows_a_rotation(processes: list[Process]) -> None:
    running, admin = processes
    old = running.contents.vault.current
    rows = [await running.put(f"名字{n}") for n in range(5)]
    new = admin.file.add()
    later = await admin.put("新人")
    assert (await running.contents.texts([later]))[later] == "新人", "an unknown key is looked up in the file"
    assert (await admin.reseal()).rows == 5
    assert await running.keys_in_use() == {new: 6}
    assert await admin.drop() == [old]
    assert await running.contents.texts(rows) == {row: f"名字{n}" for n, row in enumerate(rows)}
    await running.put("又一个")
    assert await running.keys_in_use() == {new: 7}, "nobody seals under a dropped key"


async def test_a_key_that_a_row_uses_is_never_dropped(processes: list[Process]) -> None:
    running, admin = processes
    await running.put("甲")
    old = running.contents.vault.current
    admin.file.add()
    assert await admin.drop() == []
    assert old in admin.file.vault().keys


async def test_dropping_waits_for_whoever_seals(processes: list[Process]) -> None:
    """A row sealed under the old key, not yet committed, when the key is to be dropped."""
    running, admin = processes
    sealed, go_on = asyncio.Event(), asyncio.Event()
    old = running.contents.vault.current

    async def slow(connection) -> str:
        ref = await running.contents.put(connection, "name", "p1", "慢慢来")
        sealed.set()
        await go_on.wait()
        return ref.id

    writing = asyncio.create_task(running.store.database.write(slow))
    await sealed.wait()
    admin.file.add()
    dropping = asyncio.create_task(admin.drop())
    done, _ = await asyncio.wait([dropping], timeout=0.2)
    assert not done, "it must wait"
    go_on.set()
    row = await writing
    assert await dropping == []
    assert old in admin.file.vault().keys
    assert (await admin.contents.texts([row]))[row] == "慢慢来"


async def test_rotation_beside_writers_and_erasers_loses_nothing(processes: list[Process]) -> None:
    running, admin = processes
    kept: dict[str, str] = {}
    many = await running.store.database.write(
        lambda c: running.contents.put_many(c, "name", [(f"o{n}", f"学生{n}") for n in range(BATCH + 50)])
    )
    kept.update({ref.id: f"学生{n}" for n, ref in enumerate(many)})
    old = running.contents.vault.current

    async def write() -> None:
        for n in range(20):
            kept[await running.put(f"新{n}")] = f"新{n}"

    async def forget() -> None:
        for n in range(0, 40, 2):
            await running.store.database.write(lambda c, n=n: running.contents.erase_owner(c, f"o{n}"))
            del kept[many[n].id]

    async def rotate() -> None:
        for _ in range(2):
            admin.file.add()
            assert (await admin.reseal()).unopened == 0
            await admin.drop()

    await asyncio.gather(write(), forget(), rotate())
    assert await running.contents.texts(list(kept)) == kept
    assert await running.contents.texts([many[0].id]) == {}, "what was erased stays erased"
    assert old not in admin.file.vault().keys
    assert set(await running.keys_in_use()) == {admin.file.vault().current}


async def test_rows_nobody_can_open_are_counted_and_left(processes: list[Process]) -> None:
    running, admin = processes
    row = await running.put("甲")
    await running.put("乙")
    await running.store.database.execute(update(content).where(content.c.id == row).values(sealed=b"x" * 40))
    old = running.contents.vault.current
    admin.file.add()
    done = await admin.reseal()
    assert (done.rows, done.unopened) == (1, 1)
    assert await admin.drop() == []
    assert old in admin.file.vault().keys


async def test_keys_from_settings_are_only_named(office: Office) -> None:
    two = Vault({"1": b"k" * 32, "2": b"l" * 32}, "2", b"i" * 32)
    contents = Contents(office.database, two, office.clock)
    rotation = Rotation(office.database, contents, None)
    assert await office.database.write(rotation.drop) == []
    assert (await rotation.reseal()).rows > 50
    assert await office.database.write(rotation.drop) == ["1"]
    assert (await contents.texts([row.id for row in await office.database.read(select(content.c.id).limit(3))])) != {}
