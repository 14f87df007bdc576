"""A school in tables and the services on it, for tests without a web process. `both_databases` runs them on PostgreSQL too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from server.accounts.acts import Acts
from server.accounts.audit import Audit
from server.accounts.caller import Caller
from server.accounts.contents import Contents
from server.accounts.gate import Gate
from server.accounts.vault import Vault
from server.store import Database, Store
from tests.server import world as worlds
from tests.server.services import Services


class Clock:
    """UTC ms, moved by the test."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


@dataclass
class Office:
    """Two counties (see `tests.server.world`) and what works on them."""

    store: Store
    contents: Contents
    audit: Audit
    acts: Acts
    gate: Gate
    clock: Clock
    world: worlds.World

    @property
    def database(self) -> Database:
        return self.store.database

    async def caller(self, who: str) -> Caller:
        """Somebody of the world, as the gate sees them."""
        caller = await self.gate.caller(self.world.cookies(who), "test")
        assert caller.kind != "nobody", who
        return caller


@pytest.fixture
async def office(database: str) -> AsyncIterator[Office]:
    clock = Clock(worlds.NOW)
    store = await Store.open(database)
    contents = Contents(store.database, Vault({"1": b"k" * 32}, "1", b"i" * 32), clock)
    audit = Audit(contents, b"a" * 32, clock)
    world = await worlds.build(store.database, contents)
    yield Office(store, contents, audit, Acts(store.database, audit), Gate(store.database, clock), clock, world)
    await store.close()


@pytest.fixture
async def process(office: Office) -> Services:
    """The services of one process over the two counties."""
    return Services(office.store, office.clock, office.world)


@pytest.fixture
async def pair(process: Services, database: str) -> AsyncIterator[tuple[Services, Services]]:
    """Two processes on one database."""
    store = await Store.open(database)
    yield process, Services(store, process.clock, process.world)
    await store.close()
