"""The desk that speaks with the media worker: makes sessions, keeps their register, applies what is wanted (M33, S21)."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from media.client import Refused, WorkerGone
from media.client import messages as m
from server.domain.lesson import LessonState
from server.domain.media_plan import owner_of, wanted_sources
from server.errors import MediaUnavailable, NoSuchSession
from server.live.presence import Health, worst
from server.live.registry import Configured, Registry, Session
from server.live.tags import Tag, encode_tag
from server.live.wanted import configuration, difference, spec

log = logging.getLogger(__name__)

PASSES = 5
"""Times one reconciliation looks again before it leaves the rest to the next."""
LOST = frozenset({"timeout", "failed", "shutdown", "orphan"})
"""Ends of a session that its page did not ask for: it should post again."""


class MediaControl(Protocol):
    """The worker's client: `media.client.WorkerClient`."""

    @property
    def connected(self) -> bool:
        """Commands can be sent now."""

    async def command(self, command: m.AnyCommand, /) -> m.Reply:
        """Carry out one command; raises `media.client.Refused` or `WorkerGone`."""

    def subscribe(self, listener: Callable[[m.Hello | m.Snapshot | m.Event | None], None], /) -> None:
        """Hand on what the worker says by itself; None when the connection is lost."""


class DeskListener(Protocol):
    """Who wants to know what happens to sessions."""

    def slots_changed(self, session: Session) -> None:
        """A watcher's slots show something else."""

    def session_lost(self, session: Session) -> None:
        """A session died without being asked to."""

    def session_replaced(self, session: Session, by: Tag | None) -> None:
        """A publisher was taken over; `by` is known when it happened through this process."""

    def sessions_changed(self, lesson: str) -> None:
        """Sessions of the lesson came, went or changed state."""

    def worker_ready(self, foreign: list[str]) -> None:
        """A snapshot was taken in; `foreign` are sessions without a tag of ours."""


@dataclass(frozen=True, slots=True)
class MediaAnswer:
    """The worker's answer to an offer or a fragment."""

    session: str
    answer: str
    etag: str


