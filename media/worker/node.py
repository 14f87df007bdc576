"""Wires one worker: transport, relay, fan-out, sessions and recorder, behind the commands of the control protocol."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Callable
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
    RecordingState,
    Reply,
    SessionState,
    Stats,
    StopRecording,
    Watch,
)
from media.errors import MediaError
from media.fanout.reference import ReferenceFanout
from media.relay import Relay
from media.transport import sdp
from media.transport.loop import LoopConfig, MediaLoop
from media.worker.news import News
from media.worker.recorder import BEAT_SECONDS, Recorder
from media.worker.sessions import SessionTable
from media.worker.settings import WorkerSettings
from media.worker.signalling import Signalling

REPORT_SECONDS = 2.0


class Node:
    """One worker's media. Every method runs on the event loop's thread and never waits for a peer."""

    def __init__(self, settings: WorkerSettings, relay: Relay, fanout: ReferenceFanout, media: MediaLoop) -> None:
        self._relay = relay
        self._fanout = fanout
        self._media = media
        self._table = SessionTable(settings.worker_id)
        self._news = News(self._table)
        self._signalling = Signalling(self._table, sdp.Policy(video_codecs=settings.video_codecs), relay, media, self._news)
        self._recorder = Recorder(relay, settings.data_dir / "recordings", self._news.recording_changed, self._news.recording_closed)
        fanout.sinks.taker = self._recorder.take
        media.on_event = self._signalling.transport_event
        media.after_work = self._drain
        self._beat_timer: asyncio.TimerHandle | None = None
        self._report_timer = asyncio.get_running_loop().call_later(REPORT_SECONDS, self._report)

    @classmethod
    async def open(cls, settings: WorkerSettings) -> Node:
        """Bind the ports and start to serve; raises OSError if they are taken."""
        fanout = ReferenceFanout()
        relay = Relay(fanout, rng=random.SystemRandom(), wall_offset=time.time_ns() - time.monotonic_ns())
        fanout.binder = relay.bind
        config = LoopConfig(
            host=settings.host,
            port=settings.port,
            tcp_port=settings.tcp_port,
            announce=settings.announce,
            tcp_announce=settings.tcp_announce,
            prefix=settings.worker_id,
        )
        return cls(settings, relay, fanout, await MediaLoop.open(fanout, relay, config))

    def connect(
        self, next_event: Callable[[], int], emit: Callable[[AnyEvent], None], epoch: str = "", attended: Callable[[], bool] = lambda: True
    ) -> None:
        """Where events go and who numbers them; the process's epoch, and whether a controller is there."""
        self._news.connect(next_event, emit)
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
            self._signalling.end(session, "shutdown")
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
        return self._signalling.publish(command)

    @_do.register
    def _watch(self, command: Watch) -> Reply:
        return self._signalling.watch(command)

    @_do.register
    def _patch(self, command: Patch) -> Reply:
        return self._signalling.patch(command)

    @_do.register
    def _close(self, command: Close) -> Reply:
        return self._signalling.close(command)

    @_do.register
    def _configure(self, command: Configure) -> Reply:
        return self._signalling.configure(command)

    @_do.register
    def _label(self, command: Label) -> Reply:
        return self._signalling.label(command)

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

    def _drain(self) -> None:
        """Turn what relay noticed into events."""
        if self._recorder.busy:
            self._recorder.drain(time.monotonic_ns())
        self._news.relayed(self._relay.take_events())

    def _beat(self) -> None:
        """Four times a second, while anything is recorded."""
        try:
            self._recorder.beat(time.monotonic_ns())
        finally:
            busy = self._recorder.busy
            self._beat_timer = asyncio.get_running_loop().call_later(BEAT_SECONDS, self._beat) if busy else None

    def _report(self) -> None:
        self._report_timer = asyncio.get_running_loop().call_later(REPORT_SECONDS, self._report)
        self._news.links(self._relay.link_reports(time.monotonic_ns()))
