"""Keys of folders: drawn once for each, sealed in the tables under the installation's own (`server.accounts.keys`)."""

from __future__ import annotations

import secrets

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.contents import Contents
from server.accounts.rotation import key_about
from server.accounts.vault import Sealed
from server.domain.kept import Kept
from server.replay.stores.stream import KEY, Damaged
from server.store.kept import KeptStore
from server.work.lease import Lost


class Keyring:
    """Of one process."""

    def __init__(self, contents: Contents, table: KeptStore) -> None:
        self._contents = contents
        self._table = table

    async def draw(self, held: Kept) -> bytes:
        """A key for a folder that has none; it is in the tables before anything is sealed under it. Raises `Lost`."""
        key = secrets.token_bytes(KEY)

        async def work(connection: AsyncConnection) -> bool:
            vault = await self._contents.settle(connection)
            sealed = vault.seal(key.hex(), key_about(held.recording, held.folder))
            return await self._table.give_key(connection, held, vault.current, sealed)

        if not await self._table.database.write(work):
            raise Lost
        return key

    def open(self, kept: Kept) -> bytes:
        """The folder's key. Raises `Damaged`."""
        if kept.key is None:
            raise Damaged("it has no key")
        try:
            return bytes.fromhex(self._contents.unseal(kept.key_id, kept.key, key_about(kept.recording, kept.folder)))
        except Sealed as error:
            raise Damaged(f"its key: {error}") from error
