"""Replays: who may watch one, what it is made of, and who watched."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from media.client import manifest
from media.client.manifest import PLAY, Manifest, cut_of
from server.accounts.acts import Target
from server.accounts.caller import Caller, system
from server.accounts.office import Office, known_id
from server.domain.people import Grant
from server.domain.recording import Recording, Viewing
from server.domain.resource import Span
from server.domain.schedule import ScheduledLesson
from server.domain.seen import Audience
from server.errors import (
    Forbidden,
    NoSuchLesson,
    NotThere,
    RecordingBusy,
    RecordingGone,
    RecordingNoCapture,
    RecordingNotReady,
    ResourcePreparing,
)
from server.replay.aside import left_over, put_aside, put_back, throw_away
from server.replay.files import Files
from server.replay.past import Past
from server.store import Store
from server.store import recordings as table
from server.store.cuts import CutStore
from server.store.kept import leave
from server.store.recordings import RecordingStore

SEE = "replay.see"
KEEP = "recording.keep"
LIST = "recording.list"
VIEWER = Audience("viewer")
PAGE = 50
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Watched:
    """A recording somebody may see, its lesson, and how they see it."""

    lesson: ScheduledLesson
    recording: Recording
    audience: Audience


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    lesson: ScheduledLesson
    recording: Recording


class Replays:
    """One per process."""

    def __init__(self, store: Store, office: Office, files: Files) -> None:
        self._store = store
        self._office = office
        self.files = files
        self.table = RecordingStore(store.database)
        self.past = Past(store, office.contents)
        self.cuts = CutStore(store.database)

    # --- who may ---------------------------------------------------------------------------------------------------

    async def see(self, who: Caller, lesson_id: str, action: str = SEE) -> Watched:
        """A lesson's recording. Raises `NoSuchLesson` outside the caller's sight, `Forbidden` inside it, `NotThere` where nothing was recorded,
        `RecordingGone` once it was removed.
        """
        lesson = await self._office.schedule.lesson(known_id(lesson_id))
        if lesson is None:
            raise NoSuchLesson
        where = lesson.where()
        who.need(action, where, hidden=None if who.may("lesson.see", where) or who.may(SEE, where) else NoSuchLesson())
        return Watched(lesson, await self._there(lesson.id), audience_of(who, lesson))

    async def by_hand(self, lesson_id: str) -> tuple[ScheduledLesson, Recording]:
        """The same for whoever holds the paper of a lesson made by hand. Raises `Forbidden` for a lesson of the timetable: it is its
        people's, who log in.
        """
        lesson = await self._office.schedule.lesson(lesson_id)
        if lesson is None:
            raise NoSuchLesson
        if lesson.org is not None:
            raise Forbidden("a lesson of the timetable")
        return lesson, await self._there(lesson_id)

    async def _there(self, lesson_id: str) -> Recording:
        found = await self.table.of_lesson(lesson_id)
        if found is None:
            raise NotThere
        if found.removed is not None:
            raise RecordingGone
        return found

    async def listed(self, who: Caller, before: tuple[int, str] | None = None) -> tuple[list[Row], tuple[int, str] | None]:
        """Recordings of the caller's tier, the latest first, and where the next page begins. Raises `Forbidden`."""
        paths = who.need_scopes(LIST)
        found = await self.table.under(list(paths), before, PAGE + 1)
        shown = found[:PAGE]
        lessons = {one.id: one for one in await self._office.schedule.many({one.lesson for one in shown})}
        rows = [Row(lessons[one.lesson], one) for one in shown if one.lesson in lessons]
        return rows, (shown[-1].begun, shown[-1].id) if len(found) > PAGE else None

    async def among(self, who: Caller, lessons: Collection[str]) -> frozenset[str]:
        """Those of the lessons that the caller may watch now; for links to them. A list shows less of a lesson than decides this (S6)."""
        found = await self.table.of_lessons(lessons) if lessons else {}
        playable = [lesson for lesson, one in found.items() if one.playable]
        return frozenset(one.id for one in (await self._office.schedule.many(playable) if playable else ()) if who.may(SEE, one.where()))

    # --- what it is made of ----------------------------------------------------------------------------------------

    async def manifest(self, recording: Recording) -> Manifest:
        """Its files and gaps. Raises `RecordingGone`, `RecordingNotReady`: also for files that are lost, damaged or of a newer version."""
        if recording.removed is not None:
            raise RecordingGone
        if not recording.playable:
            raise RecordingNotReady(state=recording.state)
        return await self.files.manifest(recording.id)

    async def public(self, recording: Recording, span: Span) -> Manifest:
        """What is cut out of it for everybody who may see this span. Raises `RecordingGone`, `ResourcePreparing`, `RecordingNotReady`."""
        if recording.removed is not None:
            raise RecordingGone
        found = await self.cuts.get(recording.id, span)
        if found is None or not found.usable:
            raise ResourcePreparing
        return await self.files.manifest(recording.id, cut_of(span.begin_ms, span.end_ms))

    async def readable(self, recording: Recording) -> bool:
        """Whether there is a manifest as there should be, and the files that it names."""
        try:
            await self.manifest(recording)
            return not await self.files.lacks(recording.id)
        except RecordingNotReady:
            return False

    # --- who watched, and how long it is kept ------------------------------------------------------------------------

    async def watched(self, who: Caller, recording: Recording, position_ms: int) -> None:
        """Somebody with an account is at this moment of it; a room's screen has none."""
        if who.kind in ("person", "student"):
            await self.table.watched(recording.id, who.id, position_ms, self._office.now())

    async def position(self, who: Caller, recording: Recording) -> int | None:
        """Where they were last."""
        found = await self.table.viewing(recording.id, who.id)
        return found.position_ms if found else None

    async def viewers(self, recording: Recording) -> list[Viewing]:
        """Who watched, the latest first."""
        return await self.table.viewers(recording.id)

    async def keep(self, who: Caller, lesson_id: str, days: int) -> None:
        """Keep it for so many days from now on; 0: for good."""
        found = await self.see(who, lesson_id, KEEP)
        until = self._office.now() + days * DAY_MS if days else None
        target = Target("lesson", found.lesson.id, found.lesson.path)
        await self._office.acts.do(
            who, "recording.keep", target, lambda connection: table.keep(connection, found.recording.id, until), details={"days": days}
        )

    async def again(self, who: Caller, lesson_id: str) -> None:
        """Have one that could not be made playable, or cannot be read any more, tried again. Raises `RecordingBusy` where there is
        nothing to try, `RecordingNoCapture` where there is nothing to try it with.
        """
        found = await self.see(who, lesson_id, KEEP)
        kept = await self.files.table.get(found.recording.id, PLAY)
        if kept is not None and not kept.captured:
            raise RecordingNoCapture
        damaged = kept is not None and bool(kept.damaged)
        broken = found.recording.playable and (damaged or not await self.readable(found.recording))

        async def work(connection: Any) -> None:
            if not await table.make_again(connection, found.recording.id, "ready" if broken else "failed"):
                raise RecordingBusy

        await self._office.acts.do(who, "recording.again", Target("lesson", found.lesson.id, found.lesson.path), work)

    async def expire(self) -> None:
        """Remove what was kept long enough, and what a removal left that did not come to its end."""
        for one in await self.table.expired(self._office.now()):
            lesson = await self._office.schedule.lesson(one.lesson)
            path = lesson.path if lesson and lesson.path else await self._office.orgs.whole()
            with contextlib.suppress(RecordingBusy):  # published or reopened meanwhile
                await self.discard(system("web"), Target("lesson", one.lesson, path), one)
        for name, aside in await asyncio.to_thread(left_over, self.files.data, time.time()):
            await self._clear(name, aside)

    async def remove(self, who: Caller, lesson_id: str) -> None:
        """Its files go, at once and for good. Raises `RecordingBusy` while it is captured or made."""
        found = await self.see(who, lesson_id, KEEP)
        await self.discard(who, Target("lesson", found.lesson.id, found.lesson.path), found.recording)

    async def discard(self, who: Caller, target: Target, recording: Recording) -> None:
        """The same for whoever may without being asked. Raises `RecordingBusy`."""
        aside: list[Path] = []

        async def work(connection: Any) -> None:
            if not await table.remove(connection, recording.id, self._office.now()):
                raise RecordingBusy
            await leave(connection, recording.id)
            aside.extend(await asyncio.to_thread(put_aside, self.files.data, recording.id))

        try:
            await self._office.acts.do(who, "recording.remove", target, work)
        except BaseException:
            await asyncio.shield(self._undo(recording.id, aside))
            raise
        self.files.wanted()
        await asyncio.to_thread(throw_away, aside)

    async def _undo(self, recording_id: str, aside: list[Path]) -> None:
        """What was put aside comes back, unless the transaction failed only after it had counted."""
        found = await self.table.get(recording_id) if aside else None
        if found is not None and found.removed is None:
            await asyncio.to_thread(put_back, self.files.data, recording_id, aside)
        else:
            await asyncio.to_thread(throw_away, aside)

    async def _clear(self, recording_id: str, aside: Path) -> None:
        """Of a process that died over it: it comes back if nothing was removed."""
        if not await asyncio.to_thread(manifest.folder(self.files.data, recording_id).exists):
            await self._undo(recording_id, [aside])
        else:  # the lesson is recorded again, so it was
            await asyncio.to_thread(throw_away, [aside])


def audience_of(who: Caller, lesson: ScheduledLesson) -> Audience:
    """How somebody sees a lesson afterwards: as they saw it in class. Whoever was in none of its rooms sees what viewers do."""
    where = lesson.where()
    if who.may("lesson.teach", where):
        return Audience("master")
    for room in lesson.rooms.values():
        if any(grant.role == "assistant" and room.path.startswith(grant.path) and grant.path for grant in who.grants):
            return Audience("staff", room.participant)
        if _sits(who.grants, room.classroom, room.school_class):
            return Audience("room", room.participant)
    return VIEWER


def _sits(grants: tuple[Grant, ...], classroom: str, school_class: str | None) -> bool:
    return any(
        (grant.role == "student" and school_class is not None and grant.school_class == school_class)
        or (grant.role == "device" and grant.subject == classroom)
        for grant in grants
    )
