"""Recordings of which films for weak links are to be made: one process has each of them for a while."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.recording import Recording
from server.store.database import Database
from server.store.recordings import RecordingStore
from server.store.tables import recording, recording_cut

_r, _c = recording.c, recording_cut.c
_READY = (_r.state == "ready") & _r.removed.is_(None)


class ThinStore:
    """Their state."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recordings = RecordingStore(database)

    async def claim(self, now: int, until: int) -> Recording | None:
        """The recording that ended first is the caller's until then; also one whose process fell silent."""
        free = _READY & or_(_r.thin == "waiting", (_r.thin == "making") & (_r.thin_lease < now))
        for row in await self._database.read(select(recording).where(free).order_by(_r.ended, _r.id).limit(5)):
            mine = update(recording).where(_READY, _r.id == row.id, _r.thin == row.thin, _r.thin_lease == row.thin_lease)
            if await self._database.execute(mine.values(thin="making", thin_lease=until, thin_tries=row.thin_tries + 1)) == 1:
                return await self._recordings.of_lesson(row.lesson)
        return None

    async def renew(self, held: Recording, until: int) -> Recording | None:
        """Go on for longer; None: it is captured or made again, removed, or another process's."""
        return replace(held, thin_lease=until) if await self._change(held, thin_lease=until) else None

    async def give_back(self, held: Recording) -> None:
        """Somebody else may go on."""
        await self._change(held, thin="waiting", thin_lease=0, thin_tries=held.thin_tries - 1)

    async def again(self, held: Recording, most: int) -> None:
        """It failed, and is tried once more by whoever comes, so many times."""
        await self._change(held, thin="failed" if held.thin_tries >= most else "waiting", thin_lease=0)

    async def finish(self, held: Recording, octets: int) -> bool:
        """All that it needs are there; its cuts get theirs. False: it is not the caller's any more."""

        async def work(connection: AsyncConnection) -> bool:
            values = {"thin": "done", "thin_lease": 0, "thin_tries": 0, "octets": octets}
            if (await connection.execute(_mine(held).values(**values))).rowcount != 1:
                return False
            anew = update(recording_cut).where(_c.recording == held.id, _c.state.in_(("ready", "making")))
            if octets != held.octets:
                await connection.execute(anew.values(state="waiting", lease_until=0, tries=0))
            return True

        return await self._database.write(work)

    async def none(self) -> None:
        """The installation makes none."""
        await self._database.execute(update(recording).where(_r.thin.in_(("waiting", "making"))).values(thin="off", thin_lease=0))

    async def some(self) -> None:
        """It does."""
        await self._database.execute(update(recording).where(_r.thin == "off").values(thin="waiting", thin_tries=0))

    async def _change(self, held: Recording, **values: Any) -> bool:
        return await self._database.execute(_mine(held).values(**values)) == 1


def _mine(held: Recording) -> Any:
    return update(recording).where(_READY, _r.id == held.id, _r.thin == "making", _r.thin_lease == held.thin_lease)
