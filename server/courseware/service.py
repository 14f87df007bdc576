"""Courseware of the lessons: what the web layer calls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

from server.accounts.acts import Acts, Target
from server.accounts.caller import Caller
from server.accounts.ids import draw
from server.courseware.blobs import Blobs
from server.courseware.drawing import Drawing
from server.courseware.kinds import HEAD, kind_of
from server.courseware.lines import Job, Opened
from server.courseware.process import run
from server.domain.courseware import MOST_FILES, Courseware, Kind, Page
from server.errors import CoursewareFull, CoursewareInUse, CoursewareNoOffice, CoursewareUnreadable, NoSuchCourseware, TooMany
from server.store.courseware import CoursewareStore, Full, add_file, delete_file

LOOKS = 2
"""Files that are looked at at once; more wait."""
WAITING = 20
"""More than these are sent away."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Hand:
    """Through whose hands a lesson's files go."""

    who: Caller
    """Nobody: a master by link."""
    by: str
    """The same one as the lesson knows it: an account, or the link."""
    lesson: Target


class CoursewareService:
    """One for each process. `now`: UTC ms."""

    def __init__(self, store: CoursewareStore, blobs: Blobs, acts: Acts, soffice: str, now: Callable[[], int]) -> None:
        self.blobs = blobs
        self._acts = acts
        self.drawing = Drawing(store, blobs, soffice, now)
        self._store = store
        self._soffice = soffice
        self._now = now
        self._looks = asyncio.Semaphore(LOOKS)
        self._waiting = 0

    async def add(self, hand: Hand, name: str, file: Path) -> Courseware:
        """A file was uploaded to `file`, which is moved in; its pages are drawn from now on. Leaves a line in the audit.

        Raises the `AppError` of the reason why it is not taken.
        """
        size, head = await asyncio.to_thread(_seen, file)
        kind = kind_of(head)
        if kind == "pptx" and not self._soffice:
            raise CoursewareNoOffice
        pages = await self._look(kind, file)
        source = await self.blobs.keep(file)
        new = Courseware(draw(), hand.lesson.id, _name(name), kind, size, source, hand.by, self._now(), pages=pages)
        said: dict[str, str | int] = {**_said(hand, new.id), "kind": kind, "pages": pages, "source": source}
        try:
            await self._acts.do(hand.who, "courseware.add", hand.lesson, lambda connection: add_file(connection, new), details=said)
        except Full as error:
            raise CoursewareFull(limit=MOST_FILES) from error
        self.drawing.poke()
        return new

    async def listed(self, lesson: str) -> list[tuple[Courseware, list[Page]]]:
        """A lesson's files, oldest first, with the pages of those that are ready."""
        files = await self._store.of_lesson(lesson)
        pages = await self._store.pages([one.id for one in files if one.state == "ready"])
        return [(one, pages.get(one.id, [])) for one in files]

    async def page(self, lesson: str, version: str, number: int) -> Page:
        """A page. Raises `NoSuchCourseware`."""
        found = await self._store.page(lesson, version, number)
        if found is None:
            raise NoSuchCourseware
        return found

    async def media(self, lesson: str, version: str, blob: str) -> tuple[Path, str]:
        """File and media type of sound or film. Raises `NoSuchCourseware`."""
        kind = await self._store.media_type(lesson, version, blob)
        if kind is None:
            raise NoSuchCourseware
        return self.blobs.path(blob), kind

    async def delete(self, hand: Hand, courseware_id: str, on_board: Collection[str]) -> None:
        """Forget a file; its bytes go with the next sweep. Leaves a line in the audit. Raises `NoSuchCourseware`, `CoursewareInUse`."""
        if courseware_id in on_board:
            raise CoursewareInUse

        async def work(connection: AsyncConnection) -> None:
            if not await delete_file(connection, hand.lesson.id, courseware_id):
                raise NoSuchCourseware

        await self._acts.do(hand.who, "courseware.delete", hand.lesson, work, details=_said(hand, courseware_id))

    async def _look(self, kind: Kind, file: Path) -> int:
        """How many pages it has."""
        if self._waiting >= WAITING:
            raise TooMany(retry_after=10)
        self._waiting += 1
        room = await self.blobs.room()
        try:
            async with self._looks:
                job = Job(task="look", kind=kind, source=str(file), out=str(room), soffice=self._soffice)
                async with aclosing(run(job)) as lines:
                    found = [line.pages async for line in lines if isinstance(line, Opened)]
        finally:
            self._waiting -= 1
            await self.blobs.leave(room)
        if not found:
            raise CoursewareUnreadable("nothing said")
        return found[0]


def _seen(file: Path) -> tuple[int, bytes]:
    with file.open("rb") as content:
        return file.stat().st_size, content.read(HEAD)


def _said(hand: Hand, courseware_id: str) -> dict[str, str | int]:
    """Which file; which link, where nobody's account did it. What the file is called may be a name."""
    return {"courseware": courseware_id, **({} if hand.who.id else {"link": hand.by})}


def _name(name: str) -> str:
    """What a file's name is to people: its last part, without what nobody sees."""
    plain = _UNSEEN.sub("", name.replace("\\", "/").rpartition("/")[2]).strip()
    return plain[:200] or "?"
