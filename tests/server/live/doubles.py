"""A worker, a clock and a page that do what the test says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

from media.client import Refused, WorkerGone
from media.client import messages as m
from server.accounts.contents import Contents
from server.accounts.vault import Vault
from server.bus import LocalBus
from server.domain.link import Link
from server.domain.principal import Principal
from server.live import Lessons, Outbox
from server.live.intercom import Intercom
from server.live.outbox import Shared
from server.live.texts import Texts
from server.store import Store

OFFER = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"


_command_ids = itertools.count(1)


class FakeClock:
    def __init__(self) -> None:
        self.now = 1_000_000

    def wall_ms(self) -> int:
        return 1_700_000_000_000 + self.now

    def monotonic_ms(self) -> int:
        return self.now


class FakeWorker:
    """Keeps sessions as a worker would; says hello and snapshot when the test asks."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Any], None]] = []
        self.sessions: dict[str, m.SessionState] = {}
        self.keys: dict[str, str] = {}
        self.sources: dict[str, m.SourceSpec] = {}
        self.told: dict[str, m.Configure | m.Watch] = {}
        self.commands: list[Any] = []
        self.closed: list[tuple[str, str]] = []
        self.recordings: dict[str, m.RecordingState] = {}
        self.recorded: dict[str, m.Record] = {}
        """What was said last of each recording that is open."""
        self.refuse: str | None = None
        self.up = False
        self.epoch = 1
        self._n = itertools.count(1)

    @property
    def connected(self) -> bool:
        return self.up

    def subscribe(self, listener: Callable[[Any], None]) -> None:
        self.listeners.append(listener)

    def say(self, message: Any) -> None:
        for listener in self.listeners:
            listener(message)

    def connect(self) -> None:
        self.up = True
        self.say(m.Hello(worker_id="w0", epoch=str(self.epoch), protocol=1, pid=1))
        self.say(m.Snapshot(n=0, sessions=tuple(self.sessions.values()), recordings=tuple(self.recordings.values())))

    def disconnect(self) -> None:
        self.up = False
        self.say(None)

    def crash(self) -> None:
        self.sessions.clear()
        self.keys.clear()
        self.told.clear()
        self.recordings.clear()
        self.recorded.clear()
        self.epoch += 1
        self.disconnect()

    async def command(self, command: Any) -> m.Reply:
        await asyncio.sleep(0)
        if not self.up:
            raise WorkerGone("down")
        self.commands.append(command)
        if self.refuse:
            raise Refused(self.refuse, "told to")
        return getattr(self, f"_{type(command).__name__.lower()}")(command)

    def change(self, session: str, **fields: Any) -> None:
        from msgspec.structs import replace

        self.sessions[session] = replace(self.sessions[session], **fields)
        self.say(m.SessionChanged(n=next(self._n), session=self.sessions[session]))

    def end(self, session: str, reason: str) -> None:
        self.sessions.pop(session, None)
        self.told.pop(session, None)
        self.keys = {key: s for key, s in self.keys.items() if s != session}
        self.closed.append((session, reason))
        self.say(m.SessionClosed(n=next(self._n), session=session, reason=reason))

    def show(self, session: str, slot: str, source: str | None, why: Any = "playing") -> None:
        self.say(m.SlotChanged(n=next(self._n), session=session, slot=slot, state=m.SlotState(source=source, why=why)))

    def _open(self, command: Any, direction: Any) -> m.Reply:
        session = f"s{next(self._n)}"
        self.sessions[session] = m.SessionState(
            session=session,
            direction=direction,
            state="connected",
            etag='"1"',
            owner=command.owner,
            tag=command.tag,
            token_hash=command.token_hash,
        )
        self.say(m.SessionChanged(n=next(self._n), session=self.sessions[session]))
        return m.Reply(id=command.id, session=session, answer="answer", etag='"1"')

    def _publish(self, command: m.Publish) -> m.Reply:
        for old in {self.keys[s.key] for s in command.sources.values() if s.key in self.keys}:
            self.end(old, "replaced")
        reply = self._open(command, "publish")
        for spec in command.sources.values():
            self.keys[spec.key] = reply.session
            self.sources[spec.key] = spec
        return reply

    def _watch(self, command: m.Watch) -> m.Reply:
        reply = self._open(command, "watch")
        self.told[reply.session] = command
        return reply

    def _known(self, command: Any) -> m.Reply:
        if command.session not in self.sessions:
            raise Refused("session.unknown")
        return m.Reply(id=command.id, session=command.session, answer="fragment", etag='"2"')

    def _patch(self, command: m.Patch) -> m.Reply:
        if command.etag not in ("*", '"1"'):
            raise Refused("session.stale")
        return self._known(command)

    def _configure(self, command: m.Configure) -> m.Reply:
        reply = self._known(command)
        self.told[command.session] = command
        return reply

    def _label(self, command: m.Label) -> m.Reply:
        self.sources.update({spec.key: spec for spec in command.sources})
        return m.Reply(id=command.id)

    def _record(self, command: m.Record) -> m.Reply:
        self.recorded[command.recording] = command
        self.fail(command.recording, "")
        return m.Reply(id=command.id)

    def fail(self, recording: str, why: Any) -> None:
        self.recordings[recording] = m.RecordingState(recording=recording, take=1, failing=why)
        self.say(m.RecordingChanged(n=next(self._n), state=self.recordings[recording]))

    def _stoprecording(self, command: m.StopRecording) -> m.Reply:
        self.recorded.pop(command.recording, None)
        if self.recordings.pop(command.recording, None):
            self.say(m.RecordingClosed(n=next(self._n), recording=command.recording))
        return m.Reply(id=command.id)

    def _close(self, command: m.Close) -> m.Reply:
        self.end(command.session, command.reason)
        return m.Reply(id=command.id)


