"""The services of one process over the tests' two counties; a second process is a second store on the same database."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from server.accounts.acts import Acts
from server.accounts.audit import Audit
from server.accounts.caller import Caller
from server.accounts.contents import Contents
from server.accounts.devices import Devices
from server.accounts.gate import Gate
from server.accounts.logins import Logins
from server.accounts.office import Office
from server.accounts.passwords import Passwords
from server.accounts.people import People
from server.accounts.sessions import Sessions
from server.accounts.vault import Vault
from server.replay.files import Files
from server.replay.stores.keyring import Keyring
from server.replay.stores.s3 import Store as S3Store
from server.store import Store
from server.store import tables as t
from server.store.kept import KeptStore
from tests.server.world import World

ZONE = ZoneInfo("Asia/Shanghai")
PASSWORD = "a long enough word"
QUICK = Passwords(time_cost=1, memory_kib=8)
"""Real Argon2id, and cheap."""


@dataclass
class Services:
    """One process."""

    store: Store
    clock: Any
    world: World
    office: Office = field(init=False)

    def __post_init__(self) -> None:
        database = self.store.database
        contents = Contents(database, Vault({"1": b"k" * 32}, "1", b"i" * 32), self.clock)
        acts = Acts(database, Audit(contents, b"a" * 32, self.clock))
        self.office = Office(database, acts, contents, self.clock)
        self.sessions = Sessions(database, self.clock)
        self.logins = Logins(database, acts, contents, self.sessions, self.clock)
        self.logins.passwords = QUICK
        self.people = People(self.office, self.sessions, self.clock)
        self.devices = Devices(self.office)
        self.gate = Gate(database, self.clock)

    def files(self, data: Path, store: S3Store | None = None) -> Files:
        """Playable files of recordings, as this process reads and keeps them."""
        table = KeptStore(self.store.database)
        return Files(data, table, Keyring(self.office.contents, table), store)

    async def caller(self, who: str) -> Caller:
        """Somebody of the world, as the gate sees them."""
        caller = await self.gate.caller(self.world.cookies(who), "test")
        assert caller.kind != "nobody", who
        return caller

    async def acts(self) -> list[str]:
        """What the audit tells, oldest first."""
        return [row.act for row in await self.store.database.read(select(t.audit.c.act).order_by(t.audit.c.seq))]

    async def line(self) -> Any:
        """The last line of the audit."""
        return (await self.store.database.read(select(t.audit).order_by(t.audit.c.seq.desc()).limit(1)))[0]

    async def password(self, person: str, text: str = PASSWORD) -> None:
        """Somebody of the world gets one."""
        kept = await QUICK.hash(text)
        await self.store.database.execute(update(t.person).where(t.person.c.id == person).values(password_hash=kept))

    async def role(self, person: str, role: str, org: str, begin: int = 0, end: int | None = None) -> str:
        """A dated role more; its id."""
        row = {"id": f"a.{person}.{role}.{org}", "person": person, "role": role, "org": org, "valid_from": begin, "valid_until": end}
        await self.store.database.execute(insert(t.assignment).values(**row, granted_by="test", created=0))
        return str(row["id"])
