"""Courseware: what a lesson has, what waits to be drawn, which files are still needed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.courseware import MOST_FILES, Courseware, Media, Page
from server.domain.facts import CoursewareFacts
from server.store.database import Database, chunks, lock
from server.store.tables import courseware, courseware_media, courseware_page

_c, _p, _m = courseware.c, courseware_page.c, courseware_media.c


class Full(Exception):
    """The lesson has as many files as it may have."""


async def add_file(connection: AsyncConnection, new: Courseware) -> None:
    """One more file, waiting to be drawn. Raises `Full`."""
    row = {name: getattr(new, name) for name in ("id", "lesson", "name", "kind", "size", "source", "by", "created", "state", "pages")}
    await lock(connection, f"courseware:{new.lesson}")
    held = await connection.execute(select(func.count()).select_from(courseware).where(_c.lesson == new.lesson))
    if held.scalar_one() >= MOST_FILES:
        raise Full
    await connection.execute(insert(courseware).values(**row))


async def delete_file(connection: AsyncConnection, lesson: str, courseware_id: str) -> bool:
    """Forget a file and its pages; False: there was none."""
    for table, own in ((courseware_media, _m.courseware), (courseware_page, _p.courseware)):
        mine = select(_c.id).where(_c.id == courseware_id, _c.lesson == lesson)
        await connection.execute(delete(table).where(own.in_(mine)))
    gone = await connection.execute(delete(courseware).where(_c.id == courseware_id, _c.lesson == lesson))
    return gone.rowcount == 1


class CoursewareStore:
    """Everything about courseware in the tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # --- a lesson's files --------------------------------------------------------------------------------------------

    async def of_lesson(self, lesson: str) -> list[Courseware]:
        """The lesson's files, oldest first."""
        rows = await self._database.read(select(courseware).where(_c.lesson == lesson).order_by(_c.created, _c.id))
        return [_courseware(row) for row in rows]

    async def get(self, lesson: str, courseware_id: str) -> Courseware | None:
        """One file of the lesson."""
        row = await self._database.one(select(courseware).where(_c.lesson == lesson, _c.id == courseware_id))
        return _courseware(row) if row else None

    async def facts(self, lesson: str) -> dict[str, CoursewareFacts]:
        """What the lesson's board may show."""
        rows = await self._database.read(select(_c.id, _c.pages, _c.version).where(_c.lesson == lesson, _c.state == "ready"))
        return {row.id: CoursewareFacts(row.pages, row.version) for row in rows}

    # --- pages -------------------------------------------------------------------------------------------------------

    async def pages(self, ids: Collection[str]) -> dict[str, list[Page]]:
        """Pages of these files, in their order."""
        found: dict[str, list[Page]] = {courseware_id: [] for courseware_id in ids}
        for chunk in chunks(ids):
            media = await self._media(select(courseware_media).where(_m.courseware.in_(chunk)))
            query = select(courseware_page).where(_p.courseware.in_(chunk)).order_by(_p.courseware, _p.page)
            for row in await self._database.read(query):
                found[row.courseware].append(_page(row, media.get((row.courseware, row.page), ())))
        return found

    async def page(self, lesson: str, version: str, page: int) -> Page | None:
        """One page of what lies in the lesson under this version."""
        query = (
            select(courseware_page)
            .join(courseware, _c.id == _p.courseware)
            .where(_c.lesson == lesson, _c.version == version, _p.page == page)
        )
        row = await self._database.one(query.limit(1))
        return _page(row, ()) if row else None

    async def media_type(self, lesson: str, version: str, blob: str) -> str | None:
        """Media type of sound or film that belongs to this version; None: it does not."""
        query = select(_m.type).join(courseware, _c.id == _m.courseware)
        row = await self._database.one(query.where(_c.lesson == lesson, _c.version == version, _m.blob == blob).limit(1))
        return row.type if row else None

    async def _media(self, query: Select[Any]) -> Mapping[tuple[str, int], tuple[Media, ...]]:
        found: dict[tuple[str, int], tuple[Media, ...]] = {}
        for row in await self._database.read(query.order_by(_m.courseware, _m.page, _m.place)):
            key = (row.courseware, row.page)
            found[key] = (*found.get(key, ()), Media(row.blob, row.type))
        return found

    # --- drawing -----------------------------------------------------------------------------------------------------

    async def claim(self, now: int, until: int) -> Courseware | None:
        """The file that has waited longest is the caller's to draw until `until`; also one whose process fell silent."""
        free = or_(_c.state == "waiting", (_c.state == "drawing") & (_c.lease < now))
        for row in await self._database.read(select(courseware).where(free).order_by(_c.created, _c.id).limit(5)):
            mine = update(courseware).where(_c.id == row.id, _c.state == row.state, _c.lease == row.lease)
            taken = mine.values(state="drawing", lease=until, tries=row.tries + 1, drawn=0)
            if await self._database.execute(taken) == 1:
                return await self.get(row.lesson, row.id)
        return None

    async def renew(self, held: Courseware, until: int) -> Courseware | None:
        """Go on for longer, with so much `drawn`; None: it was deleted, or another process has it."""
        return replace(held, lease=until) if await self._change(held, lease=until, drawn=held.drawn) else None

    async def give_back(self, held: Courseware) -> None:
        """Somebody else may draw it."""
        await self._change(held, state="waiting", lease=0, tries=held.tries - 1)

    async def fail(self, held: Courseware, error: str, params: Mapping[str, str | int | float]) -> None:
        """It cannot be drawn."""
        await self._change(held, state="failed", lease=0, error=error, params=json.dumps(dict(params)))

    async def finish(self, held: Courseware, version: str, pages: Sequence[Page]) -> bool:
        """All pages are drawn; False: it was deleted, or another process has it."""

        async def work(connection: AsyncConnection) -> bool:
            done = _mine(held).values(state="ready", lease=0, version=version, pages=len(pages), drawn=len(pages))
            if (await connection.execute(done)).rowcount != 1:
                return False
            await connection.execute(insert(courseware_page), [_page_row(held.id, page) for page in pages])
            media = [row for page in pages for row in _media_rows(held.id, page)]
            if media:
                await connection.execute(insert(courseware_media), media)
            return True

        return await self._database.write(work)

    async def _change(self, held: Courseware, **values: Any) -> bool:
        return await self._database.execute(_mine(held).values(**values)) == 1

    # --- files on disk -----------------------------------------------------------------------------------------------

    async def needed(self, blobs: Collection[str]) -> set[str]:
        """Which of these files belong to something."""
        found: set[str] = set()
        for chunk in chunks(blobs):
            for column in (_c.source, _p.picture, _p.preview, _m.blob):
                found.update(row[0] for row in await self._database.read(select(column).where(column.in_(chunk))))
        return found


