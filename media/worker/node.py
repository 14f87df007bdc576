"""Wires one worker: SDP answers, transport sessions, relay and fan-out, behind the commands of the control protocol.

The node owns names: sessions are opaque strings outside (`w0-…`) and small integers inside.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator
from functools import singledispatchmethod

from media.client.messages import (
    AnyCommand,
    AnyEvent,
    Close,
    Command,
    Configure,
    Label,
    Patch,
    Publish,
    Record,
    RecordingChanged,
    RecordingClosed,
    RecordingState,
    Reply,
    Report,
    SessionChanged,
    SessionClosed,
    SessionReport,
    SessionState,
    SlotChanged,
    SlotPlan,
    SlotState,
    SourceChanged,
    SourceSpec,
    SourceState,
    Stats,
    StopRecording,
    Watch,
)
from media.errors import BadSlots, MediaError, StaleEtag
from media.fanout.reference import ReferenceFanout
from media.relay import Relay, SlotUpdate, SlotWish, SourcePlan, SourceUpdate
from media.transport import sdp
from media.transport.loop import LoopConfig, MediaLoop
from media.transport.session import SessionEvent
from media.worker.recorder import BEAT_SECONDS, Recorder
from media.worker.sessions import Session, SessionTable
from media.worker.settings import WorkerSettings

log = logging.getLogger(__name__)

REPORT_SECONDS = 2.0


class Node:
    """One worker's media. Every method runs on the event loop's thread and never waits for a peer."""

    def __init__(self, settings: WorkerSettings, relay: Relay, fanout: ReferenceFanout) -> None:
        self._settings = settings
        self._relay = relay
        self._fanout = fanout
        self._media: MediaLoop
        self._table = SessionTable(settings.worker_id)
        self._policy = sdp.Policy(video_codecs=settings.video_codecs)
        self._rng = random.SystemRandom()
        self._next_event: Callable[[], int] = lambda: 0
        self._emit: Callable[[AnyEvent], None] = lambda event: None
        self._report_timer: asyncio.TimerHandle | None = None
        self._recorder = Recorder(relay, settings.data_dir / "recordings", self._recording_changed, self._recording_closed)
        fanout.sinks.taker = self._recorder.take
        self._beat_timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(cls, settings: WorkerSettings) -> Node:
        """Bind the ports and start to serve; raises OSError if they are taken."""
        fanout = ReferenceFanout()
        relay = Relay(fanout, rng=random.SystemRandom(), wall_offset=time.time_ns() - time.monotonic_ns())
        fanout.binder = relay.bind
        node = cls(settings, relay, fanout)
        config = LoopConfig(
            host=settings.host,
            port=settings.port,
            tcp_port=settings.tcp_port,
            announce=settings.announce,
            tcp_announce=settings.tcp_announce,
            prefix=settings.worker_id,
        )
        node._media = await MediaLoop.open(fanout, relay, config)
        node._media.on_event = node._transport_event
        node._media.after_work = node._drain
        node._report_timer = asyncio.get_running_loop().call_later(REPORT_SECONDS, node._report)
        return node

    def connect(
        self, next_event: Callable[[], int], emit: Callable[[AnyEvent], None], epoch: str = "", attended: Callable[[], bool] = lambda: True
    ) -> None:
        """Where events go and who numbers them; the process's epoch, and whether a controller is there."""
        self._next_event, self._emit = next_event, emit
        self._recorder.epoch, self._recorder.attended = epoch, attended

    def summary(self) -> str:
        """The announced addresses, for the log."""
        return ", ".join(f"{c.transport} {c.ip} {c.port}" for c in self._media.candidates())

    def load(self) -> float:
        """Share of a core the media thread uses now, 0 … 1."""
        self._media.load.note(time.monotonic_ns())
        return self._media.load.value

    async def close(self) -> None:
        """End every session, tell the peers, release the ports, close the recordings."""
        for timer in (self._report_timer, self._beat_timer):
            if timer:
                timer.cancel()
        for session in self._table:
            self._end(session, "shutdown")
        await self._media.close()
        await self._recorder.close(time.monotonic_ns())

    def sessions(self) -> tuple[SessionState, ...]:
        """What a snapshot holds."""
        return tuple(session.describe() for session in self._table)

    def recordings(self) -> tuple[RecordingState, ...]:
        """The same of recordings."""
        return self._recorder.states()

    async def execute(self, command: AnyCommand) -> Reply:
        """Carry out one command; raises `MediaError`."""
        try:
            return self._do(command)
        finally:
            self._drain()
            self._media.wake()

    @singledispatchmethod
    def _do(self, command: Command) -> Reply:
        raise MediaError(f"no such command {type(command).__name__}")

    @_do.register
    def _publish(self, command: Publish) -> Reply:
        now = time.monotonic_ns()
        session = self._table.new("publish", command.owner, command.tag, command.token_hash)
        local = self._media.reserve()
        answer = sdp.answer_publisher(command.offer, command.names, local, self._policy)
        media = tuple(m for m in answer.media if m.source in command.sources)
        if not media:
            raise BadSlots(f"nothing of {sorted(command.sources)} in the offer")
        plans = tuple(_plan(m.source, command.sources[m.source]) for m in media)
        for plan in plans:
            if older := self._table.feeding(plan.key):
                self._end(older, "replaced")
        session.as_of = command.as_of
        session.mids = tuple(m.mid for m in answer.media)
        session.sources = {
            p.key: SourceState(key=p.key, session=session.name, name=p.name, kind=m.kind, live=False)
            for p, m in zip(plans, media, strict=True)
        }
        self._media.open_session(session.number, local, answer.peer)
        with self._closing_on_refusal(session):
            self._relay.add_publisher(session.number, command.owner, media, plans, now)
        return self._added(session, command.id, answer.sdp)

    @_do.register
    def _watch(self, command: Watch) -> Reply:
        now = time.monotonic_ns()
        session = self._table.new("watch", command.owner, command.tag, command.token_hash)
        local = self._media.reserve()
        answer = sdp.answer_subscriber(command.offer, command.names, local, self._policy, self._rng)
        session.as_of = command.as_of
        session.mids = tuple(slot.mid for slot in answer.slots)
        session.slots = {slot.slot: SlotState() for slot in answer.slots}
        session.labels = command.labels
        self._media.open_session(session.number, local, answer.peer)
        with self._closing_on_refusal(session):
            self._relay.add_subscriber(session.number, command.owner, answer.slots, now)
        self._relay.configure(session.number, frozenset(command.labels), _wishes(command.slots), now)
        return self._added(session, command.id, answer.sdp)

    @contextlib.contextmanager
    def _closing_on_refusal(self, session: Session) -> Iterator[None]:
        """What the relay refuses leaves no half of a session behind."""
        try:
            yield
        except MediaError:
            self._media.close_session(session.number)
            raise

    def _added(self, session: Session, command_id: str, answer: str) -> Reply:
        self._table.add(session)
        self._tell(SessionChanged(n=self._next_event(), session=session.describe()))
        return Reply(id=command_id, session=session.name, answer=answer, etag=session.etag)

    @_do.register
    def _patch(self, command: Patch) -> Reply:
        session = self._table.named(command.session)
        fragment = sdp.read_fragment(command.fragment)
        restarts = fragment.ufrag is not None and self._media.remote_ufrag(session.number) != fragment.ufrag
        # RFC 9725 4.3.3: a restart is sent with If-Match "*", trickle with the ETag of the ICE session it belongs to.
        if command.etag != session.etag and not (command.etag == "*" and restarts):
            raise StaleEtag(f"{command.etag} is not {session.etag}")
        if not restarts:
            return Reply(id=command.id, session=session.name, etag=session.etag)
        local = self._media.restart_ice(session.number, fragment.ufrag or "", fragment.pwd or "")
        session.generation += 1
        self._tell(SessionChanged(n=self._next_event(), session=session.describe()))
        return Reply(id=command.id, session=session.name, etag=session.etag, answer=sdp.write_fragment(local, session.mids))

    @_do.register
    def _close(self, command: Close) -> Reply:
        try:
            self._end(self._table.named(command.session), command.reason)
        except MediaError:
            log.debug("close of %s: gone already", command.session)
        return Reply(id=command.id, session=command.session)

    @_do.register
    def _configure(self, command: Configure) -> Reply:
        session = self._table.named(command.session)
        if session.overtaken(command.as_of):
            return Reply(id=command.id, session=session.name)
        session.labels = command.labels
        self._relay.configure(session.number, frozenset(command.labels), _wishes(command.slots), time.monotonic_ns())
        return Reply(id=command.id, session=session.name)

    @_do.register
    def _label(self, command: Label) -> Reply:
        feeding = {spec.key: self._table.feeding(spec.key) for spec in command.sources}
        late = {session.number for session in feeding.values() if session and session.overtaken(command.as_of)}
        plans = (_plan("", spec) for spec in command.sources if (session := feeding[spec.key]) and session.number not in late)
        self._relay.label_sources(tuple(plans), time.monotonic_ns())
        return Reply(id=command.id)

    @_do.register
    def _record(self, command: Record) -> Reply:
        self._recorder.record(command, time.monotonic_ns())
        if self._beat_timer is None:
            self._beat_timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat)
        return Reply(id=command.id)

    @_do.register
    def _stop_recording(self, command: StopRecording) -> Reply:
        self._recorder.stop(command.recording, time.monotonic_ns())
        return Reply(id=command.id)

    def _beat(self) -> None:
        """Four times a second, while anything is recorded."""
        try:
            self._recorder.beat(time.monotonic_ns())
        finally:
            busy = self._recorder.busy
            self._beat_timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat) if busy else None

    def _recording_changed(self, state: RecordingState) -> None:
        self._tell(RecordingChanged(n=self._next_event(), state=state))

    def _recording_closed(self, recording: str) -> None:
        self._tell(RecordingClosed(n=self._next_event(), recording=recording))

    @_do.register
    def _stats(self, command: Stats) -> Reply:
        counters = {
            **{f"relay.{name}": value for name, value in self._relay.counters().items()},
            **{f"fanout.{name}": value for name, value in self._fanout.stats().items()},
            **{f"transport.{name}": value for name, value in self._media.stats().items()},
            **{f"recording.{name}": value for name, value in self._recorder.counters().items()},
            "process.cpu_seconds": time.process_time(),
            "process.full_collections": gc.get_stats()[2]["collections"],
            "sessions": len(self._table),
        }
        return Reply(id=command.id, counters=counters)

    def _end(self, session: Session, reason: str) -> None:
        if not self._table.remove(session):
            return
        self._relay.remove_session(session.number, time.monotonic_ns())
        self._media.close_session(session.number)
        self._tell(SessionClosed(n=self._next_event(), session=session.name, reason=reason))

    def _transport_event(self, number: int, event: SessionEvent) -> None:
        session = self._table.numbered(number)
        if session is None:
            return
        if event.state == "closed":
            self._end(session, event.reason)
            return
        session.state, session.transport = event.state, event.transport
        self._relay.set_connected(number, event.state == "connected", time.monotonic_ns())
        self._tell(SessionChanged(n=self._next_event(), session=session.describe()))

    def _drain(self) -> None:
        """Turn what relay noticed into events."""
        if self._recorder.busy:
            self._recorder.drain(time.monotonic_ns())
        for update in self._relay.take_events():
            session = self._table.numbered(update.session)
            if session is None:
                continue
            if isinstance(update, SourceUpdate):
                self._source_changed(session, update)
            else:
                self._slot_changed(session, update)

    def _source_changed(self, session: Session, update: SourceUpdate) -> None:
        state = SourceState(
            key=update.key,
            session=session.name,
            name=update.name,
            kind=update.kind,
            live=update.live,
            codec=update.codec,
            layers=update.layers,
        )
        session.sources[update.key] = state
        self._tell(SourceChanged(n=self._next_event(), source=state))

    def _slot_changed(self, session: Session, update: SlotUpdate) -> None:
        state = SlotState(source=update.key, why=update.why)
        session.slots[update.slot] = state
        self._tell(SlotChanged(n=self._next_event(), session=session.name, slot=update.slot, state=state))

    def _report(self) -> None:
        self._report_timer = asyncio.get_running_loop().call_later(REPORT_SECONDS, self._report)
        reports = tuple(self._session_reports())
        if reports:
            self._tell(Report(n=self._next_event(), sessions=reports))

    def _session_reports(self) -> Iterable[SessionReport]:
        for link in self._relay.link_reports(time.monotonic_ns()):
            if session := self._table.numbered(link.session):
                yield SessionReport(
                    session=session.name,
                    rtt_ms=link.rtt_ms,
                    loss=link.loss,
                    kbit_in=link.kbit_in,
                    kbit_out=link.kbit_out,
                    audio_level=link.audio_level,
                )

    def _tell(self, event: AnyEvent) -> None:
        self._emit(event)


def _plan(name: str, spec: SourceSpec) -> SourcePlan:
    return SourcePlan(name=name, key=spec.key, labels=frozenset(spec.labels), muted=spec.muted)


def _wishes(slots: dict[str, SlotPlan]) -> dict[str, SlotWish]:
    return {slot: SlotWish(sources=plan.sources, quality=plan.quality) for slot, plan in slots.items()}
