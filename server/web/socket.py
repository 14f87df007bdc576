"""`GET /ws/LESSON`: one WebSocket per page (docs/protocol.md). One task reads, one writes; the lesson never waits for a page."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, hdrs, web

from server.domain.principal import Principal
from server.errors import AppError, BadRequest
from server.live.messages import ARRAYS_SINCE, PROTOCOLS, parse_hello
from server.live.outbox import Message, Outbox, Shared, encode
from server.web.entitled import asker, check_origin
from server.web.failure import as_app_error
from server.web.keys import CATALOGUE, LESSONS, METRICS, SETTINGS, SOCKETS_BY_ADDRESS
from server.web.limits import RateLimit
from server.web.offline import check_holder
from server.web.visitor import visitor

log = structlog.get_logger("socket")

HELLO_SECONDS = 10.0
SILENCE_SECONDS = 30.0
SEND_SECONDS = 10.0
"""A page that takes nothing for this long is let go."""
CLOSE_SECONDS = 2.0
FRAMES_PER_MINUTE = 1200
FRAME_BYTES = 64 * 1024
"""Messages that wait together share a frame up to this size; one that is longer has its own."""
AT_ONCE_BYTES = 32 * 1024
"""A frame that an idle socket takes without waiting: half of what asyncio lets wait before it pauses a writer."""

DEFLATED_BYTES = 2 * 1024
"""Longer frames are deflated for pages that take it (RFC 7692): the state of a lesson, a long absence. Events are short and go as they are."""

OPEN: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("open sockets", set)


async def socket(request: web.Request) -> web.StreamResponse:
    """Entitle, upgrade, serve until either side ends it."""
    who = await asker(request)
    if not who.bearer:
        check_origin(request)
    if "websocket" not in request.headers.get(hdrs.UPGRADE, "").lower():
        raise BadRequest("no WebSocket upgrade")
    check_holder(request, who.principal)
    address = visitor(request).address
    request.app[SOCKETS_BY_ADDRESS].enter(address)
    try:
        return await _serve(request, who.principal)
    finally:
        request.app[SOCKETS_BY_ADDRESS].leave(address)


async def _serve(request: web.Request, principal: Principal) -> web.WebSocketResponse:
    limit = request.app[SETTINGS].frame_bytes
    ws = web.WebSocketResponse(max_msg_size=limit, compress=True, timeout=CLOSE_SECONDS)
    await ws.prepare(request)
    deflates = _only_when_told(ws)
    request.app[OPEN].add(ws)
    request.app[METRICS].sockets.inc()
    try:
        await Page(request, ws, principal, deflates).run()
    finally:
        request.app[METRICS].sockets.dec()
        request.app[OPEN].discard(ws)
    return ws


def _only_when_told(ws: web.WebSocketResponse) -> int:
    """Bits of the window in which the page takes deflated frames (RFC 7692 section 7.1.2.1), 0: it takes none.

    aiohttp would deflate every frame from now on, and keep a window for each page.
    """
    writer = ws._writer
    if writer is None:
        return 0
    bits, writer.compress = writer.compress, 0
    return bits


async def close_all(app: web.Application) -> None:
    """The process stops: pages come back to the next one by themselves."""
    sockets = app[OPEN]
    closing = [ws.close(code=WSCloseCode.SERVICE_RESTART, message=b"restart") for ws in sockets]
    await asyncio.gather(*closing, return_exceptions=True)


class Page:
    """One open socket."""

    def __init__(self, request: web.Request, ws: web.WebSocketResponse, principal: Principal, deflates: int) -> None:
        self._request = request
        self._app = request.app
        self._ws = ws
        self._principal = principal
        self._outbox = Outbox()
        self._arrays = False
        self._deflates = deflates
        self._rate = RateLimit(FRAMES_PER_MINUTE, table=1)

    async def run(self) -> None:
        """Until the page, the lesson or silence ends it."""
        writer = asyncio.create_task(self._write(), name="socket-writer")
        try:
            await self._read()
        except TimeoutError:
            log.info("silent", participant=self._principal.participant)
        except Exception as error:
            self._refuse(error)
        finally:
            self._outbox.close()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    async def _read(self) -> None:
        first = await self._next(HELLO_SECONDS)
        if first is None:
            return
        hello = parse_hello(first)
        if hello.protocol not in PROTOCOLS:
            raise BadRequest("another protocol")
        self._arrays = hello.protocol >= ARRAYS_SINCE
        connection = await self._app[LESSONS].attach(self._principal, hello.surface, hello.after, self._outbox, hello.page, hello.sessions)
        try:
            while (message := await self._next(SILENCE_SECONDS)) is not None:
                await connection.handle(message)
        except AppError as error:
            self._refuse(error)  # before `close`, after which nothing is said any more
        finally:
            await connection.close()

    async def _next(self, seconds: float) -> dict[str, Any] | None:
        """The next object; None at the end. Raises `TimeoutError` on silence, `TooMany` above the rate."""
        async with asyncio.timeout(seconds):
            while True:
                frame = await self._ws.receive()
                if frame.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
                    return None
                self._app[METRICS].frames_in.inc()
                self._rate.take("", time.monotonic_ns())
                try:
                    return _object(frame)
                except BadRequest as error:
                    self._refuse(error)

    def _refuse(self, error: Exception) -> None:
        known = as_app_error(error)
        if known.code == AppError.code:
            log.error("socket failed", code=known.code, exc_info=error)
        self._outbox.put({"type": "refused", "id": "", "error": {"code": known.code, "params": known.params}})

    async def _write(self) -> None:
        try:
            while batch := await self._outbox.batch():
                for frame in frames(self._encoded(batch), self._arrays):
                    await self._send(frame)
            await self._ws.close()
        except (ConnectionError, RuntimeError):
            self._drop()
        except TimeoutError:
            self._outbox.slow = True
            self._drop()
        if self._outbox.slow:
            self._app[METRICS].slow.inc()

    def _encoded(self, batch: Sequence[Message]) -> Iterator[bytes]:
        for message in batch:
            if isinstance(message, Shared):
                yield message.data()
            else:
                yield encode(self._worded(message))

    async def _send(self, frame: bytes) -> None:
        """Raises `TimeoutError` when the page takes nothing for `SEND_SECONDS`; a page that takes little is waited for."""
        self._app[METRICS].frames_out.inc()
        waiting = self._waiting_bytes()
        deflate = self._deflates if self._deflates and len(frame) > DEFLATED_BYTES else None
        if not waiting and len(frame) <= AT_ONCE_BYTES:
            await self._ws.send_frame(frame, WSMsgType.TEXT, deflate)
            return
        sending = asyncio.ensure_future(self._ws.send_frame(frame, WSMsgType.TEXT, deflate))
        waiting += len(frame)
        while not (await asyncio.wait({sending}, timeout=SEND_SECONDS))[0]:
            before, waiting = waiting, self._waiting_bytes()
            if waiting >= before:
                sending.cancel()
                raise TimeoutError
        sending.result()

    def _waiting_bytes(self) -> int:
        transport = self._request.transport
        return transport.get_write_buffer_size() if transport else 0

    def _worded(self, message: dict[str, Any]) -> dict[str, Any]:
        """A refusal with its sentences; other messages as they are."""
        if message["type"] != "refused":
            return message
        error = message["error"]
        self._app[METRICS].refusals.labels(error["code"]).inc()
        return {**message, "error": {**error, "message": self._app[CATALOGUE].explain(error["code"], error["params"])}}

    def _drop(self) -> None:
        """The page takes nothing: no close handshake with it."""
        self._outbox.close()
        if self._request.transport:
            self._request.transport.abort()


def frames(messages: Iterable[bytes], arrays: bool) -> Iterator[bytes]:
    """As few frames as may be: one message as it is, several as an array. `arrays`: the page takes arrays."""
    group: list[bytes] = []
    size = 0
    for message in messages:
        if group and (not arrays or size + len(message) > FRAME_BYTES):
            yield _frame(group)
            group, size = [], 0
        group.append(message)
        size += len(message)
    if group:
        yield _frame(group)


def _frame(group: list[bytes]) -> bytes:
    return group[0] if len(group) == 1 else b"[" + b",".join(group) + b"]"


def _object(frame: Any) -> dict[str, Any]:
    if frame.type is not WSMsgType.TEXT:
        raise BadRequest("not a text frame")
    try:
        message = msgspec.json.decode(frame.data)
    except msgspec.DecodeError as error:
        raise BadRequest("not JSON") from error
    if not isinstance(message, dict):
        raise BadRequest("not an object")
    return message
