"""The intercom: short words between the teacher and the assistants (S16). Its own stream: never in the log, never in a replay, never on
a public screen; deleted when the lesson is archived.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.contents import Contents
from server.domain.principal import MASTER
from server.domain.seen import Audience
from server.errors import Forbidden, TooMany
from server.store.database import Database, lock
from server.store.tables import intercom

KIND = "intercom"
SHOWN = 100
"""The newest messages a page gets when it opens."""
MOST = 2_000
"""Messages of one lesson."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message."""

    lesson: str
    principal: str
    message: str
    """Chosen by the page, unique for its principal: sent twice, it is said once."""
    at: int
    source: str
    """Participant."""
    target: str
    """Participant; empty: every assistant."""
    text: str

    def reaches(self, who: Audience) -> bool:
        """The master hears all, an assistant what is said by, to, or to all of the rooms."""
        if who.view == "master":
            return True
        return who.view == "staff" and (self.target in ("", who.participant) or self.source == who.participant)

    def shown(self) -> dict[str, Any]:
        """As pages are told it."""
        identity = hashlib.sha256(f"{self.principal}/{self.message}".encode()).hexdigest()[:16]
        return {"id": identity, "at": self.at, "from": self.source, "to": self.target, "text": self.text}


class Intercom:
    """Of all lessons of a process."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._database = database
        self._contents = contents

    async def say(self, said: Said) -> bool:
        """Keep a message; False: it was there already. Raises `TooMany`."""

        async def work(connection: AsyncConnection) -> bool:
            i = intercom.c
            await lock(connection, f"intercom:{said.lesson}")
            known = select(i.at).where(i.lesson == said.lesson, i.principal == said.principal, i.message == said.message)
            if (await connection.execute(known)).first() is not None:
                return False
            count = select(func.count()).select_from(intercom).where(i.lesson == said.lesson)
            if (await connection.execute(count)).scalar_one() >= MOST:
                raise TooMany("intercom")
            text = await self._contents.put(connection, KIND, said.lesson, said.text)
            names = ("lesson", "principal", "message", "at", "source", "target")
            await connection.execute(insert(intercom).values({name: getattr(said, name) for name in names} | {"text": text.id}))
            return True

        return await self._database.write(work)

    async def recent(self, lesson: str, who: Audience) -> list[Said]:
        """The newest messages this audience may hear, oldest first."""
        if who.view not in ("master", "staff"):
            return []
        i = intercom.c
        mine = [] if who.view == "master" else [or_(i.target.in_(("", who.participant)), i.source == who.participant)]
        return await self._read(select(intercom).where(i.lesson == lesson, *mine).order_by(i.at.desc(), i.message).limit(SHOWN))

    async def one(self, lesson: str, principal: str, message: str) -> Said | None:
        """A message another process wrote."""
        i = intercom.c
        found = await self._read(select(intercom).where(i.lesson == lesson, i.principal == principal, i.message == message))
        return found[0] if found else None

    async def erase(self, lesson: str) -> None:
        """The lesson is archived: nothing of it is left."""
        rows = await self._database.read(select(intercom.c.text).where(intercom.c.lesson == lesson))
        if not rows:
            return

        async def work(connection: AsyncConnection) -> None:
            await self._contents.erase(connection, [row.text for row in rows])
            await connection.execute(delete(intercom).where(intercom.c.lesson == lesson))

        await self._database.write(work)

    async def _read(self, query: Any) -> list[Said]:
        rows: Sequence[Any] = await self._database.read(query)
        texts = await self._contents.texts({row.text for row in rows})
        found = [Said(r.lesson, r.principal, r.message, r.at, r.source, r.target, texts.get(r.text, "")) for r in rows]
        return sorted(found, key=lambda said: (said.at, said.message))


def addressed(role: str, participant: str | None, target: str, rooms: Collection[str]) -> tuple[str, str]:
    """Source and target of what somebody says. Raises `Forbidden`: an assistant speaks to the teacher only."""
    if role == "master" and (not target or target in rooms):
        return MASTER, target
    if role == "assistant" and participant and target in ("", MASTER):
        return participant, MASTER
    raise Forbidden("no intercom here")
