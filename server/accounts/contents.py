"""Erasable personal data: names, numbers, addresses, secrets. Other tables hold the id of a row here, never the text (S20)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.ids import draw
from server.accounts.vault import SALT, Vault, digest
from server.store import Database
from server.store.database import chunks
from server.store.tables import content


@dataclass(frozen=True, slots=True)
class Ref:
    """A row of `content` and the salted hash of its text."""

    id: str
    digest: str


class Contents:
    """Texts of one installation. `now`: UTC ms."""

    def __init__(self, database: Database, vault: Vault, now: Callable[[], int]) -> None:
        self._database = database
        self.vault = vault
        self._now = now

    async def put(self, connection: AsyncConnection, kind: str, owner: str, text: str) -> Ref:
        """Keep a text of `owner` (a person's or student's id; whoever erases the owner erases it)."""
        row, salt = draw(), secrets.token_bytes(SALT)
        await connection.execute(
            insert(content).values(
                id=row,
                kind=kind,
                owner=owner,
                key_id=self.vault.current,
                sealed=self.vault.seal(text, f"{row}/{kind}"),
                salt=salt,
                created=self._now(),
            )
        )
        return Ref(row, digest(salt, text))

    async def texts(self, ids: Collection[str]) -> dict[str, str]:
        """The texts of these rows; erased ones are missing. Raises `Sealed`."""
        found: dict[str, str] = {}
        for chunk in chunks({i for i in ids if i}):
            rows = await self._database.read(select(content).where(content.c.id.in_(chunk)))
            found.update({row.id: self.vault.open(row.key_id, row.sealed, f"{row.id}/{row.kind}") for row in rows})
        return found

    async def erase(self, connection: AsyncConnection, ids: Collection[str]) -> None:
        """Text and salt are gone for good."""
        for chunk in chunks({i for i in ids if i}):
            await connection.execute(delete(content).where(content.c.id.in_(chunk)))

    async def erase_owner(self, connection: AsyncConnection, owner: str) -> None:
        """Everything kept of somebody."""
        await connection.execute(delete(content).where(content.c.owner == owner))

    def blind(self, kind: str, text: str) -> str:
        """The keyed blind index of a number."""
        return self.vault.blind(kind, text)
