"""Cuts of recordings: which ones resources need, which there are, who makes one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.recording import Cut
from server.domain.resource import Span
from server.store.database import Database
from server.store.tables import recording, recording_cut, resource, resource_version

_c, _r, _s, _v = recording_cut.c, recording.c, resource.c, resource_version.c
_NEEDS = (_v.resource == _s.id) & or_(_v.n == _s.live, (_v.n == _s.draft) & (_v.state == "submitted"))
"""Versions that are public, and those that wait for it."""
_OF = and_(_r.lesson == _s.lesson, _c.recording == _r.id, _c.begin_ms == _v.begin_ms, _c.end_ms == _v.end_ms)
_READY = (_r.state == "ready") & _r.removed.is_(None)
SPAN_LIMIT = 200
"""Cuts that are looked at in one step."""


def playable() -> ColumnElement[bool]:
    """Of a row of `resource` and one of `resource_version`: whether what others see of it is cut."""
    return select(_c.recording).where(_OF, _c.made.is_not(None), _c.state != "going").correlate(resource, resource_version).exists()


class CutStore:
    """Everything about cuts in the tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, recording_id: str, span: Span) -> Cut | None:
        """A cut, made or not."""
        row = await self._database.one(select(recording_cut).where(_is(recording_id, span.begin_ms, span.end_ms)))
        return _cut(row) if row else None

    # --- which there should be ---------------------------------------------------------------------------------------

    async def want(self) -> None:
        """What a resource needs and nobody asked for yet waits to be made."""
        wanted = select(_r.id, _v.begin_ms, _v.end_ms).select_from(
            resource.join(resource_version, _NEEDS).join(recording, _r.lesson == _s.lesson)
        )
        known = exists().where(_c.recording == _r.id, _c.begin_ms == _v.begin_ms, _c.end_ms == _v.end_ms)
        for row in await self._database.read(wanted.where(_READY, ~known).distinct().limit(SPAN_LIMIT)):
            new = insert(recording_cut).values(recording=row.id, begin_ms=row.begin_ms, end_ms=row.end_ms)
            try:
                await self._database.execute(new)
            except IntegrityError:
                continue  # another process was faster

    async def unwanted(self) -> list[Cut]:
        """Those that no version needs, from now on `going`; also what a process that died left so."""
        needed = exists().select_from(resource.join(resource_version, _NEEDS).join(recording, _r.lesson == _s.lesson)).where(_OF)
        no_more = ~needed.correlate(recording_cut)
        free = (_c.state == "going") | no_more
        found = []
        for row in await self._database.read(select(recording_cut).where(free).limit(SPAN_LIMIT)):
            here = _is(row.recording, row.begin_ms, row.end_ms)
            if await self._database.execute(update(recording_cut).where(here, free).values(state="going", lease_until=0)):
                found.append(replace(_cut(row), state="going"))
        return found

    async def forget(self, gone: Cut) -> None:
        """Its files are gone, too."""
        await self._database.execute(delete(recording_cut).where(_is(gone.recording, gone.begin_ms, gone.end_ms), _c.state == "going"))

    # --- making one --------------------------------------------------------------------------------------------------

    async def claim(self, now: int, until: int) -> Cut | None:
        """One that waits is the caller's until then, one that nobody can play yet first; also one whose process fell silent."""
        free = or_(_c.state == "waiting", (_c.state == "making") & (_c.lease_until < now))
        query: Select[Any] = select(recording_cut).join(recording, _r.id == _c.recording).where(_READY, free)
        for row in await self._database.read(query.order_by(_c.made.is_not(None), _c.recording, _c.begin_ms, _c.end_ms).limit(5)):
            mine = update(recording_cut).where(_is(row.recording, row.begin_ms, row.end_ms), _c.state == row.state)
            values = {"state": "making", "lease_until": until, "tries": row.tries + 1}
            if await self._database.execute(mine.where(_c.lease_until == row.lease_until).values(**values)) == 1:
                return replace(_cut(row), state="making", lease_until=until, tries=row.tries + 1)
        return None

    async def renew(self, held: Cut, until: int) -> Cut | None:
        """Go on for longer; None: nobody needs it, its recording is made anew or removed, or another process has it."""
        ready = select(_r.id).where(_r.id == _c.recording, _READY).correlate(recording_cut).exists()
        done = await self._database.execute(update(recording_cut).where(_held(held), ready).values(lease_until=until))
        return replace(held, lease_until=until) if done == 1 else None

    async def give_back(self, held: Cut) -> None:
        """Somebody else may make it."""
        await self._change(held, state="waiting", lease_until=0, tries=held.tries - 1)

    async def again(self, held: Cut, most: int) -> None:
        """It failed, and is tried once more by whoever comes, so many times."""
        await self._change(held, state="failed" if held.tries >= most else "waiting", lease_until=0)

    async def finish(self, held: Cut, now: int) -> bool:
        """It is there; False: it is not the caller's any more."""
        return await self._change(held, state="ready", lease_until=0, tries=0, made=now)

    async def _change(self, held: Cut, **values: Any) -> bool:
        return await self._database.execute(update(recording_cut).where(_held(held)).values(**values)) == 1


async def try_again(connection: AsyncConnection, lesson: str, span: Span) -> bool:
    """One of the lesson's recording that failed waits once more; False: it did not fail."""
    mine = _c.recording.in_(select(_r.id).where(_r.lesson == lesson))
    failed = update(recording_cut).where(mine, _c.begin_ms == span.begin_ms, _c.end_ms == span.end_ms, _c.state == "failed")
    return (await connection.execute(failed.values(state="waiting", tries=0))).rowcount == 1


def _is(recording_id: str, begin: int, end: int) -> ColumnElement[bool]:
    return and_(_c.recording == recording_id, _c.begin_ms == begin, _c.end_ms == end)


def _held(held: Cut) -> ColumnElement[bool]:
    return and_(_is(held.recording, held.begin_ms, held.end_ms), _c.state == "making", _c.lease_until == held.lease_until)


def _cut(row: Any) -> Cut:
    return Cut(row.recording, row.begin_ms, row.end_ms, row.state, row.lease_until, row.tries, row.made)
