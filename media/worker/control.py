"""The worker's end of the control socket: several controllers, idempotent commands, numbered events (M33).

Each controller has a bounded queue of events. One that reads too slowly loses the queue and gets a new snapshot instead, so
that it can never hold the worker's memory, nor miss a change for good.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Protocol

import msgspec

from media.client.frames import FrameError, frame, read_frame
from media.client.messages import (
    OLDEST,
    PROTOCOL,
    AnyCommand,
    AnyEvent,
    Attach,
    Hello,
    RecordingState,
    Refusal,
    Reply,
    SessionState,
    Shutdown,
    Snapshot,
    decode_command,
    encode,
)
from media.errors import MediaError

log = logging.getLogger(__name__)

QUEUE = 1024
"""Events kept for one controller."""
REPLIES = 2048
"""Replies remembered for repeated command ids …"""
REPLY_OCTETS = 8 * 1024 * 1024
"""… as long as their SDP answers take no more than this."""
PENDING = 256
"""Commands of one controller that run, or whose reply it has not read: then it is read from no more until it reads."""
CONTROLLERS = 16
"""Connections at a time."""
GOODBYE_SECONDS = 1.0
"""How long `close` waits for controllers to read the last events."""


class Commands(Protocol):
    """What carries the commands out: the node."""

    async def execute(self, command: AnyCommand) -> Reply:
        """Carry out; raises `MediaError`."""

    def sessions(self) -> tuple[SessionState, ...]:
        """Everything that a snapshot holds of sessions."""

    def recordings(self) -> tuple[RecordingState, ...]:
        """The same of recordings."""


class ControlServer:
    """Listens on a Unix socket (mode 0600) until closed."""

    def __init__(self, path: Path, worker_id: str, commands: Commands, on_shutdown: Callable[[], None]) -> None:
        self._path = path
        self._commands = commands
        self._on_shutdown = on_shutdown
        self.hello = Hello(worker_id=worker_id, epoch=secrets.token_hex(8), protocol=PROTOCOL, pid=os.getpid())
        self._controllers: set[_Controller] = set()
        self._replies: OrderedDict[str, Reply | Refusal] = OrderedDict()
        self._reply_octets = 0
        self._running: dict[str, asyncio.Future[Reply | Refusal]] = {}
        self._server: asyncio.Server | None = None
        self._n = 0

    async def start(self) -> None:
        """Bind the socket; one left by a dead worker is replaced."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        old_mask = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(self._accept, self._path)
        finally:
            os.umask(old_mask)

    async def close(self) -> None:
        """Stop listening; every controller gets what is queued for it, then its connection ends."""
        if self._server:
            self._server.close()
        controllers = list(self._controllers)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                for controller in controllers:
                    await controller.flushed()
        for controller in controllers:
            controller.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                for controller in controllers:
                    await controller.gone.wait()
        self._path.unlink(missing_ok=True)

    def attended(self) -> bool:
        """Whether a controller is connected."""
        return bool(self._controllers)

    def next_event(self) -> int:
        """The number of the next event; numbers have no gaps."""
        self._n += 1
        return self._n

    def emit(self, event: AnyEvent) -> None:
        """Hand an event, numbered by `next_event`, to every controller."""
        body = frame(encode(event))
        for controller in self._controllers:
            controller.offer(body)

    def snapshot(self) -> bytes:
        """A frame with everything, as of the last event."""
        held = Snapshot(n=self._n, sessions=self._commands.sessions(), recordings=self._commands.recordings())
        return frame(encode(held))

    async def answer(self, command: AnyCommand) -> Reply | Refusal:
        """The reply to a command: the first one again if the id was seen, waited for if it is being carried out."""
        if known := self._replies.get(command.id):
            return known
        if running := self._running.get(command.id):
            return await asyncio.shield(running)
        # A task of its own: the command is finished and remembered even if the controller that sent it leaves meanwhile.
        task = self._running[command.id] = asyncio.ensure_future(self._carry_out(command))
        task.add_done_callback(lambda done: self._remember(command.id, done))
        return await asyncio.shield(task)

    def _remember(self, command_id: str, done: asyncio.Future[Reply | Refusal]) -> None:
        del self._running[command_id]
        if not done.cancelled():
            self._replies[command_id] = done.result()
            self._reply_octets += _size(done.result())
        while len(self._replies) > REPLIES or self._reply_octets > REPLY_OCTETS:
            self._reply_octets -= _size(self._replies.popitem(last=False)[1])

    async def _carry_out(self, command: AnyCommand) -> Reply | Refusal:
        if isinstance(command, Attach):
            return self._attach(command)
        if isinstance(command, Shutdown):
            self._on_shutdown()
            return Reply(id=command.id)
        try:
            return await self._commands.execute(command)
        except MediaError as error:
            return Refusal(id=command.id, code=error.code, detail=error.detail)
        except Exception:
            log.exception("command %s failed", type(command).__name__)
            return Refusal(id=command.id, code="media.error", detail="internal error")

    def _attach(self, command: Attach) -> Reply | Refusal:
        if command.oldest <= PROTOCOL and command.newest >= OLDEST:
            return Reply(id=command.id)
        return Refusal(id=command.id, code="media.protocol", detail=f"this worker speaks {OLDEST} to {PROTOCOL}")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._controllers) >= CONTROLLERS:
            writer.close()
            return
        controller = _Controller(self, reader, writer)
        self._controllers.add(controller)
        try:
            await controller.run(frame(encode(self.hello)) + self.snapshot())
        except (OSError, asyncio.IncompleteReadError, FrameError, msgspec.MsgspecError) as error:
            log.info("controller left: %r", error)
        except asyncio.CancelledError:
            log.debug("controller cut off at shutdown")  # asyncio would log a traceback of its own (fixed in Python 3.12.1).
        finally:
            self._controllers.discard(controller)
            controller.close()
            controller.gone.set()


