"""Recordings: what is to be made playable, what there is, who watched it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.recording import Recording, State, Viewing
from server.store.database import Database, chunks
from server.store.tables import lesson, org, recording, recording_cut, recording_view, resource

_r, _v = recording.c, recording_view.c
_PUBLIC = select(resource.c.id).where(resource.c.lesson == _r.lesson, resource.c.state == "published").correlate(recording).exists()
"""A resource of the library plays it."""
AGAIN_MS = 30 * 60_000
"""Whoever opens a replay again within it watches it still."""


class RecordingStore:
    """Everything about recordings in the tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_lesson(self, lesson_id: str) -> Recording | None:
        """The lesson's recording."""
        row = await self._database.one(select(recording).where(_r.lesson == lesson_id))
        return _recording(row) if row else None

    async def get(self, recording_id: str) -> Recording | None:
        """The recording of this id."""
        row = await self._database.one(select(recording).where(_r.id == recording_id))
        return _recording(row) if row else None

    async def of_lessons(self, lessons: Collection[str]) -> dict[str, Recording]:
        """Lesson → its recording, where there is one."""
        found = {}
        for chunk in chunks(lessons):
            for row in await self._database.read(select(recording).where(_r.lesson.in_(chunk))):
                found[row.lesson] = _recording(row)
        return found

    async def many(self, ids: Collection[str]) -> dict[str, Recording]:
        """Recordings by their ids."""
        found = {}
        for chunk in chunks(ids):
            for row in await self._database.read(select(recording).where(_r.id.in_(chunk))):
                found[row.id] = _recording(row)
        return found

    async def under(self, paths: Sequence[str], before: tuple[int, str] | None, limit: int) -> list[Recording]:
        """Recordings of lessons of these organisations and those under them, the latest first; `before`: the last one's `begun` and id."""
        mine = or_(*(org.c.path.startswith(path, autoescape=True) for path in paths))
        query = select(recording).join(lesson, lesson.c.id == _r.lesson).join(org, org.c.id == lesson.c.org).where(mine)
        if before is not None:
            query = query.where(or_(_r.begun < before[0], (_r.begun == before[0]) & (_r.id < before[1])))
        rows = await self._database.read(query.order_by(_r.begun.desc(), _r.id.desc()).limit(limit))
        return [_recording(row) for row in rows]

    async def every(self, limit: int) -> list[tuple[Recording, str]]:
        """All there are, whosever they are, the latest first, each with its lesson's name."""
        query = select(recording, lesson.c.name).join(lesson, lesson.c.id == _r.lesson).order_by(_r.begun.desc(), _r.id.desc())
        return [(_recording(row), row.name) for row in await self._database.read(query.limit(limit))]

    # --- making it playable ------------------------------------------------------------------------------------------

    async def claim(self, now: int, until: int, ended_before: int) -> Recording | None:
        """The recording that ended first is the caller's to make until `until`; also one whose maker fell silent. Each claim counts as a try,
        whatever becomes of the caller.
        """
        waits = (_r.state == "ended") & (_r.ended < ended_before) & (_r.lease_until <= now)
        free = or_(waits, (_r.state == "making") & (_r.lease_until < now))
        for row in await self._database.read(select(recording).where(free, _r.removed.is_(None)).order_by(_r.ended, _r.id).limit(5)):
            mine = update(recording).where(_r.id == row.id, _r.state == row.state, _r.lease_until == row.lease_until)
            if await self._database.execute(mine.values(state="making", lease_until=until, tries=row.tries + 1)) == 1:
                return await self.of_lesson(row.lesson)
        return None

    async def renew(self, held: Recording, until: int) -> Recording | None:
        """Go on for longer; None: it goes on being captured, or another process has it."""
        return replace(held, lease_until=until) if await self._change(held, lease_until=until) else None

    async def give_back(self, held: Recording) -> None:
        """Somebody else may make it."""
        await self._change(held, state="ended", lease_until=0, tries=held.tries - 1)

    async def again(self, held: Recording, after: int) -> None:
        """It failed, and is tried once more by whoever comes after that moment, UTC ms."""
        await self._change(held, state="ended", lease_until=after)

    async def fail(self, held: Recording, error: str) -> None:
        """It cannot be made."""
        await self._change(held, state="failed", lease_until=0, error=error)

    async def finish(self, held: Recording, *, octets: int, duration_ms: int, missing_ms: int, keep_until: int | None) -> bool:
        """It is playable, or empty; False: another process has it."""
        state = "ready" if octets else "empty"
        kept = keep_until if held.keep_until is None else held.keep_until
        values: dict[str, Any] = {"octets": octets, "duration_ms": duration_ms, "missing_ms": missing_ms, "keep_until": kept}
        values |= {"thin": "waiting", "thin_lease": 0, "thin_tries": 0}
        return await self._change(held, state=state, lease_until=0, tries=0, error="", **values)

    async def _change(self, held: Recording, **values: Any) -> bool:
        mine = (_r.id == held.id) & (_r.state == "making") & (_r.lease_until == held.lease_until)
        return await self._database.execute(update(recording).where(mine).values(**values)) == 1

    # --- keeping it --------------------------------------------------------------------------------------------------

    async def expired(self, now: int, limit: int = 50) -> list[Recording]:
        """Those kept long enough; not what the library shows."""
        over = (_r.keep_until < now) & _r.removed.is_(None) & _r.state.in_(("ready", "failed", "empty")) & ~_PUBLIC
        return [_recording(row) for row in await self._database.read(select(recording).where(over).order_by(_r.keep_until).limit(limit))]

    # --- who watched -------------------------------------------------------------------------------------------------

    async def watched(self, recording_id: str, person: str, position_ms: int, now: int) -> None:
        """Somebody watches, and is there."""
        mine = (_v.recording == recording_id) & (_v.person == person)

        async def work(connection: AsyncConnection) -> None:
            row = (await connection.execute(select(recording_view).where(mine))).first()
            if row is None:
                first = {"recording": recording_id, "person": person, "first_at": now, "last_at": now, "position_ms": position_ms}
                await connection.execute(insert(recording_view).values(**first))
                return
            times = row.times + (now - row.last_at > AGAIN_MS)
            await connection.execute(update(recording_view).where(mine).values(last_at=now, position_ms=position_ms, times=times))

        try:
            await self._database.write(work)
        except IntegrityError:  # from two windows at once, the first time
            await self._database.write(work)

    async def viewing(self, recording_id: str, person: str) -> Viewing | None:
        """What one person watched of it."""
        row = await self._database.one(select(recording_view).where(_v.recording == recording_id, _v.person == person))
        return _viewing(row) if row else None

    async def viewers(self, recording_id: str, limit: int = 500) -> list[Viewing]:
        """Everybody who watched, the latest first."""
        query = select(recording_view).where(_v.recording == recording_id).order_by(_v.last_at.desc(), _v.person).limit(limit)
        return [_viewing(row) for row in await self._database.read(query)]