class Desk:
    """One per process; the sessions of all lessons."""

    def __init__(self, media: MediaControl, node: str, listener: DeskListener) -> None:
        self._media = media
        self._listener = listener
        self._ids = (f"{node}-{n}" for n in itertools.count(1))
        self._replacing: set[str] = set()
        self.registry = Registry()
        self.ready = False
        """A snapshot was taken in on the connection of now."""
        media.subscribe(self._hear)

    # --- sessions ----------------------------------------------------------------------------------------------------

    async def publish(self, state: LessonState, tag: Tag, offer: str) -> MediaAnswer:
        """A WHIP offer, by somebody entitled to the places of `tag`; whoever held them is told `replaced`."""
        self._need_worker()
        old = self.registry.holders(tag.lesson, tag.participant, tag.names)
        fresh = Session("", tag)
        sources = wanted_sources(state, fresh.places())
        command = m.Publish(
            id=next(self._ids),
            offer=offer,
            names=tag.names,
            sources={place.source: spec(w) for place, w in zip(fresh.places(), sources.values(), strict=True)},
            owner=owner_of(tag.lesson, tag.participant, tag.admission),
            tag=encode_tag(tag),
            token_hash=token_hash(tag.principal),
            as_of=state.seq,
        )
        self._replacing.update(s.id for s in old)
        try:
            reply = await self._media.command(command)
        finally:
            self._replacing.difference_update(s.id for s in old)
        for session in old:
            self.registry.drop(session.id)
            self._listener.session_replaced(session, tag)
        fresh.id = reply.session
        if self.registry.add(fresh):
            self.registry.sources.update(sources)
        self._listener.sessions_changed(tag.lesson)
        return MediaAnswer(reply.session, reply.answer, reply.etag)

    async def watch(self, state: LessonState, tag: Tag, offer: str) -> MediaAnswer:
        """A WHEP offer, by somebody entitled to the slots of `tag`."""
        self._need_worker()
        wanted = configuration(state, tag, self.registry.fed_places(tag.lesson))
        command = m.Watch(
            id=next(self._ids),
            offer=offer,
            names=tag.names or None,
            slots=wanted.slots,
            labels=wanted.labels,
            owner=owner_of(tag.lesson, tag.participant, tag.admission),
            tag=encode_tag(tag),
            token_hash=token_hash(tag.principal),
            as_of=state.seq,
        )
        reply = await self._media.command(command)
        self.registry.add(Session(reply.session, tag, applied=wanted))
        self._listener.sessions_changed(tag.lesson)
        return MediaAnswer(reply.session, reply.answer, reply.etag)

    async def patch(self, session: Session, etag: str, fragment: str) -> MediaAnswer:
        """Trickle or ICE restart."""
        reply = await self._media.command(m.Patch(id=next(self._ids), session=session.id, etag=etag, fragment=fragment))
        return MediaAnswer(session.id, reply.answer, reply.etag)

    async def close(self, session: Session, reason: str) -> None:
        """End a session; its end is no loss."""
        await self._media.command(m.Close(id=next(self._ids), session=session.id, reason=reason))
        if self.registry.drop(session.id):
            self._listener.sessions_changed(session.tag.lesson)

    def session_of(self, lesson: str, principal: str, session: str) -> Session:
        """The principal's own session; raises `NoSuchSession`, `MediaUnavailable` while nobody can know."""
        known = self.registry.get(session)
        if known is None or known.tag.lesson != lesson or known.tag.principal != principal:
            self._need_worker()
            raise NoSuchSession
        return known

    def health(self, lesson: str) -> dict[str, Health]:
        """Media of each participant of a lesson."""
        found: dict[str, list[Health]] = {}
        for session in self.registry.of(lesson):
            if session.tag.participant:
                found.setdefault(session.tag.participant, []).append(session.health())
        return {who: worst(healths) for who, healths in found.items()}

    def _need_worker(self) -> None:
        if not self.ready:
            raise MediaUnavailable("no worker is connected")

    # --- wanted and actual -------------------------------------------------------------------------------------------

    async def reconcile(self, get_state: Callable[[], LessonState], revoked: Collection[str]) -> bool:
        """Make the worker forward what the state says; False if something is left to tell it."""
        for _ in range(PASSES):
            if not self.ready:
                return False
            state = get_state()
            todo = difference(state, self.registry, revoked)
            if not todo:
                return True
            for session, reason in todo.close:
                self.registry.drop(session.id)
                self._listener.sessions_changed(session.tag.lesson)
                await self._tell(m.Close(id=next(self._ids), session=session.id, reason=reason))
            if todo.label:
                self.registry.sources.update({wanted.key: wanted for wanted in todo.label})
                await self._tell(m.Label(id=next(self._ids), sources=tuple(spec(wanted) for wanted in todo.label), as_of=state.seq))
            await asyncio.gather(*(self._configure(session, wanted, state.seq) for session, wanted in todo.configure))
        return False

    async def close_orphans(self, sessions: Collection[str]) -> None:
        """End sessions nobody answers for: without our tag, or of a lesson that is not."""
        for session in sessions:
            self.registry.drop(session)
            await self._tell(m.Close(id=next(self._ids), session=session, reason="orphan"))

    async def _configure(self, session: Session, wanted: Configured, as_of: int) -> None:
        session.applied = wanted
        command = m.Configure(id=next(self._ids), session=session.id, labels=wanted.labels, slots=wanted.slots, as_of=as_of)
        await self._tell(command, session.id)

    async def _tell(self, command: m.AnyCommand, session: str = "") -> None:
        try:
            await self._media.command(command)
        except Refused as refused:
            log.warning("the worker refused %s: %s", type(command).__name__, refused)
            if refused.code == "session.unknown" and session:
                self._closed(session, "failed")
        except WorkerGone:
            log.info("no worker for %s; its snapshot brings it back", type(command).__name__)
            self.registry.forget_applied()
        except Exception:
            self.registry.forget_applied()
            raise

    # --- what the worker says ----------------------------------------------------------------------------------------

    def _hear(self, message: m.Hello | m.Snapshot | m.Event | None) -> None:
        if message is None or isinstance(message, m.Hello):
            self.ready = False
            self.registry.disconnect_all()
        elif isinstance(message, m.Snapshot):
            self._snapshot(message)
        elif isinstance(message, m.SessionClosed):
            self._closed(message.session, message.reason)
        elif isinstance(message, m.SessionChanged):
            self._changed(message.session)
        elif isinstance(message, m.SlotChanged):
            self._slot(message)
        elif isinstance(message, m.Report):
            self._report(message)

    def _snapshot(self, snapshot: m.Snapshot) -> None:
        gone, foreign = self.registry.replace(snapshot.sessions)
        self.ready = True
        for session in gone:
            if session.id not in self._replacing:
                self._listener.session_lost(session)
            self._listener.sessions_changed(session.tag.lesson)
        for session in self.registry.all():
            self._listener.slots_changed(session)
        self._listener.worker_ready(foreign)

    def _changed(self, state: m.SessionState) -> None:
        session = self.registry.take(state)
        if session:
            self._listener.sessions_changed(session.tag.lesson)
            self._listener.slots_changed(session)

    def _closed(self, session_id: str, reason: str) -> None:
        session = self.registry.drop(session_id)
        if session is None:
            return
        if reason in LOST:
            self._listener.session_lost(session)
        elif reason == "replaced" and session_id not in self._replacing:
            self._listener.session_replaced(session, None)
        self._listener.sessions_changed(session.tag.lesson)

    def _slot(self, change: m.SlotChanged) -> None:
        session = self.registry.get(change.session)
        if session:
            session.slots[change.slot] = change.state
            self._listener.slots_changed(session)

    def _report(self, report: m.Report) -> None:
        for row in report.sessions:
            session = self.registry.get(row.session)
            if session:
                session.rtt, session.loss = round(row.rtt_ms), round(row.loss, 3)


def token_hash(principal: str) -> str:
    """What the worker shows of a link in its snapshots."""
    return hashlib.sha256(principal.encode()).hexdigest()[:32]
