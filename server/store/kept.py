"""Where playable files are kept: what is to be done, and who does it now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.kept import Kept
from server.store.database import Database
from server.store.tables import lesson, recording, recording_kept

_k, _r = recording_kept.c, recording.c
_FRESH = {"place": "local", "key_id": "", "key": None, "manifest": None, "octets": 0, "damaged": 0, "kept_at": None}
_IDLE = {"lease_until": 0, "due": 0, "tries": 0, "error": ""}


class KeptStore:
    """Everything about it in the tables."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, recording_id: str, folder: str) -> Kept | None:
        """One folder's; None: nothing was decided of it yet, it lies where it was made."""
        row = await self.database.one(select(recording_kept).where(_of(recording_id, folder)))
        return _kept(row) if row else None

    async def put(self, recording_id: str, folder: str, mark: str, *, captured: bool) -> None:
        """It shall be kept. One that is known under the same mark keeps its key: some of its files may be sealed already. Whoever works on
        it as it was before notices within the lease.
        """

        async def work(connection: AsyncConnection) -> None:
            row = (await connection.execute(select(_k.mark, _k.state, _k.lease_until).where(_of(recording_id, folder)))).first()
            new = {"mark": mark, "state": "waiting", "captured": captured, **_IDLE}
            if row is None:
                await connection.execute(insert(recording_kept).values(recording=recording_id, folder=folder, **new))
            else:
                fresh = {} if (row.mark, row.state != "leaving") == (mark, True) else _FRESH
                values = {**new, **fresh, "due": row.lease_until}
                await connection.execute(update(recording_kept).where(_of(recording_id, folder)).values(**values))

        try:
            await self.database.write(work)
        except IntegrityError:  # two at once, the first time
            await self.database.write(work)

    async def unknown(self, limit: int = 50) -> list[str]:
        """Recordings that are playable, and nothing is known of where they are kept: older ones, and those whose maker died at that moment."""
        known = select(_k.recording).where(_k.recording == _r.id, _k.folder == "play").exists()
        query = select(_r.id).where(_r.state == "ready", _r.removed.is_(None), ~known).order_by(_r.ended).limit(limit)
        return [row.id for row in await self.database.read(query)]

    async def want(self, *, sealed: bool, remote: bool) -> None:
        """What is kept here, and by the settings of now should be kept otherwise, is taken up again."""
        other = [*([_k.key_id == ""] if sealed else []), *([_k.place == "local"] if remote else [])]
        if other:
            mine = (_k.state == "kept") & (_k.place == "local") & or_(*other)
            await self.database.execute(update(recording_kept).where(mine).values(state="waiting", **_IDLE))

    # --- the job -----------------------------------------------------------------------------------------------------

    async def claim(self, now: int, until: int) -> Kept | None:
        """The one that is due longest is the caller's until `until`; also one whose keeper fell silent."""
        settled = _r.thin.in_(("done", "failed", "off"))  # films for weak links are still made beside the others
        ready = select(_r.id).where(_r.id == _k.recording, _r.state == "ready", _r.removed.is_(None), settled).exists()
        over = (_k.lease_until < now) & (_k.due <= now)
        free = over & or_(_k.state.in_(("waiting", "keeping")) & ready, _k.state == "leaving")
        for row in await self.database.read(select(recording_kept).where(free).order_by(_k.due, _k.recording).limit(5)):
            state = "leaving" if row.state == "leaving" else "keeping"
            mine = and_(_of(row.recording, row.folder), _k.state == row.state, _k.lease_until == row.lease_until, _k.mark == row.mark)
            if await self.database.execute(update(recording_kept).where(mine).values(state=state, lease_until=until)) == 1:
                return await self.get(row.recording, row.folder)
        return None

    async def renew(self, held: Kept, until: int) -> Kept | None:
        """Go on for longer; None: it was made anew, is to go, or is another process's."""
        changed = await self._change(held, lease_until=until)
        return await self.get(held.recording, held.folder) if changed else None

    async def give_back(self, held: Kept) -> None:
        """Somebody else may do it."""
        await self._change(held, state="leaving" if held.state == "leaving" else "waiting", lease_until=0)

    async def fail(self, held: Kept, error: str, due: int) -> None:
        """It did not succeed, and is tried again then."""
        state = "leaving" if held.state == "leaving" else "waiting"
        await self._change(held, state=state, lease_until=0, tries=held.tries + 1, error=error, due=due)

    async def give_key(self, connection: AsyncConnection, held: Kept, key_id: str, key: bytes) -> bool:
        """It has a key from now on; False: it is not ours any more."""
        statement = update(recording_kept).where(_held(held), _k.key.is_(None)).values(key_id=key_id, key=key)
        return (await connection.execute(statement)).rowcount == 1

    async def finish(self, held: Kept, *, place: str, octets: int, manifest: bytes, now: int) -> bool:
        """All of it is kept there; False: it is not ours any more."""
        values = {"place": place, "octets": octets, "manifest": manifest, "kept_at": now, "damaged": 0}
        return await self._change(held, state="kept", **values, **_IDLE)

    async def gone(self, held: Kept) -> None:
        """Nothing is left of it anywhere."""
        await self.database.execute(delete(recording_kept).where(_held(held)))

    async def _change(self, held: Kept, **values: Any) -> bool:
        return await self.database.execute(update(recording_kept).where(_held(held)).values(**values)) == 1

    # --- afterwards --------------------------------------------------------------------------------------------------

    async def leave(self, recording_id: str, folder: str | None) -> None:
        """As `leave`, by itself."""
        await self.database.write(lambda connection: leave(connection, recording_id, folder))

    async def damaged(self, recording_id: str, folder: str) -> None:
        """Something in it did not open, or was not what it should be."""
        await self.database.execute(update(recording_kept).where(_of(recording_id, folder)).values(damaged=_k.damaged + 1))

    async def captured(self, before: int, ended_before: int, limit: int = 50) -> list[str]:
        """Recordings that were verified, whose lesson cannot go on any more (it would be recorded into the same), and of which what was
        captured is still there: of the sealed ones all, of the others those kept before `before`.
        """
        old = or_(_k.key_id != "", _k.kept_at < before)
        mine = (_k.folder == "play") & (_k.state == "kept") & _k.captured & old
        over = lesson.c.phase.in_(("ended", "archived")) & (lesson.c.ended_at < ended_before) & (_r.ended < ended_before)
        query = select(_k.recording).join(recording, _r.id == _k.recording).join(lesson, lesson.c.id == _r.lesson)
        query = query.where(mine, _r.state == "ready", over)
        return [row.recording for row in await self.database.read(query.order_by(_k.kept_at).limit(limit))]

    async def forget_captured(self, recording_id: str) -> bool:
        """What it was made of goes now; False: it is being made anew."""
        ready = select(_r.id).where(_r.id == recording_id, _r.state == "ready").exists()
        mine = and_(_of(recording_id, "play"), _k.state == "kept", ready)
        return await self.database.execute(update(recording_kept).where(mine).values(captured=False)) == 1

    async def elsewhere(self, limit: int = 1000) -> list[tuple[str, str]]:
        """Recording and folder of what is in a store, the latest first: nothing of it should lie here."""
        query = select(_k.recording, _k.folder).where(_k.state == "kept", _k.place == "s3").order_by(_k.kept_at.desc()).limit(limit)
        return [(row.recording, row.folder) for row in await self.database.read(query)]


async def leave(connection: AsyncConnection, recording_id: str, folder: str | None = None) -> None:
    """It shall go, None: all of the recording. Its key goes at once; whoever is keeping it now notices within the lease, and only then its
    files are deleted.
    """
    mine = _k.recording == recording_id if folder is None else _of(recording_id, folder)
    values = {"state": "leaving", "key": None, "manifest": None, "tries": 0, "error": "", "due": _k.lease_until, "lease_until": 0}
    await connection.execute(update(recording_kept).where(mine, _k.state != "leaving").values(**values))


def _of(recording_id: str, folder: str) -> Any:
    return (_k.recording == recording_id) & (_k.folder == folder)


def _held(held: Kept) -> Any:
    same = (_k.state == held.state) & (_k.lease_until == held.lease_until) & (_k.mark == held.mark)
    return _of(held.recording, held.folder) & same


def _kept(row: Any) -> Kept:
    return Kept(**{name: row._mapping[name] for name in Kept.__dataclass_fields__})
