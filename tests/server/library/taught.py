"""Lessons that are over, their recordings, and resources written straight into the tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.domain.resource import Span
from server.library.recorded import Picture
from server.store import Database
from server.store import tables as t
from tests.server import world as worlds

MINUTE = 60_000
LENGTH = 40 * MINUTE + 500
"""Of a recording: not on a whole second."""
PICTURE = Picture(b"RIFF-a-picture", "image/webp")


class Tapes:
    """What was recorded: lesson → span; and pictures of some."""

    def __init__(self) -> None:
        self.spans: dict[str, Span] = {}
        self.pictures: dict[str, Picture] = {}

    async def recordings(self, lessons: Collection[str]) -> Mapping[str, Span]:
        return {one: self.spans[one] for one in lessons if one in self.spans}

    async def cover(self, lesson: str, _: Span) -> Picture | None:
        return self.pictures.get(lesson)


async def over(database: Database, tapes: Tapes | None, lesson: str, org: str = "x1", begin: int = worlds.NOW, **more: Any) -> None:
    """A lesson of yesterday, taught by the school's teacher; recorded where there are tapes."""
    at = begin - 24 * worlds.HOUR
    row = {"id": lesson, "name": "分数的认识", "head": 0, "created": at, "org": org, "phase": "ended", "teacher": f"{org[:2]}.teacher"}
    row |= {"starts_at": at, "ends_at": at + 40 * MINUTE, "live_at": at, "ended_at": at + LENGTH, "master_classroom": f"{org}.r1"}
    row |= {"school_class": f"{org}.c1", "subject": "maths", "stage": "primary", "grade": "3", "edition": "人教版", "volume": "上册"}
    await database.execute(insert(t.lesson).values(**row | more))
    if tapes:
        tapes.spans[lesson] = Span(at, at + LENGTH)
        taped = {"id": f"rec.{lesson}", "lesson": lesson, "begun": at, "ended": at + LENGTH, "state": "ready", "octets": 1, "thin": "done"}
        await database.execute(insert(t.recording).values(**taped))


async def published(database: Database, name: str, org: str = "x1", at: int = worlds.NOW, shared: str = "", **said: Any) -> None:
    """A resource `name` of a lesson `of.NAME`, public since `at`, shared in the school's county; fields of the version by name."""
    await over(database, None, f"of.{name}", org)
    row = {"id": name, "org": org, "lesson": f"of.{name}", "shared": shared or org[0], "created": at, "created_by": f"{org}.teacher"}
    await database.execute(insert(t.resource).values(**row, state="published", head=1, live=1, published_at=at))
    about: dict[str, Any] = {
        "title": "分数的认识",
        "subject": "maths",
        "stage": "primary",
        "grade": "3",
        "edition": "人教版",
        "volume": "上册",
        "unit": "",
    }
    about |= {"teacher": f"{org[:2]}.teacher", "begin_ms": 0, "end_ms": LENGTH, "made_by": f"{org}.teacher", "made_at": at}
    about |= said
    await database.execute(insert(t.resource_version).values(resource=name, n=1, state="published", **about))
    await recorded(database, f"of.{name}")
    await cut_out(database, f"of.{name}", about["begin_ms"], about["end_ms"])


async def recorded(database: Database, lesson: str) -> None:
    """Its recording can be played; the files are somebody else's to make."""
    row: dict[str, Any] = {
        "id": f"rec-{lesson.replace('.', '-')}",
        "lesson": lesson,
        "begun": 0,
        "ended": 1,
        "state": "ready",
        "thin": "done",
    }
    await database.execute(insert(t.recording).values(**row))


async def cut_out(database: Database, lesson: str, begin: int, end: int, **more: Any) -> None:
    """What others see of the lesson is cut; other columns by name."""
    (name,) = [row.id for row in await database.read(select(t.recording.c.id).where(t.recording.c.lesson == lesson))]
    row = {"recording": name, "begin_ms": begin, "end_ms": end, "state": "ready", "made": 1}

    async def work(connection: AsyncConnection) -> None:
        c = t.recording_cut.c
        await connection.execute(delete(t.recording_cut).where(c.recording == name, c.begin_ms == begin, c.end_ms == end))
        await connection.execute(insert(t.recording_cut).values(**row | more))

    await database.write(work)


async def drafted(database: Database, name: str, org: str = "x1", state: str = "draft", **said: Any) -> None:
    """The same, not public yet: of a lesson `of.NAME`."""
    await published(database, name, org, **said)
    for table, own in ((t.resource, t.resource.c.id), (t.resource_version, t.resource_version.c.resource)):
        more = {"live": 0, "draft": 1} if table is t.resource else {}
        await database.execute(update(table).where(own == name).values(state=state, published_at=None, **more))
