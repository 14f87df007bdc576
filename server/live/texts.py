"""What people wrote in a lesson: sealed beside the log, opened for projections (S20)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.contents import Contents
from server.domain.command import Text

KIND = "lesson"


class Texts:
    """Texts of all lessons of a process."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    async def keep(self, connection: AsyncConnection, lesson: str, texts: Sequence[Text]) -> None:
        """Write them in the transaction of their events."""
        await self._contents.put_known(connection, KIND, [(text, text.owner or lesson) for text in texts])

    async def read(self, ids: Collection[str], connection: AsyncConnection | None = None) -> dict[str, str]:
        """The texts that are still there, also those that a transaction has just written."""
        return await self._contents.texts(ids, connection) if ids else {}
