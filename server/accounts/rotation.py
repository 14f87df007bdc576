"""Rotation of the keys that seal contents, while web processes run.

1. A new key is added to `data.keys`, whole or not at all.
2. Whoever still seals under the old one is waited for (the lock `keys`); everybody after that reads the new one first.
3. All rows are sealed anew in batches. A process that meets a key it has not seen reads the file again.
4. Old keys may be dropped: under the same lock, and only those that no row uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.contents import KEYS, Contents
from server.accounts.keyfile import KeyFile
from server.accounts.vault import Sealed
from server.store import Database
from server.store.database import lock
from server.store.tables import content, recording_kept

BATCH = 200
"""Rows sealed anew in one transaction: short enough to keep nobody waiting."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """What a pass over all contents did."""

    rows: int
    unopened: int
    """Rows that no key at hand opens; they were left as they are."""
    recordings: int = 0
    """Keys of recordings' files among the rows: the files themselves stay as they are."""


def key_about(recording: str, folder: str) -> str:
    """What the key of a folder's files is sealed as, so that keys cannot be swapped."""
    return f"{recording}/{folder}/key"


class Rotation:
    """`file`: None where the keys come from the settings."""

    def __init__(self, database: Database, contents: Contents, file: KeyFile | None) -> None:
        self._database = database
        self._contents = contents
        self._file = file

    async def reseal(self) -> Resealed:
        """Bring every row under the current key. Rows that are erased meanwhile stay erased."""
        await self._database.write(self._wait)
        rows = unopened = 0
        last = ""
        while True:
            c = content.c
            query = select(content).where(c.key_id != self._contents.vault.current, c.id > last).order_by(c.id).limit(BATCH)
            batch = await self._database.read(query)
            if not batch:
                recordings, bad = await self._recordings()
                return Resealed(rows + recordings, unopened + bad, recordings)
            done, bad = await self._database.write(lambda connection, batch=batch: self._seal(connection, batch))  # type: ignore[misc]
            rows, unopened, last = rows + done, unopened + bad, batch[-1].id

    async def _wait(self, connection: AsyncConnection) -> None:
        await lock(connection, KEYS)
        await self._contents.settle(connection)

    async def _seal(self, connection: AsyncConnection, batch: Any) -> tuple[int, int]:
        vault = await self._contents.settle(connection)
        done = bad = 0
        for row in batch:
            about = f"{row.id}/{row.kind}"
            try:
                text = vault.open(row.key_id, row.sealed, about)
            except Sealed:
                bad += 1
                continue
            same = update(content).where(content.c.id == row.id, content.c.key_id == row.key_id)
            done += (await connection.execute(same.values(key_id=vault.current, sealed=vault.seal(text, about)))).rowcount
        return done, bad

    async def _recordings(self) -> tuple[int, int]:
        done = bad = 0
        last = ("", "")
        c = recording_kept.c
        while True:
            after = (c.recording > last[0]) | ((c.recording == last[0]) & (c.folder > last[1]))
            old = c.key.is_not(None) & (c.key_id != self._contents.vault.current) & after
            query = select(recording_kept).where(old).order_by(c.recording, c.folder).limit(BATCH)
            batch = await self._database.read(query)
            if not batch:
                return done, bad
            more, worse = await self._database.write(lambda connection, batch=batch: self._wrap(connection, batch))  # type: ignore[misc]
            done, bad, last = done + more, bad + worse, (batch[-1].recording, batch[-1].folder)

    async def _wrap(self, connection: AsyncConnection, batch: Any) -> tuple[int, int]:
        vault = await self._contents.settle(connection)
        done = bad = 0
        c = recording_kept.c
        for row in batch:
            about = key_about(row.recording, row.folder)
            try:
                text = vault.open(row.key_id, row.key, about)
            except Sealed:
                bad += 1
                continue
            same = update(recording_kept).where(c.recording == row.recording, c.folder == row.folder, c.key == row.key)
            done += (await connection.execute(same.values(key_id=vault.current, key=vault.seal(text, about)))).rowcount
        return done, bad

    async def drop(self, connection: AsyncConnection) -> list[str]:
        """Drop the keys that no row uses, in the transaction of the act that does it; their ids.

        Where the keys come from the settings nothing is changed: the ids are those that may be taken out there.
        """
        await lock(connection, KEYS)
        vault = await self._contents.settle(connection)
        used = {row.key_id for row in await connection.execute(select(content.c.key_id).distinct())}
        used |= {row.key_id for row in await connection.execute(select(recording_kept.c.key_id).distinct())}
        unused = [key for key in vault.keys if key not in used and key != vault.current]
        return self._file.drop(unused) if self._file else unused