async def keep(connection: AsyncConnection, recording_id: str, until: int | None) -> None:
    """Keep its files until then; None: for good."""
    await connection.execute(update(recording).where(_r.id == recording_id).values(keep_until=until))


async def forget_viewer(connection: AsyncConnection, person: str) -> None:
    """What they watched is nobody's business any more."""
    await connection.execute(delete(recording_view).where(_v.person == person))


async def make_again(connection: AsyncConnection, recording_id: str, seen: State = "failed") -> bool:
    """Let one be tried again that failed, or is as it was `seen`; False: it is not."""
    there = (_r.id == recording_id) & (_r.state == seen) & _r.removed.is_(None)
    return (await connection.execute(update(recording).where(there).values(state="ended", lease_until=0, tries=0, error=""))).rowcount == 1


async def remove(connection: AsyncConnection, recording_id: str, now: int) -> bool:
    """Its files go; False: they are gone, it is still captured or made, or the library plays it."""
    await _hold(connection, _r.id == recording_id)
    done = (_r.id == recording_id) & _r.removed.is_(None) & _r.state.in_(("ready", "failed", "empty")) & ~_PUBLIC
    if (await connection.execute(update(recording).where(done).values(removed=now, octets=0))).rowcount != 1:
        return False
    await connection.execute(delete(recording_cut).where(recording_cut.c.recording == recording_id))
    return True


async def hold_playable(connection: AsyncConnection, lesson_id: str) -> bool:
    """Whether the lesson's recording can be played, and stays so up to the commit: nobody removes it or records more meanwhile."""
    row = await _hold(connection, _r.lesson == lesson_id)
    return row is not None and _recording(row).playable


async def _hold(connection: AsyncConnection, which: ColumnElement[bool]) -> Any:
    """The row, locked. A statement of its own: the next one sees what whoever held it before has written elsewhere (READ COMMITTED)."""
    return (await connection.execute(select(recording).where(which).with_for_update())).first()


def _recording(row: Any) -> Recording:
    return Recording(
        row.id,
        row.lesson,
        row.begun,
        row.ended,
        row.state,
        row.error,
        row.lease_until,
        row.tries,
        row.octets,
        row.duration_ms,
        row.missing_ms,
        row.keep_until,
        row.removed,
        row.thin,
        row.thin_lease,
        row.thin_tries,
    )


def _viewing(row: Any) -> Viewing:
    return Viewing(row.person, row.first_at, row.last_at, row.position_ms, row.times)
