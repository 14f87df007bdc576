"""Erasable personal data: names, numbers, addresses, secrets. Other tables hold the id of a row here, never the text (S20).

Whoever seals shares the name `keys` until the commit, so that rotation, which locks it, knows that from then on nobody seals
under a key it means to drop (`server.accounts.rotation`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.ids import draw
from server.accounts.vault import SALT, Sealed, Vault, digest
from server.domain.command import Text
from server.store import Database
from server.store.database import chunks, share
from server.store.tables import content

MANY = 100
"""So many texts at once are opened outside the event loop."""
KEYS = "keys"
"""Name of the lock between those who seal and who drops a key."""


class KeysMissing(OSError):
    """The database holds contents that the keys at hand do not open: they belong to another installation, or were lost."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A row of `content` and the salted hash of its text."""

    id: str
    digest: str


class Contents:
    """Texts of one installation. `now`: UTC ms; `fresh`: the keys as they are now, where they can change while we run."""

    def __init__(self, database: Database, vault: Vault, now: Callable[[], int], fresh: Callable[[], Vault] | None = None) -> None:
        self._database = database
        self.vault = vault
        self._now = now
        self._fresh = fresh
        self._sharing: WeakSet[Any] = WeakSet()

    async def settle(self, connection: AsyncConnection) -> Vault:
        """The keys that this transaction may seal under until its commit."""
        if self._fresh:
            transaction = connection.sync_connection.get_transaction() if connection.sync_connection else None
            if transaction is None or transaction not in self._sharing:
                await share(connection, KEYS)
                self._sharing.add(transaction)
            self.vault = self._fresh()
        return self.vault

    async def put(self, connection: AsyncConnection, kind: str, owner: str, text: str) -> Ref:
        """Keep a text of `owner` (a person's or student's id; whoever erases the owner erases it)."""
        return (await self.put_many(connection, kind, [(owner, text)]))[0]

    async def put_many(self, connection: AsyncConnection, kind: str, texts: Sequence[tuple[str, str]]) -> list[Ref]:
        """Keep texts of one kind, each with its owner, in one statement; in their order."""
        if not texts:
            return []
        vault, now = await self.settle(connection), self._now()
        rows, refs = [], []
        for owner, text in texts:
            row, salt = draw(), secrets.token_bytes(SALT)
            sealed = vault.seal(text, f"{row}/{kind}")
            rows.append({"id": row, "kind": kind, "owner": owner, "key_id": vault.current, "sealed": sealed, "salt": salt, "created": now})
            refs.append(Ref(row, digest(salt, text)))
        await connection.execute(insert(content), rows)
        return refs

    async def put_known(self, connection: AsyncConnection, kind: str, texts: Sequence[tuple[Text, str]]) -> None:
        """Keep texts of a lesson's log under the ids and salts that its events were made with, each with its owner."""
        if not texts:
            return
        vault, now = await self.settle(connection), self._now()
        rows = [
            {
                "id": text.ref.id,
                "kind": kind,
                "owner": owner,
                "key_id": vault.current,
                "sealed": vault.seal(text.value, f"{text.ref.id}/{kind}"),
                "salt": text.salt,
                "created": now,
            }
            for text, owner in texts
        ]
        await connection.execute(insert(content), rows)

    async def texts(self, ids: Collection[str], connection: AsyncConnection | None = None) -> dict[str, str]:
        """The texts of these rows, also those of a transaction that is not over; erased ones are missing (`text_of`). Raises `Sealed`."""
        rows = await self._rows(ids, connection)
        if len(rows) < MANY:
            return self._opened(rows)
        return await asyncio.to_thread(self._opened, rows)

    def _opened(self, rows: Sequence[Any]) -> dict[str, str]:
        return {row.id: self._open(row) for row in rows}

    async def digests(self, ids: Collection[str]) -> Mapping[str, str | None]:
        """The salted hashes of the rows that are still there; None for one that cannot be opened."""
        found: dict[str, str | None] = {}
        for row in await self._rows(ids):
            try:
                found[row.id] = digest(row.salt, self._open(row))
            except Sealed:
                found[row.id] = None
        return found

    async def check(self) -> None:
        """Every key that rows are sealed under is here and opens them; raises `KeysMissing`."""
        for known in await self._database.read(select(content.c.key_id).distinct()):
            row = await self._database.one(select(content).where(content.c.key_id == known.key_id).limit(1))
            try:
                if row is not None:
                    self._open(row)
            except Sealed as error:
                raise KeysMissing(
                    f"data keys: the database holds contents sealed under key {known.key_id}, which is not the one here ({error}); "
                    "bring back the data.keys or SHUANGSHI_DATA_KEYS that belong to it"
                ) from error

    async def erase(self, connection: AsyncConnection, ids: Collection[str]) -> None:
        """Text and salt are gone for good."""
        for chunk in chunks({i for i in ids if i}):
            await connection.execute(delete(content).where(content.c.id.in_(chunk)))

    async def erase_owner(self, connection: AsyncConnection, owner: str) -> int:
        """Everything kept of somebody, the addresses in the audit too; how many texts that were."""
        return int((await connection.execute(delete(content).where(content.c.owner == owner))).rowcount)

    def blind(self, kind: str, text: str) -> str:
        """The keyed blind index of a number."""
        return self.vault.blind(kind, text)

    async def _rows(self, ids: Collection[str], connection: AsyncConnection | None = None) -> list[Any]:
        found: list[Any] = []
        for chunk in chunks({i for i in ids if i}):
            query = select(content).where(content.c.id.in_(chunk))
            found += (await connection.execute(query)).all() if connection else await self._database.read(query)
        return found

    def _open(self, row: Any) -> str:
        return self.unseal(row.key_id, row.sealed, f"{row.id}/{row.kind}")

    def unseal(self, key_id: str, sealed: bytes, about: str) -> str:
        """What was sealed under one of the installation's keys. Raises `Sealed`."""
        if key_id not in self.vault.keys and self._fresh:
            self.vault = self._fresh()  # somebody rotated meanwhile
        return self.vault.open(key_id, sealed, about)


def text_of(texts: Mapping[str, str], row: str | None) -> str | None:
    """The text of a row for a page; None: it was erased, and the page says so (`parts/erased.html`)."""
    return texts.get(row) if row else None
