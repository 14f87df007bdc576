"""The web process's end of the control socket: connects, keeps connected, matches replies, hands on events (M33)."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec

from media.client.frames import FrameError, frame, read_frame
from media.client.messages import (
    OLDEST,
    PROTOCOL,
    AnyCommand,
    Attach,
    Event,
    FromWorker,
    Hello,
    Refusal,
    Reply,
    Snapshot,
    decode_from_worker,
    encode,
)

log = logging.getLogger(__name__)

Listener = Callable[[Hello | Snapshot | Event | None], None]
"""Gets every message that is no reply, in order; None when the connection is lost."""

COMMAND_SECONDS = 10.0
RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0)


class Refused(Exception):
    """The worker refused a command; `code` as in `media.errors`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class WorkerGone(Exception):
    """No worker answers: not connected, connection lost before the reply, or no reply in time."""


class WorkerClient:
    """One controller of one worker. `start` returns at once; the connection is made, and made again, in the background."""

    def __init__(self, path: Path, name: str = "web") -> None:
        self._path = path
        self._name = name
        self._prefix = f"{name}-{os.getpid()}-{secrets.token_hex(4)}"
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._listeners: list[Listener] = []
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self.hello: Hello | None = None
        """The worker connected to now, None while there is none."""

    @property
    def connected(self) -> bool:
        """Commands can be sent now."""
        return self.hello is not None

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with everything the worker says by itself."""
        self._listeners.append(listener)

    def next_id(self) -> str:
        """A command id nobody else uses."""
        return f"{self._prefix}-{next(self._ids)}"

    async def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.create_task(self._run(), name=f"worker-client {self._path.name}")

    async def stop(self) -> None:
        """Disconnect; the worker and its sessions go on."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def command(self, command: AnyCommand) -> Reply:
        """Carry out one command; raises `Refused` or `WorkerGone`."""
        writer = self._writer
        if writer is None:
            raise WorkerGone("not connected")
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[command.id] = future
        try:
            writer.write(frame(encode(command)))
            return await asyncio.wait_for(future, COMMAND_SECONDS)
        except TimeoutError:
            raise WorkerGone("no reply in time") from None
        finally:
            self._waiting.pop(command.id, None)

    async def _run(self) -> None:
        tries = 0
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path)
            except OSError:
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
                continue
            tries = 0
            try:
                await self._serve(reader, writer)
            except (OSError, asyncio.IncompleteReadError, FrameError, msgspec.MsgspecError) as error:
                log.info("control connection ended: %r", error)
                tries = 1
            finally:
                self._lost(writer)
            await asyncio.sleep(RETRY_SECONDS[0])

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello = decode_from_worker(await read_frame(reader))
        if not isinstance(hello, Hello) or not (hello.oldest <= PROTOCOL and hello.protocol >= OLDEST):
            raise FrameError(f"the worker speaks another protocol: {hello}")
        writer.write(frame(encode(Attach(id=self.next_id(), name=self._name))))
        self._writer, self.hello = writer, hello
        self._tell(hello)
        while True:
            self._take(decode_from_worker(await read_frame(reader)))

    def _take(self, message: FromWorker) -> None:
        if isinstance(message, Reply | Refusal):
            future = self._waiting.get(message.id)
            if future and not future.done():
                if isinstance(message, Reply):
                    future.set_result(message)
                else:
                    future.set_exception(Refused(message.code, message.detail))
        else:
            self._tell(message)

    def _tell(self, message: Hello | Snapshot | Event | None) -> None:
        for listener in self._listeners:
            try:
                listener(message)
            except Exception:
                log.exception("a listener failed on %s", type(message).__name__)

    def _lost(self, writer: asyncio.StreamWriter) -> None:
        writer.close()
        was_connected = self.hello is not None
        self._writer = self.hello = None
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(WorkerGone("connection lost"))
        if was_connected:
            self._tell(None)