def _size(reply: Reply | Refusal) -> int:
    return len(reply.answer) if isinstance(reply, Reply) else 0


class _Controller:
    """One connection: a reader of commands, one writer task, a bounded queue of events between."""

    def __init__(self, server: ControlServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._events: deque[bytes] = deque()
        self._replies: deque[bytes] = deque()
        self._resync = False
        self._wake = asyncio.Event()
        self._flushed = asyncio.Event()
        self._unread = 0
        """Commands taken whose reply was not written yet."""
        self._tasks: set[asyncio.Task[None]] = set()
        self.gone = asyncio.Event()
        """The connection's handler has ended."""

    def offer(self, event: bytes) -> None:
        """Queue an event, or fall back to a snapshot when the queue is full."""
        if self._resync:
            return
        if len(self._events) >= QUEUE:
            self._events.clear()
            self._resync = True
        else:
            self._events.append(event)
        self._wake.set()

    async def flushed(self) -> None:
        """Return when everything queued was handed to the socket."""
        while self._events or self._replies or self._resync:
            self._flushed.clear()
            await self._flushed.wait()

    def close(self) -> None:
        """End the connection and its tasks."""
        for task in self._tasks:
            task.cancel()
        self._writer.close()

    async def run(self, greeting: bytes) -> None:
        """Serve until the connection ends."""
        self._writer.write(greeting)
        self._spawn(self._write())
        while True:
            while self._unread >= PENDING:
                self._flushed.clear()
                await self._flushed.wait()
            command = decode_command(await read_frame(self._reader))
            self._unread += 1
            # An SDP answer needs no await, so commands cannot overtake each other in practice; a slow one must not block others.
            self._spawn(self._reply(command))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self, command: AnyCommand) -> None:
        self._replies.append(frame(encode(await self._server.answer(command))))
        self._wake.set()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self._resync:
                    self._resync = False
                    self._writer.write(self._server.snapshot())
                # Events first: a reply must not reach the controller before the events its command caused.
                self._writer.write(b"".join((*self._events, *self._replies)))
                self._unread -= len(self._replies)
                self._events.clear()
                self._replies.clear()
                await self._writer.drain()
                self._flushed.set()
        except (OSError, FrameError) as error:
            log.info("controller cannot be told: %r", error)
            self._writer.close()
