"""The rooms of a process: loaded when needed, kept current, told what bus and worker say, stepped by the clock."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from server.bus import AnyNote, Bus, Head, Here, Revoked, Signalled, Spoken
from server.errors import NoSuchLesson
from server.live.announcer import Announcer
from server.live.clock import Clock
from server.live.desk import Desk, MediaControl
from server.live.intercom import Intercom
from server.live.recorder import Recorder
from server.live.registry import Session
from server.live.room import Room
from server.live.services import Services
from server.live.tags import Tag
from server.live.texts import Texts
from server.store import Store
from server.store.recorded import recordings_at_work

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
POLL_MS = 1_000
"""How often the tables are read, whatever the bus said (S14)."""
HERE_MS = 2_000
WAKE_MS = 5_000
"""How often the timetable is asked what is due."""
IDLE_MS = 60_000
"""A room without pages and media is forgotten after this long; its log is not."""


@contextmanager
def _alone(lesson_id: str) -> Iterator[None]:
    """A lesson that cannot be read must not hold up the others, above all not their revocations."""
    try:
        yield
    except NoSuchLesson:
        raise
    except Exception:
        log.exception("lesson %s cannot be read; the next look tries again", lesson_id)


class Rooms:
    """Listens to the bus and, as the desk's listener, to the worker."""

    def __init__(self, store: Store, texts: Texts, intercom: Intercom, bus: Bus, media: MediaControl, clock: Clock, build: str) -> None:
        node = secrets.token_hex(8)
        self.desk = Desk(media, node, self)
        announcer = Announcer(bus, self._spawn)
        self.recorder = Recorder(media, node, clock, self._recording_changed)
        now, spawn = clock.wall_ms(), self._spawn
        self.services = Services(store, texts, intercom, bus, announcer, self.desk, self.recorder, clock, node, build, now, spawn)
        self._rooms: dict[str, Room] = {}
        self._loading: dict[str, asyncio.Task[Room]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stepping: dict[str, bool] = {}
        self._ticker: asyncio.Task[None] | None = None
        self._taken_up = True
        """The recordings of the worker's last snapshot were looked at."""
        self._polled = self._said = clock.monotonic_ms()
        self._woke = self._polled - WAKE_MS

    async def start(self) -> None:
        """Begin to listen and to tick."""
        self.services.bus.subscribe(self._hear)
        await self.services.bus.start()
        self._ticker = asyncio.create_task(self._run(), name="lessons-ticker")

    async def stop(self) -> None:
        """Stop; media goes on without us. Pages are sent `slow`, which means: come back at once."""
        if self._ticker:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        for room in self._rooms.values():
            for connection in list(room.connections.values()):
                connection.bye("slow")
            await room.relay.stop()
        await self.drain()
        await self.services.bus.stop()

    async def drain(self) -> None:
        """Wait until nothing is being done in the background."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- rooms -------------------------------------------------------------------------------------------------------

    def running(self, lesson_id: str) -> Room | None:
        """The room of a lesson if it is loaded."""
        return self._rooms.get(lesson_id)

    async def get(self, lesson_id: str) -> Room:
        """The room of a lesson; raises `NoSuchLesson`."""
        room = self._rooms.get(lesson_id)
        if room is not None:
            room.idle_since = self.services.clock.monotonic_ms()  # whoever asks may be about to enter
            return room
        loading = self._loading.get(lesson_id)
        if loading is None:
            loading = asyncio.create_task(self._load(lesson_id), name=f"load-{lesson_id}")
            self._loading[lesson_id] = loading
        return await asyncio.shield(loading)

    async def _load(self, lesson_id: str) -> Room:
        try:
            room = await Room.load(self.services, lesson_id)
            self._rooms[lesson_id] = room
            return room
        finally:
            del self._loading[lesson_id]

    def counts(self) -> dict[str, int]:
        """Sizes of the tables, for metrics."""
        pages = sum(len(room.connections) for room in self._rooms.values())
        return {"lessons": len(self._rooms), "pages": pages, "sessions": len(self.desk.registry)}

    def poke(self, lesson_id: str) -> None:
        """Soon look whether something has to be done for a lesson; many pokes at once are one."""
        if lesson_id in self._stepping:
            self._stepping[lesson_id] = True
        else:
            self._stepping[lesson_id] = False
            self._spawn(self._step(lesson_id))

    async def _step(self, lesson_id: str) -> None:
        try:
            again = True
            while again:
                self._stepping[lesson_id] = False
                await (self._rooms.get(lesson_id) or await self.get(lesson_id)).step()
                again = self._stepping[lesson_id]
        except NoSuchLesson:
            log.info("no lesson %s", lesson_id)
        finally:
            del self._stepping[lesson_id]

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("background work of lessons failed", exc_info=task.exception())

    # --- time --------------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self.tick()
            except Exception:
                log.exception("tick failed; the next one tries again")

    async def tick(self) -> None:
        """What is due now."""
        now = self.services.clock.monotonic_ms()
        if now - self._polled >= POLL_MS:
            self._polled = now
            await self.poll()
        if now - self._woke >= WAKE_MS:
            self._woke = now
            await self.wake()
        if now - self._said >= HERE_MS:
            self._said = now
            for room in list(self._rooms.values()):
                await self.services.bus.publish(room.here())
        self._forget(now)
        for lesson_id in {*self._rooms, *self.desk.registry.lessons()}:
            self.poke(lesson_id)

    async def poll(self) -> None:
        """Read what other processes wrote: revocations and heads."""
        asked = {paper for room in self._rooms.values() for paper in room.papers()}
        self._revoke(await self.services.store.revoked(asked))
        standings = await self.services.store.standings(self._rooms.keys())
        for lesson_id, standing in standings.items():
            if room := self._rooms.get(lesson_id):
                room.follow(standing.plan)
                with _alone(lesson_id):
                    await room.catch_up(standing.head)

    async def wake(self) -> None:
        """Load the lessons that the clock has something to do with; their next step does it (S8)."""
        if self.desk.ready and not self._taken_up:
            await self._take_up_recordings()
        for lesson_id in await self.services.store.due(self.services.clock.wall_ms()):
            with _alone(lesson_id):
                await self.get(lesson_id)
            self.poke(lesson_id)

    def _revoke(self, papers: set[str]) -> None:
        for lesson_id, room in self._rooms.items():
            mine = papers & room.papers()
            if mine:
                room.revoke(mine)
                self.poke(lesson_id)

    def _forget(self, now: int) -> None:
        used = set(self.desk.registry.lessons()) | self._stepping.keys()
        for lesson_id, room in list(self._rooms.items()):
            if room.connections or lesson_id in used or room.state.away:
                room.idle_since = now
            elif now - room.idle_since >= IDLE_MS:
                del self._rooms[lesson_id]

    # --- the bus -----------------------------------------------------------------------------------------------------

    def _hear(self, note: AnyNote) -> None:
        if isinstance(note, Revoked):
            self._revoke({note.link})
            return
        room = self._rooms.get(note.lesson)
        if room is None:
            return
        if isinstance(note, Head):
            if note.seq > room.state.seq:
                self._spawn(room.catch_up(note.seq))
        elif isinstance(note, Spoken) and note.node != self.services.node:
            self._spawn(room.overhear(note.principal, note.message))
        elif isinstance(note, Signalled) and note.node != self.services.node:
            room.relay.hear(note)
        elif isinstance(note, Here) and note.node != self.services.node:
            room.presence.hear(note.node, note.participants, self.services.clock.monotonic_ms())

    # --- the worker --------------------------------------------------------------------------------------------------

    def worker_ready(self, foreign: list[str]) -> None:
        """A snapshot: take the lessons of its sessions over, end what belongs to none."""
        self._taken_up = False
        self._spawn(self._adopt(foreign))

    async def _adopt(self, orphans: list[str]) -> None:
        for lesson_id in self.desk.registry.lessons():
            try:
                with _alone(lesson_id):
                    await self.get(lesson_id)
            except NoSuchLesson:
                orphans += [session.id for session in self.desk.registry.of(lesson_id)]
        await self.desk.close_orphans(orphans)
        await self.poll()
        for lesson_id, room in list(self._rooms.items()):
            room.unsettled = True
            for connection in list(room.connections.values()):
                connection.check_claims()
            self.poke(lesson_id)
        await self._take_up_recordings()

    async def _take_up_recordings(self) -> None:
        """After a snapshot: lessons that are or were recorded are told to the worker again also where nobody is in them now."""
        held = self.recorder.held
        recorded = await recordings_at_work(self.services.store.database, held)
        for lesson_id in set(recorded.values()):
            with _alone(lesson_id):
                await self.get(lesson_id)
            self.poke(lesson_id)
        await self.recorder.close_orphans(held - recorded.keys())
        self._taken_up = set(recorded.values()) <= self._rooms.keys()

    def _recording_changed(self, recording: str) -> None:
        for room in self._rooms.values():
            if room.state.record.recording == recording:
                room.tell_recording()

    def sessions_changed(self, lesson: str) -> None:
        """Places or presence changed: look again."""
        if room := self._rooms.get(lesson):
            room.unsettled = True
        self.poke(lesson)

    def slots_changed(self, session: Session) -> None:
        """Tell the page whose session it is."""
        if not session.publishes and (room := self._rooms.get(session.tag.lesson)):
            for connection in room.connections.values():
                if connection.owns(session):
                    connection.show(session)

    def session_lost(self, session: Session) -> None:
        """Tell the page to post again."""
        if room := self._rooms.get(session.tag.lesson):
            for connection in list(room.connections.values()):
                if connection.owns(session):
                    connection.lose(session.id)

    def session_replaced(self, session: Session, by: Tag | None) -> None:
        """Send the old page away (S4): it must not publish again by itself."""
        room = self._rooms.get(session.tag.lesson)
        if room is None or self._same_page(session, by):
            return
        old = sorted((c for c in room.connections.values() if c.owns(session)), key=lambda c: c.number)
        if by and not by.page and by.admission == session.tag.admission:
            old = old[:-1]  # pages that do not say who they are: the newest is taken for the new publisher
        for connection in old:
            connection.bye("replaced")

    def _same_page(self, session: Session, by: Tag | None) -> bool:
        if by is None:
            holders = self.desk.registry.holders(session.tag.lesson, session.tag.participant, session.tag.names)
            by = next((s.tag for s in holders), None)
        return by is not None and bool(by.page) and by.page == session.tag.page