def _mine(held: Courseware) -> Any:
    return update(courseware).where(_c.id == held.id, _c.state == "drawing", _c.lease == held.lease)


def _courseware(row: Any) -> Courseware:
    values = {name: getattr(row, name) for name in Courseware.__slots__ if name != "params"}
    return Courseware(**values, params=json.loads(row.params))


def _page(row: Any, media: tuple[Media, ...]) -> Page:
    report = json.loads(row.report)
    return Page(
        row.page,
        row.width,
        row.height,
        row.picture,
        row.preview,
        row.size,
        row.flattened,
        tuple(report.get("fonts", ())),
        tuple(report.get("unplayable", ())),
        media,
    )


def _page_row(courseware_id: str, page: Page) -> dict[str, Any]:
    plain = ("page", "width", "height", "picture", "preview", "size", "flattened")
    report = {"fonts": list(page.fonts), "unplayable": list(page.unplayable)}
    return {"courseware": courseware_id, **{name: getattr(page, name) for name in plain}, "report": json.dumps(report)}


def _media_rows(courseware_id: str, page: Page) -> list[dict[str, Any]]:
    about = {"courseware": courseware_id, "page": page.page}
    return [{**about, "place": place, "blob": one.blob, "type": one.type} for place, one in enumerate(page.media)]