def texts_of(store: Store, clock: FakeClock) -> Texts:
    """What people write, sealed under keys of the test."""
    return Texts(Contents(store.database, Vault({"1": b"k" * 32}, "1", b"i" * 32), clock.wall_ms))


def intercom_of(store: Store, clock: FakeClock) -> Intercom:
    """The intercom, sealed under keys of the test."""
    return Intercom(store.database, Contents(store.database, Vault({"1": b"k" * 32}, "1", b"i" * 32), clock.wall_ms))


class Page:
    """One browser page: its socket's messages."""

    def __init__(self, principal: Principal, word: str = "") -> None:
        self.principal = principal
        self.word = word
        self.outbox = Outbox()
        self.connection: Any = None
        self.got: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        """Messages since the last call."""
        fresh = [message.message if isinstance(message, Shared) else message for message in self.outbox.take()]
        self.got += fresh
        return fresh

    def of(self, kind: str) -> list[dict[str, Any]]:
        self.read()
        return [message for message in self.got if message["type"] == kind]


class School:
    """One web process over a database and a worker."""

    def __init__(self, store: Store, worker: FakeWorker, clock: FakeClock, bus: Any = None) -> None:
        self.store, self.worker, self.clock = store, worker, clock
        self.bus = bus or LocalBus()
        self.lessons = Lessons(store, texts_of(store, clock), intercom_of(store, clock), self.bus, worker, clock, "build-1")

    async def open(self) -> School:
        self.bus.subscribe(self.lessons.rooms._hear)
        self.worker.connect()
        await self.calm()
        return self

    async def calm(self) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
            await self.lessons.rooms.drain()

    async def pass_ms(self, ms: int, step: int = 250) -> None:
        for _ in range(0, ms, step):
            self.clock.now += step
            await self.lessons.rooms.tick()
            await self.calm()

    async def lesson(self, name: str = "fractions") -> str:
        return (await self.lessons.create(name)).id

    async def link(self, lesson: str, role: Any, name: str | None = None) -> Link:
        return await self.lessons.make_link(lesson, role, name)

    async def page(self, link: Link, word: str = "", admission: str = "a1", after: int | None = None, **more: Any) -> Page:
        page = Page(link.principal(admission), word)
        page.connection = await self.lessons.attach(page.principal, "screen", after, page.outbox, word, **more)
        await self.calm()
        return page

    async def order(self, page: Page, kind: str, **payload: Any) -> None:
        message = {"type": "command", "id": f"c{next(_command_ids)}", "kind": kind, "payload": payload}
        await page.connection.handle(message)
        await self.calm()
